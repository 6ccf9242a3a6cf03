#!/bin/bash
# Many targets: results as they come, one connection at a time where servers count them, runs that resume.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=wire.sh
. "$(dirname "$0")/wire.sh"

s_server
good=$port
s_server -cipher "$suites12:AES128-GCM-SHA256"
bad=$port
for i in $(seq 20); do
    echo "127.0.0.1:$good/tls # number $i"
done >"$work/targets"
head -n 4 "$work/targets" >"$work/four"
common=(--profile strict --name www.example.test --ca "$pki/ca.pem" --format json)

run tlsharden verify --targets "$work/targets" "${common[@]}"
status_is 0 "twenty targets that conform"
is "$(wc -l <"$OUT")" 20 "each on a line of its own"
check "each line is JSON" python3 -c 'import json, sys
sys.exit(any(json.loads(line)["verdict"] != "conforms" for line in open(sys.argv[1])))' "$OUT"
run tlsharden scan "127.0.0.1:$bad" --targets "$work/targets" --format json --parallel 3
status_is 0 "scan takes a file and arguments"
is "$(wc -l <"$OUT")" 21 "and reports all of them"
run tlsharden verify --targets - "${common[@]}"
status_is 3 "no target on standard input"

head -n 1 "$work/targets" >"$work/one"
echo "127.0.0.1:$bad/tls" >"$work/another"
run tlsharden --targets "$work/one" verify --targets "$work/another" --targets "$work/one" "${common[@]}" --parallel 1
is "$(grep -o '"target":"[^"]*"' "$OUT" | sed 's/.*:\([0-9]*\) tls"/\1/' | tr '\n' ' ')" "$good $bad $good " \
    "several files are read, in their order"
printf '\xef\xbb\xbf127.0.0.1:%s/tls\r\n' "$good" >"$work/windows"
run tlsharden scan --targets "$work/windows"
status_is 0 "a byte order mark at a file's beginning is no part of it"
printf '127.0.0.1:%s\n127.0.0.1:%s\0junk\n' "$good" "$bad" >"$work/nul"
run tlsharden scan --targets "$work/nul"
status_is 3 "a line with a NUL"
err_has "nul:2: there is a NUL in the line" "is told with its number"
: >"$work/empty"
run tlsharden scan --targets "$work/empty" --targets "$work/empty"
status_is 3 "no target in several files"
err_has "empty: there is no target in it, nor in the others" "is told"

# --- one connection at a time --------------------------------------------------------------------

# Speaks SMTP up to EHLO without STARTTLS, and says how many were connected at the same time.
cat >"$work/smtp.py" <<'END'
import asyncio
import sys

now = most = 0


async def serve(reader, writer):
    global now, most
    now += 1
    most = max(most, now)
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write(str(most))
    writer.write(b"220 hi\r\n")
    await reader.readline()
    await asyncio.sleep(0.02)
    writer.write(b"250 hi\r\n")
    await reader.read(100)
    now -= 1
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
END
serve smtp python3 "$work/smtp.py" @PORT@ "$work/most"
for i in 1 2 3 4 5; do
    echo "127.0.0.1:$port/smtp"
done >"$work/mail"
run tlsharden verify --targets "$work/mail" --profile strict --format json
status_is 1 "mail servers without STARTTLS do not conform"
check "STARTTLS that is not offered is a violation" grep -q '"verdict":"violation"' "$OUT"
is "$(cat "$work/most")" 1 "they were asked one at a time"
printf '%s\n' "127.0.0.1:$port/smtp" "127.1:$port/smtp" "127.0.1:$port/smtp" >"$work/names"
run tlsharden verify --targets "$work/names" --profile strict --format json
status_is 1 "a mail server under several names"
is "$(wc -l <"$OUT") $(cat "$work/most")" "3 1" "is one host, and asked one at a time"
sed 's/smtp$/ldap/' "$work/mail" >"$work/others"
run tlsharden verify --targets "$work/others" --profile strict --format json
status_is 4 "no LDAP is no verdict"
check "others are asked several at a time" test "$(cat "$work/most")" -gt 1

# --- so many connections per second ----------------------------------------------------------------

for command in verify scan; do
    begun=$(date +%s%N)
    run tlsharden "$command" --targets "$work/four" "${common[@]}" --rate 40
    took=$((($(date +%s%N) - begun) / 1000000))
    status_is 0 "$command at a rate: exit status 0"
    connections=$(python3 -c 'import json, sys
print(sum(json.loads(line)["connections"] for line in open(sys.argv[1])))' "$OUT")
    check "$command: $connections connections at 40 a second take their time" \
        test "$took" -ge $(((connections - 1) * 25))
    check "$command: and not much longer" test "$took" -lt $((connections * 25 + 5000))
done
begun=$(date +%s%N)
run tlsharden verify --targets "$work/four" "${common[@]}" --rate 0
status_is 0 "--rate 0 is no limit"
check "and takes no time" test $((($(date +%s%N) - begun) / 1000000)) -lt 900
run tlsharden verify --targets "$work/four" --rate -1
status_is 2 "--rate -1"
err_has "'-1' is no number from 0 to 100000" "is told"

# --- who has no TLS, and who only has no time --------------------------------------------------------

# Answers as its line has it: what is said first, and then to each thing that is heard.
cat >"$work/says.py" <<'END'
import asyncio
import sys

lines = [line.encode().decode("unicode_escape").encode("latin-1") for line in sys.argv[2:]]


async def serve(reader, writer):
    try:
        for number, line in enumerate(lines):
            if number and not await reader.read(4096):
                break
            writer.write(line)
            await writer.drain()
        await asyncio.wait_for(reader.read(4096), 1)
    except (OSError, asyncio.TimeoutError):
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
END
# said PROTOCOL STATUS WORDS LINE...
said()
{
    local protocol=$1 status=$2 words=$3
    shift 3
    serve says python3 "$work/says.py" @PORT@ "$@"
    run tlsharden verify "127.0.0.1:$port/$protocol" --profile strict --format json
    status_is "$status" "$protocol, $words: exit status $status"
    out_has "STARTTLS: $words" "$protocol, $words: and it is told"
}
said ftp 1 'not offered: 502 no' '220 hi\r\n' '502 no FEAT\r\n' '502 no AUTH\r\n'
said ftp 1 'refused when asked: 431 no key' '220 hi\r\n' '211-has\r\n AUTH TLS\r\n211 End\r\n' '431 no key\r\n'
said ftp 4 'turned away: 421 too many' '421 too many users\r\n'
said sieve 1 'not offered: ' '"SIEVE" ""\r\nOK\r\n'
said sieve 4 'turned away: BYE' 'BYE "too many connections"\r\n'
said smtp 1 'refused when asked: 454' '220 hi\r\n' '250-hi\r\n250 STARTTLS\r\n' '454 no key\r\n'
said smtp 4 'turned away: 421' '421 4.7.0 too many connections\r\n'
said imap 4 'turned away: ' '* OK hi\r\n' '* BYE busy\r\n'
said mysql 4 'turned away: error 1040: Too many' '\x17\0\0\0\xff\x10\x04Too many connections'

# --- the command line ----------------------------------------------------------------------------

printf 'localhost:443\nlocalhost:x\n' >"$work/wrong"
run tlsharden scan --targets "$work/wrong"
status_is 3 "a line that is no target"
err_has "wrong:2: 'localhost:x'" "is told with its number"
run tlsharden scan --targets "$work/nosuch"
status_is 4 "a file that is not there"
run tlsharden scan localhost:1 --name $'a\nb'
status_is 2 "a name that is none"
run tlsharden scan --targets "$work/three" --parallel 0
status_is 2 "--parallel 0"
# told NAME WORDS ARGUMENT...   a usage error
told()
{
    run tlsharden "${@:3}"
    status_is 2 "$1: exit status 2"
    err_has "$2" "$1: is told"
}
told "two targets in one argument" "one target has no blank, comma" scan "localhost:443 localhost:25"
told "a protocol's slip" "\\(did you mean 'https'\\?\\); a target is" scan localhost/htps
told "a name that is too long" "neither a host name nor an address" verify localhost:1 --name "$(printf 'a%.0s' {1..254})"
told "a name of other bytes" "--name: 'a/b': this is neither" scan localhost:1 --name a/b
for command in verify scan; do
    told "$command: services beside a target" "--service is about this host's own endpoints" \
        "$command" --service nosuch localhost:1
    told "$command: a site beside a target" "--site is about this host's own endpoints" \
        "$command" --site /nonexistent localhost:1
done
run tlsharden scan --profile $'\e[31mx' localhost:1
err_has "unknown profile '.x1b\[31mx'" "an argument is shown with its control characters visible"
run tlsharden $'\e[31mx'
err_has "unknown command '.x1b\[31mx'" "whatever it is"

# --- names ---------------------------------------------------------------------------------------

run tlsharden verify "127.0.0.1:$good/tls" --profile strict --name www.example.test. --ca "$pki/ca.pem" --color never
status_is 0 "a dot at a name's end is no part of it"
out_has '^ok +www\.example\.test \(127' "and is not shown"
run tlsharden verify "localhost.:$good/tls" --profile strict --ca "$pki/ca.pem"
status_is 0 "nor of a target's"
run tlsharden verify "127.0.0.1:$good/tls" --profile strict --ca "$pki/ca.pem"
status_is 0 "an address has no name"
err_has '^tlsharden: 1 endpoint has no name, only an address: ' "so none is judged, which is said"
run tlsharden verify "localhost:$good/tls" --profile strict --ca "$pki/ca.pem"
is "$(cat "$ERR")" '' "but only then"
done_testing
