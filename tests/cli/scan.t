#!/bin/bash
# scan against servers whose configuration is the truth: everything is found and marked, or said to be missing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=wire.sh
. "$(dirname "$0")/wire.sh"
json=$work/report.json

# scan PORT [ARGUMENT...]   as JSON; the one report is in $json
scan()
{
    local target=127.0.0.1:$1
    shift
    run tlsharden scan "$target" --name www.example.test --ca "$pki/ca.pem" --format json "$@"
    python3 -c 'import json, sys
json.dump(json.load(sys.stdin)[0], sys.stdout)' <"$OUT" >"$json"
}

# suites VERSION   in the report's order
suites()
{
    python3 -c 'import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    it = json.load(file)
print("\n".join(s["name"] for s in it["suites"] if s["version"] == sys.argv[2]))' "$json" "$1"
}

# --- what conforms to a profile ------------------------------------------------------------------

s_server -dcert "$pki/ec.pem" -dkey "$pki/ec.key" -dcert_chain "$pki/intermediate.pem"
good=$port
scan "$good" --profile strict
status_is 0 "a scan that is complete: exit status 0"
openssl ciphers -stdname -tls1_2 -s "$suites12" | awk '$1 !~ /^TLS_(AES|CHACHA)/ { print $1 }' >"$work/truth"
suites TLSv1.2 >"$work/seen"
same "$work/seen" "$work/truth" "the suites of TLS 1.2, in the server's order"
is "$(suites TLSv1.3 | sort | tr '\n' ' ')" \
    "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 " "the suites of TLS 1.3"
check "the groups" json "$json" '{g["name"] for g in it["groups"]} == {"x25519", "secp256r1", "secp384r1"}'
check "both certificates" json "$json" '{c["key_type"] for c in it["certificates"]} == {"RSA", "EC"}'
check "which are trusted" json "$json" 'all(c["chain"] == "ok" for c in it["certificates"])'
check "nothing is weak" json "$json" \
    'not any(i.get("weak") for k in ("versions", "suites", "groups", "signature_schemes", "certificates") for i in it[k])'
check "nothing is forbidden" json "$json" 'not any(i["forbidden"] for k in ("suites", "groups") for i in it[k])'
check "in twenty connections" json "$json" 'it["connections"] <= 20'

# --- what is weak --------------------------------------------------------------------------------

s_server -min_protocol TLSv1 -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0 -groups X25519:P-256 -sigalgs "$sigalgs:RSA+SHA1" \
    -tickets
weak=$port
scan "$weak" --profile strict
status_is 0 "an old server: exit status 0"
check "its versions" json "$json" \
    '[v["version"] for v in it["versions"] if v["supported"]] == ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"]'
check "the old ones are weak and forbidden" json "$json" \
    'all(bool(v["weak"]) == v["forbidden"] == (v["version"] < "TLSv1.2") for v in it["versions"] if v["supported"])'
check "aNULL, static RSA and CBC are weak" json "$json" \
    'all(s["weak"] for s in it["suites"] if "_anon_" in s["name"] or "TLS_RSA_" in s["name"] or "_CBC_" in s["name"])'
check "all three are there" json "$json" \
    'all(any(n in s["name"] for s in it["suites"]) for n in ("_anon_", "TLS_RSA_", "_CBC_"))'
check "SHA-1 is weak" json "$json" 'any(s["weak"] and "sha1" in s["name"] for s in it["signature_schemes"])'
run tlsharden scan "127.0.0.1:$weak" --profile strict --color never
out_has '^  TLSv1 +weak: .*, forbidden$' "text marks a version"
out_has '^  TLS_RSA_WITH_AES_128_CBC_SHA +weak: no forward secrecy, forbidden$' "and a suite"
run tlsharden scan "127.0.0.1:$weak" --color always
out_has $'\033\\[' "in colour when asked"
fails "without a profile nothing is forbidden" grep -q forbidden "$OUT"

s_server -cert "$pki/expired.pem" -key "$pki/expired.key"
scan "$port"
check "an expired certificate is weak" json "$json" 'it["certificates"][0]["weak"] == "expired"'

# --- TLS 1.3 alone -------------------------------------------------------------------------------

s_server -tls1_3 -dcert "$pki/ec.pem" -dkey "$pki/ec.key" -dcert_chain "$pki/intermediate.pem"
scan "$port"
status_is 0 "TLS 1.3 alone: exit status 0"
check "both certificates are seen" json "$json" '{c["key_type"] for c in it["certificates"]} == {"RSA", "EC"}'
check "and what signs" json "$json" '{s["name"]: s["versions"] for s in it["signature_schemes"]} == dict.fromkeys(
    ("ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"), ["TLSv1.3"])'
