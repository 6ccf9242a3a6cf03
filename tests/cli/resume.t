#!/bin/bash
# Runs that resume: what was reported is not asked again, what was not is; other rules are another run.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=wire.sh
. "$(dirname "$0")/wire.sh"

s_server
good=$port
s_server -cipher "$suites12:AES128-GCM-SHA256"
bad=$port
rules=(--profile strict --name www.example.test --ca "$pki/ca.pem")
common=("${rules[@]}" --format json)
printf '%s\n' "127.0.0.1:$good/tls" "127.0.0.1:$bad/tls" 127.0.0.1:1/tls >"$work/three"
head -n 2 "$work/three" >"$work/two"

noted()
{
    grep -c '\.$' "$1"
}

run tlsharden verify --targets "$work/three" "${common[@]}" --resume "$work/done"
status_is 1 "a violation outweighs what is inconclusive"
is "$(noted "$work/done")" 2 "what has a verdict is noted"
run tlsharden verify --targets "$work/three" "${common[@]}" --resume "$work/done"
status_is 1 "resumed: the violation of before counts"
is "$(wc -l <"$OUT")" 1 "and only what had no verdict is asked again"
err_has "^tlsharden: 2 done before and skipped, says '.*/done'; 1 with violations$" "which is said"
head -n 1 "$work/done" >"$work/head"
cp "$work/head" "$work/cut"
printf '127.0.0.1:%s/tls//www.example.test 0' "$good" >>"$work/cut"
run tlsharden verify --targets "$work/three" "${common[@]}" --resume "$work/cut"
is "$(wc -l <"$OUT")" 3 "a line that was cut off counts for nothing"

# --- what is said of what was done before --------------------------------------------------------

run tlsharden verify --targets "$work/two" "${rules[@]}" --resume "$work/done" --color never
status_is 1 "all was done before: the exit status is that of before"
is "$(cat "$OUT")" "0 violations, 0 inconclusive, 0 conform; 2 done before (1 with violations)" "text counts it"
run tlsharden verify "127.0.0.1:$bad/tls" "127.0.0.1:1" "${common[@]}" --resume "$work/done"
check "JSON counts it" json "$OUT" 'it["resumed"] == 1 and it["resumed_with_violations"] == 1'
run tlsharden verify --targets "$work/two" "${rules[@]}" --resume "$work/done" --format junit
check "JUnit counts it" python3 -c 'import sys, xml.etree.ElementTree as e
has = {p.get("name"): p.get("value") for p in e.parse(sys.argv[1]).getroot().findall("testsuite/properties/property")}
sys.exit(has != {"resumed": "2", "resumed_with_violations": "1", "left": "0"})' "$OUT"
for format in text json; do
    run tlsharden scan "127.0.0.1:$good" --format "$format" --resume "$work/scanned-$format"
    run tlsharden scan "127.0.0.1:$good" --format "$format" --resume "$work/scanned-$format"
    status_is 0 "scan, $format: nothing is left to do"
    err_has '^tlsharden: 1 done before and skipped' "scan, $format: which is said"
done

# --- other rules ---------------------------------------------------------------------------------

sed 's/"name": *"[a-z]*"/"name": "mine"/; 2,$s/TLSv1.2/TLSv1.2/' "$top/profiles/strict.json" >"$work/mine.json"
cat "$pki/ca.pem" "$pki/intermediate.pem" >"$work/ca.pem"
begin()
{
    tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --resume "$1" --fail-on critical >"$OUT" 2>"$ERR"
}
begin "$work/rules"
is "$(noted "$work/rules")" 1 "a run under some rules"
cp "$work/rules" "$work/begun"
# refused NAME ARGUMENT...   the run does not go on with these
refused()
{
    run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --resume "$work/rules" --fail-on critical "${@:2}"
    status_is 3 "$1: refused"
    err_has "/rules:1: begun by another command or version, or by other rules .*: begin another file, or remove it" \
        "$1: and it is said what to do"
    same "$work/rules" "$work/begun" "$1: the file is as it was"
}
refused "another severity" --fail-on low
refused "another profile" --profile modern
refused "other anchors" --ca "$work/ca.pem"
refused "another name" --name shop.example.test
refused "exactly" --exact
run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --resume "$work/rules" --fail-on critical --parallel 3 --rate 9
status_is 0 "the pace is no rule"
echo '{ "name": "mine", "extends": "strict" }' >"$work/mine.json"
run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --profile "$work/mine.json" --resume "$work/edited"
is "$(noted "$work/edited")" 1 "a profile of one's own"
echo '{ "name": "mine", "extends": "modern" }' >"$work/mine.json"
run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --profile "$work/mine.json" --resume "$work/edited"
status_is 3 "that was edited since: refused"
head -c 20 "$work/head" >"$work/short"
run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --resume "$work/short"
status_is 3 "a first line that was cut off"
err_has 'the first line was cut off, and nothing stands behind it: remove the file' "is told as that"
cp "$work/three" "$work/other"
run tlsharden verify "127.0.0.1:$bad/tls" "${common[@]}" --resume "$work/other"
status_is 3 "another kind of file"
err_has 'this is no file of --resume' "is told as that"
same "$work/other" "$work/three" "and stays as it is"