run tlsharden scan "127.0.0.1:$port" --color never
out_has '^signature schemes of TLSv1.3$' "text says so"
out_has '^features$' "and what it is like"

# --- GnuTLS --------------------------------------------------------------------------------------

cat "$pki/rsa.pem" "$pki/intermediate.pem" >"$work/chain.pem"
for groups in "" :+GROUP-FFDHE2048; do
    serve gnutls gnutls-serv --port @PORT@ --quiet --x509certfile "$work/chain.pem" --x509keyfile "$pki/rsa.key" \
        --dhparams "$pki/dh1024.pem" --priority \
        "NONE:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+ECDHE-RSA:+DHE-RSA:+GROUP-X25519:+SIGN-ALL:+CTYPE-X509:+COMP-NULL$groups"
    scan "$port"
    is "$(suites TLSv1.2 | sort | tr '\n' ' ')" \
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 " \
        "gnutls-serv with a prime of its own$groups: the suites"
    check "gnutls-serv with a prime of its own$groups: the prime" json "$json" '1024 in it["dh_bits"]'
done

# --- STARTTLS --------------------------------------------------------------------------------------

run tlsharden scan "127.0.0.1:$good/smtp"
status_is 4 "a server that does not speak SMTP: exit status 4"
out_has INCOMPLETE "and it is told"

# --- what cannot be found out --------------------------------------------------------------------

run tlsharden scan 127.0.0.1:1
status_is 4 "nobody there: exit status 4"
out_has "onnection refused" "and why"
# Servers that mean no good: endless, slow, truncated, huge. Bounded in time, and never a result.
cat >"$work/hostile.py" <<'END'
import asyncio
import sys

record = b"\x16\x03\x03\x40\x00"
manners = {
    "endless": lambda: [b"220-" + b"x" * 70 + b"\r\n"] * 100000,
    "slow": lambda: [b"2", b"2", b"0"] + [b"-"] * 100,
    "truncated": lambda: [b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"],
    "huge": lambda: [record + b"\x0b\xff\xff\xff" + b"x" * 16380] + [record + b"x" * 16384] * 1000,
    "nested": lambda: [b"\x30\x84\x7f\xff\xff\xff" + b"\x30\x80" * 20000],
}


async def serve(reader, writer):
    try:
        if sys.argv[2] not in ("endless", "slow"):
            await reader.read(10)
        for piece in manners[sys.argv[2]]():
            writer.write(piece)
            await writer.drain()
            if sys.argv[2] == "slow":
                await asyncio.sleep(0.3)
    except OSError:
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
END
for manner in endless:smtp slow:smtp slow:tls truncated:tls huge:tls nested:ldap; do
    serve hostile python3 "$work/hostile.py" @PORT@ "${manner%:*}"
    start=$SECONDS
    run tlsharden scan "127.0.0.1:$port/${manner#*:}"
    status_is 4 "a server that is ${manner%:*}, ${manner#*:}: exit status 4"
    check "within half a minute" test $((SECONDS - start)) -lt 30
done
for k in 2 3 5 8 13; do
    port=$good
    dropping "$k"
    scan "$port"
    check "each ${k}th connection is reset: complete, or said to be incomplete" json "$json" \
        '(len(it["suites"]) == 9 and len(it["groups"]) == 3) or it["inconclusive"]'
    check "each ${k}th connection is reset: the exit status says the same" json "$json" \
        "bool(it['inconclusive']) == ($STATUS == 4)"
done

# --- certificates that clients refuse --------------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/cn.key" -out "$work/cn.pem" -days 9 -subj /CN=www.example.test 2>/dev/null
s_server -cert "$work/cn.pem" -key "$work/cn.key"
run tlsharden scan "127.0.0.1:$port" --name www.example.test --ca "$pki/ca.pem"
out_has '^    for www.example.test, but as a common name only, where clients do not look$' "a common name is none"
out_has '^    not trusted: self-signed certificate$' "and what a chain lacks is told"

# --- the command line ----------------------------------------------------------------------------

run tlsharden scan
status_is 2 "no target"
run tlsharden scan "localhost:x"
status_is 2 "a port that is no number"
run tlsharden scan "127.0.0.1:$good" --format junit
status_is 2 "junit is verify's"
done_testing