# --- what could not be reported ------------------------------------------------------------------

# unreported NAME FILE ARGUMENT...   into a full disk
unreported()
{
    is "$(tlsharden "${@:3}" --resume "$2" >/dev/full 2>"$ERR"; echo "$?")" "$(case $3 in scan) echo 4 ;; *) echo 1 ;; esac)" \
        "$1, full disk: exit status"
    is "$(cat "$ERR")" "tlsharden: write results: No space left on device" "$1, full disk: is told"
    is "$(noted "$2")" 0 "$1, full disk: nothing is noted"
}
unreported "verify, lines" "$work/full1" verify --targets "$work/two" "${common[@]}" --parallel 1 "127.0.0.1:$bad/tls"
for format in text json junit; do
    unreported "verify, $format" "$work/full-$format" verify "127.0.0.1:$bad/tls" "${rules[@]}" --format "$format"
done
unreported "scan, lines" "$work/full2" scan --targets "$work/two" --format json
unreported "scan, text" "$work/full3" scan "127.0.0.1:$good"
unreported "scan, json" "$work/full4" scan "127.0.0.1:$good" --format json

# --- interrupted ---------------------------------------------------------------------------------

# Accepts, and says nothing: an endpoint takes its time.
serve silent python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = []
while True:
    kept.append(s.accept())' @PORT@
printf '%s\n' "127.0.0.1:$bad/tls" "127.0.0.1:$port/tls" "127.0.0.1:$good/tls" >"$work/slow"

# interrupted SIGNAL FORMAT FILE
interrupted()
{
    "$program" verify --targets "$work/slow" "${rules[@]}" --parallel "${parallel:-1}" --verbose --format "$2" --resume "$3" \
        >"$OUT" 2>"$ERR" &
    local pid=$! i
    for ((i = 0; i < 200; i++)); do
        ! grep -q ":$port " "$ERR" || break
        sleep 0.05
    done
    sleep 0.3
    kill -s "$1" "$pid"
    STATUS=0
    wait "$pid" || STATUS=$?
}
interrupted TERM junit "$work/stopped-junit"
status_is 1 "interrupted: what was found counts"
check "and is printed" grep -q '<failure' "$OUT"
check "marked as not all" grep -q 'name="left" value="1"' "$OUT"
err_has '^tlsharden: interrupted: ' "and it is said"
is "$(noted "$work/stopped-junit")" 1 "what was printed is noted"
interrupted TERM text "$work/stopped-text"
out_has '^1 violation, [0-9]+ inconclusive, [0-9]+ conform; interrupted: 1 not done$' "text says so in its counts"
run tlsharden verify --targets "$work/two" "${rules[@]}" --resume "$work/stopped-text" --format junit
status_is 1 "the run goes on"
check "and knows what was done" grep -q 'name="resumed" value="1"' "$OUT"
printf '%s\n' "127.0.0.1:$bad/tls" "127.0.0.1:$port/smtp" "127.1:$port/smtp" >"$work/slow"
parallel=9 interrupted TERM text "$work/stopped-turn"
out_has '; interrupted: 1 not done$' "what waits for another at its address is not begun"
interrupted KILL text "$work/killed"
is "$(noted "$work/killed")" 0 "killed: nothing is printed, and nothing noted"
done_testing
