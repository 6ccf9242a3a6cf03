#!/bin/bash
# verify against servers whose one weakness is known: it is found, and nothing else is. Behind a proxy that resets
# connections the verdict is the same, or none.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=wire.sh
. "$(dirname "$0")/wire.sh"
json=$work/report.json

# verify PORT [ARGUMENT...]   as JSON, into $json
verify()
{
    local target=127.0.0.1:$1
    shift
    run tlsharden verify "$target" --profile strict --name www.example.test --ca "$pki/ca.pem" --format json "$@"
    cp "$OUT" "$json"
}

# finds NAME RULES   of the server on $port
finds()
{
    verify "$port" "${@:3}"
    status_is 1 "$1: exit status"
    is "$(rules "$json")" "$2" "$1: that and nothing else is flagged"
    is "$(rules "$json" inconclusive)" '' "$1: nothing stays open"
}

# --- what conforms -------------------------------------------------------------------------------

s_server -dcert "$pki/ec.pem" -dkey "$pki/ec.key" -dcert_chain "$pki/intermediate.pem"
good=$port
verify "$good"
status_is 0 "a server that conforms, with two certificates, passes"
check "in ten connections" json "$json" 'it["connections"] == 10'
is "$(rules "$json")" '' "and nothing is flagged"
verify "$good" --exact
status_is 0 "it has everything, too"
check "in 22 connections" json "$json" 'it["connections"] <= 22'
run tlsharden verify "127.0.0.1:$good" --profile strict --name www.example.test --ca "$pki/ca.pem" --color never
out_has '^0 violations, 0 inconclusive, [0-9]+ conform$' "text ends with the counts"
# shellcheck disable=SC2016 # awk's own
check "and keeps to 80 columns" awk 'length($0) > 80 { bad = 1 } END { exit bad }' "$OUT"
run tlsharden verify "127.0.0.1:$good" --profile strict --name www.example.test --ca "$pki/ca.pem" --format junit
check "junit is XML" python3 -c 'import sys, xml.etree.ElementTree as e
it = e.parse(sys.argv[1]).getroot()
sys.exit(it.tag != "testsuites" or it.get("failures") != "0" or it.get("errors") != "0" or len(it) != 1)' "$OUT"

# --- one weakness each ---------------------------------------------------------------------------

s_server -min_protocol TLSv1 -cipher "$suites12:ECDHE-RSA-AES128-SHA:@SECLEVEL=0" -sigalgs "$sigalgs:RSA+SHA1"
finds "TLS 1.0" "tls/signature-schemes tls/suites tls/versions"
check "both old versions are named" json "$json" \
    '["TLSv1.1, TLSv1, too"] == [f["found"] for f in it["findings"] if f["rule"] == "tls/versions" and f["verdict"] == "violation"]'
s_server -cipher "$suites12:ECDHE-RSA-AES128-SHA256"
finds CBC tls/suites
check "the suite is named" json "$json" \
    'any(f["found"] == "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" for f in it["findings"])'
s_server -cipher "$suites12:AES128-GCM-SHA256"
finds "static RSA" tls/suites
check "static RSA is of medium severity" json "$json" \
    '["medium"] == [f["severity"] for f in it["findings"] if f["verdict"] == "violation"]'
verify "$port" --fail-on high
status_is 0 "--fail-on high lets it pass"
verify "$port" --fail-on medium
status_is 1 "--fail-on medium does not"
s_server -cipher "$suites12:AECDH-AES128-SHA:@SECLEVEL=0"
finds aNULL tls/suites
check "aNULL is critical" json "$json" 'it["findings"][0]["severity"] == "critical"'
s_server -groups X25519:P-256:P-384:P-521
finds "another group" tls/groups
check "in both versions" json "$json" '2 == sum(f["found"] == "secp521r1" for f in it["findings"])'
s_server -cert "$pki/ec.pem" -key "$pki/ec.key" -cert_chain "$pki/intermediate.pem" -groups X25519:P-256:P-384:P-521
finds "another group with an ECDSA certificate" tls/groups
s_server -sigalgs "$sigalgs:RSA+SHA224"
finds "another signature scheme" tls/signature-schemes
s_server -tickets
finds tickets tls/session-tickets
s_server -tls1_2 -cipher "ECDHE-RSA-AES128-SHA"
finds "nothing of the profile" "tls/answers tls/suites"

# A finite field that is too short can only be seen where the profile has DHE.
cat >"$work/dhe.json" <<'END'
{ "name": "dhe", "extends": "strict", "tls": { "suites": { "append": ["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"] } } }
END
cat >"$work/level0.cnf" <<'END'
openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = all
[all]
CipherString = DEFAULT@SECLEVEL=0
END
OPENSSL_CONF=$work/level0.cnf s_server -cipher "$suites12:DHE-RSA-AES128-GCM-SHA256" -dhparam "$pki/dh1024.pem"
finds "DH of 1024 bits" tls/dh-bits --profile "$work/dhe.json"
s_server -cipher "$suites12:DHE-RSA-AES128-GCM-SHA256"
verify "$port" --profile "$work/dhe.json"
status_is 0 "DH of 2048 bits passes"

# --- certificates --------------------------------------------------------------------------------

s_server -cert "$pki/expired.pem" -key "$pki/expired.key" -cert_chain "$pki/intermediate.pem"
finds "an expired certificate" certificate/expired
s_server -cert "$pki/rsa.pem" -key "$pki/rsa.key"
finds "a missing intermediate" certificate/chain
s_server -cert "$pki/weak.pem" -key "$pki/weak.key" -cert_chain "$pki/intermediate.pem" \
    -cipher "$suites12:@SECLEVEL=0"
finds "an RSA key of 1024 bits" certificate/key
verify "$good" --name other.example.test
is "$(rules "$json")" certificate/name "a wrong name: that and nothing else is flagged"
s_server -cert "$pki/self.pem" -key "$pki/self.key"
finds "a self-signed certificate" certificate/chain
verify "$port" --ca "$pki/self.pem"
status_is 0 "that one is trusted passes"
s_server -tls1_3 -dcert "$pki/ec.pem" -dkey "$pki/ec.key" -dcert_chain "$pki/intermediate.pem"
verify "$port" --name other.example.test
check "TLS 1.3 alone shows both certificates" json "$json" \
    '2 == sum(f["rule"] == "certificate/name" and f["verdict"] == "violation" for f in it["findings"])'

verify "$port"
status_is 0 "TLS 1.3 alone conforms"
check "its tickets, which OpenSSL sends even if it should not, are not judged" json "$json" \
    'not any(f["rule"] == "tls/session-tickets" for f in it["findings"])'
check "and its signature schemes are part of the proof" json "$json" \
    'any(f["rule"] == "tls/signature-schemes" and f["verdict"] == "conforms" for f in it["findings"])'
cat >"$work/signatures.json" <<'END'
{ "name": "signatures", "extends": "strict",
  "tls": { "signature_algorithms": ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"] } }
END
finds "what TLS 1.3 signs with" tls/signature-schemes --profile "$work/signatures.json"
check "and names it" json "$json" \
    '["rsa_pss_rsae_sha384, rsa_pss_rsae_sha512"] == [f["found"] for f in it["findings"] if f["verdict"] == "violation"]'
s_server -tls1_3 -dcert "$pki/ec.pem" -dkey "$pki/ec.key" -dcert_chain "$pki/intermediate.pem" \
    -sigalgs ECDSA+SHA256:RSA-PSS+SHA256
verify "$port" --profile "$work/signatures.json"
status_is 0 "nothing else passes"

# A certificate that is shown only to those who can check nothing else.
openssl req -x509 -newkey ed25519 -nodes -keyout "$work/ed.key" -out "$work/ed.pem" -days 3 -subj /CN=other.example.test 2>/dev/null
openssl req -x509 -key "$pki/ec.key" -out "$work/other.pem" -days 3 -subj /CN=other.example.test 2>/dev/null
other="certificate/chain certificate/expires-soon certificate/name"
for versions in "-min_protocol TLSv1.2" -tls1_2; do
    # shellcheck disable=SC2086 # two words
    s_server $versions -cert "$pki/ec.pem" -key "$pki/ec.key" -cert_chain "$pki/intermediate.pem" \
        -dcert "$work/ed.pem" -dkey "$work/ed.key"
    finds "a second certificate behind the same suites, $versions" "$other"
done
s_server -dcert "$work/other.pem" -dkey "$pki/ec.key" -cipher "${suites12//ECDSA/RSA}"
finds "a certificate that no suite of TLS 1.2 shows" "$other"
run tlsharden scan "127.0.0.1:$port" --format json
check "which a scan shows" json "$OUT" '2 == len(it[0]["certificates"])'
s_server -tls1_3 -cert "$pki/ec.pem" -key "$pki/ec.key" -cert_chain "$pki/intermediate.pem" \
    -dcert "$work/ed.pem" -dkey "$work/ed.key"
finds "a second certificate of TLS 1.3" "certificate/chain certificate/expires-soon certificate/name"
check "is that of Ed25519" json "$json" \
    '{"ED25519 certificate"} == {f["part"] for f in it["findings"] if f["verdict"] == "violation"}'

# libcrypto makes no keys for the group that it likes best.
s_server -tls1_3
serve hybrid python3 "$top/tests/cli/hybrid.py" @PORT@ "$port"
verify "$port"
status_is 0 "who prefers X25519MLKEM768 conforms, too"
check "and its certificate was seen" json "$json" \
    'any(f["rule"] == "certificate/name" and f["verdict"] == "conforms" for f in it["findings"])'

# What clients refuse above the leaf.
#   authority NAME SUBJECT ISSUER NEWKEY OPTION...    an intermediate, its issuer's key beside its issuer's certificate
authority()
{
    printf 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n' >"$work/authority.ext"
    { openssl req -new -newkey "$4" -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/CN=$2" &&
        openssl x509 -req -in "$work/$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -CAserial "$work/serial" \
            -extfile "$work/authority.ext" -days 100 -out "$work/$1.pem" "${@:5}"; } 2>>"$work/openssl"
}
# issued NAME SUBJECT ALTERNATIVE-NAMES ISSUER    a leaf with the key of ec.pem
issued()
{
    printf 'basicConstraints=critical,CA:FALSE\n' >"$work/leaf.ext"
    [ -z "$3" ] || echo "subjectAltName=$3" >>"$work/leaf.ext"
    { openssl req -new -key "$pki/ec.key" -out "$work/$1.csr" -subj "/CN=$2" &&
        openssl x509 -req -in "$work/$1.csr" -CA "$4.pem" -CAkey "$4.key" -CAcreateserial -CAserial "$work/serial" \
            -extfile "$work/leaf.ext" -days 90 -sha256 -out "$work/$1.pem"; } 2>>"$work/openssl"
}
# beneath NAME ARGUMENT...    a server with a leaf beneath that intermediate
beneath()
{
    issued "$1.leaf" www.example.test DNS:www.example.test "$work/$1"
    s_server -cert "$work/$1.leaf.pem" -key "$pki/ec.key" -cert_chain "$work/$1.pem" -cipher "$suites12:@SECLEVEL=0" "${@:2}"
}
chain_says()
{
    check "$1" json "$json" \
        "['$2'] == [f['found'] for f in it['findings'] if f['rule'] == 'certificate/chain' and f['verdict'] == 'violation']"
}
authority short Short "$pki/ca" rsa:1024 -sha256
authority old Old "$pki/ca" rsa:2048 -sha1
authority older Older "$pki/ca" rsa:1024 -sha1
authority narrow Narrow "$pki/ca" rsa:2048 -sha256
beneath short
finds "an intermediate with an RSA key of 1024 bits" certificate/chain
chain_says "it is named" "the intermediate certificate \\'CN=Short\\' has a key of 1024 bits (RSA)"
run tlsharden scan "127.0.0.1:$port" --ca "$pki/ca.pem" --format json
check "scan does not trust it, either" json "$OUT" '["CN=Short" in c["chain"] for c in it[0]["certificates"]] == [True]'
beneath old
finds "an intermediate signed with SHA-1" certificate/chain
chain_says "it is named" "the intermediate certificate \\'CN=Old\\' is signed with SHA1"
beneath older -tls1_3
finds "both, in TLS 1.3 alone" certificate/chain
chain_says "both are told" "the intermediate certificate \\'CN=Older\\' has a key of 1024 bits (RSA) and is signed with SHA1"
beneath narrow
verify "$port"
status_is 0 "an intermediate with a key of 2048 bits passes"
cat >"$work/long.json" <<'END'
{ "name": "long", "extends": "strict", "certificate": { "rsa_min_bits": 3072 } }
END
finds "and is too short for a profile that asks for 3072" certificate/key --profile "$work/long.json"
check "it is named" json "$json" \
    '"the intermediate certificate \u0027CN=Narrow\u0027 has one of 2048 bits" in [f["found"] for f in it["findings"]]'

# Names: what RFC 9525 does not let pass.
named()
{
    issued named "$1" "$2" "$pki/intermediate"
    s_server -cert "$work/named.pem" -key "$pki/ec.key" -cert_chain "$pki/intermediate.pem"
}
named www.example.test ''
finds "a name in the subject only" certificate/name
check "it is said where the name is" json "$json" \
    'any(f["found"] == "no alternative name, where clients look; its common name is www.example.test" for f in it["findings"])'
named www.example.test IP:192.0.2.1
finds "a name in the subject, beside an address" certificate/name
named x 'DNS:w*.example.test'
finds "a wildcard that is a part of a label" certificate/name
named x 'DNS:*.example.test'
verify "$port"
status_is 0 "a wildcard that is a label passes"
verify "$port" --name www.example.test.
status_is 0 "a dot at the name's end changes nothing"
s_server -tls1_3 -servername www.example.test -servername_fatal -cert2 "$pki/rsa.pem" -key2 "$pki/rsa.key"
verify "$port" --name www.example.test.
is "$(rules "$json" inconclusive) $(rules "$json")" ' certificate/chain' "nor is it sent, where only that name is served"

# A certificate that names a responder, and demands a staple.
stapling()
{
    s_server -cert "$pki/stapled.pem" -key "$pki/stapled.key" -cert_chain "$pki/intermediate.pem" "$@"
}
stapling -status_file "$pki/stapled.fresh.der"
verify "$port"
status_is 0 "a staple that holds passes"
check "and is told" json "$json" 'any(f["rule"] == "certificate/staple" for f in it["findings"])'
stapling -status_file "$pki/stapled.stale.der"
finds "a stale staple" certificate/staple
check "it is said when it ended" json "$json" \
    'any((f["found"] or "").startswith("one that ended on ") for f in it["findings"])'
stapling -tls1_3 -status_file "$pki/stapled.stale.der"
finds "a stale staple in TLS 1.3" certificate/staple
s_server -status_file "$pki/stapled.fresh.der"
finds "a staple of another certificate" certificate/staple
stapling
finds "no staple, which the certificate demands" certificate/staple

# --- HTTP ----------------------------------------------------------------------------------------

# hsts RULE NAME FIELD...    what comes of a web server that sends these values
hsts()
{
    serve web python3 -c 'import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
fields = "".join("Strict-Transport-Security: %s\r\n" % field for field in sys.argv[4:])
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    plain, _ = listener.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as channel:
            channel.settimeout(5)
            if channel.recv(9999):
                channel.sendall(("HTTP/1.1 200 OK\r\n%s\r\n" % fields).encode())
    except OSError:
        plain.close()' @PORT@ "$pki/rsa.chain.pem" "$pki/rsa.key" "${@:3}"
    verify "$port/https"
    check "HSTS: $2" json "$json" \
        "['$1'] == [f['found'] or 'passes' for f in it['findings'] if f['rule'] == 'http/hsts']"
}
void='one that browsers ignore:'
hsts passes "long enough" 'max-age=63072000'
hsts passes "a quoted value, spaces, directives that nobody knows" 'x="a;b"; Max-Age = "63072000" ;; preload'
hsts passes "the first field counts" 'max-age=63072000' 'max-age=1'
hsts 'max-age is 1' "not the second" 'max-age=1' 'max-age=63072000'
hsts 'max-age is 300' "too short" 'max-age=300'
hsts 'no such field' "none"
hsts "$void max-age is no number" "something behind the number" 'max-age=63072000x'
hsts "$void max-age is missing" "a number within another directive" 'foo="; max-age=63072000"'
hsts "$void a directive is there twice" "a directive that is there twice" 'max-age=63072000; max-age=63072000'
hsts "$void it is malformed" "no semicolon" 'max-age=63072000 preload'
hsts passes "a number that is too large" 'max-age=99999999999999999999999999'

# --- exact ---------------------------------------------------------------------------------------

s_server -tls1_2
verify "$port"
status_is 0 "a version less is no violation"
cat >"$work/both.json" <<'END'
{ "name": "both", "extends": "strict", "tls": { "optional": { "remove": ["TLSv1.3"] } } }
END
finds "a version less, exactly" tls/has-versions --exact --profile "$work/both.json"
s_server -cipher ECDHE-RSA-AES128-GCM-SHA256
finds "a suite less" tls/has-suites --exact
check "the missing suite is named, not those that the profile calls optional" json "$json" \
    'any(f["found"] == "without TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" for f in it["findings"])'
s_server -cipher "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
finds "another order" tls/order --exact

# --- GnuTLS --------------------------------------------------------------------------------------

gnutls=NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+ECDHE-RSA:+ECDHE-ECDSA
gnutls+=:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+CTYPE-X509:+COMP-NULL
cat "$pki/rsa.pem" "$pki/intermediate.pem" >"$work/chain.pem"
gnutls_server()
{
    local priority=$1
    shift
    serve gnutls gnutls-serv --port @PORT@ --quiet --noticket --x509certfile "$work/chain.pem" \
        --x509keyfile "$pki/rsa.key" --priority "$priority" "$@"
}
gnutls_server "$gnutls:%SERVER_PRECEDENCE"
verify "$port"
status_is 0 "gnutls-serv that conforms passes"
gnutls_server "$gnutls:+RSA"
finds "gnutls-serv with static RSA" tls/suites
gnutls_server "$gnutls:+GROUP-FFDHE2048"
finds "gnutls-serv with a finite field" tls/groups

# For a client that offers groups of RFC 7919 it has no DHE unless it has one of them.
gnutls_server "$gnutls:+DHE-RSA" --dhparams "$pki/dh1024.pem"
finds "gnutls-serv with DHE and a prime of its own" tls/suites
gnutls_server "$gnutls:+DHE-RSA:-AES-256-GCM:-CHACHA20-POLY1305" --dhparams "$pki/dh1024.pem"
finds "gnutls-serv with a prime of its own that is too short" tls/dh-bits --profile "$work/dhe.json"
gnutls_server "$gnutls:+GROUP-FFDHE2048:+DHE-RSA"
finds "gnutls-serv with DHE and a group of RFC 7919" "tls/groups tls/suites"
certtool --get-dh-params --bits 2048 --outfile "$work/dh2048.pem" 2>/dev/null
gnutls_server "$gnutls:+DHE-RSA:-AES-256-GCM" --dhparams "$work/dh2048.pem"
verify "$port" --profile "$work/dhe.json" --exact
check "its DHE is not missed, exactly" json "$json" \
    '["without TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"] == [f["found"] for f in it["findings"] if f["rule"] == "tls/has-suites" and f["part"] == "TLSv1.2"]'
cat >"$work/dhe-only.json" <<'END'
{ "name": "dhe-only", "extends": "strict",
  "tls": { "protocols": ["TLSv1.2"], "suites": ["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"] } }
END
gnutls_server "$gnutls:+DHE-RSA:-VERS-TLS1.3:-ECDHE-RSA:-ECDHE-ECDSA:-AES-256-GCM:-CHACHA20-POLY1305" \
    --dhparams "$work/dh2048.pem"
verify "$port" --profile "$work/dhe-only.json"
status_is 0 "where DHE is all there is, too"

# --- no verdict ----------------------------------------------------------------------------------

verify 1
status_is 4 "nobody there: exit status 4"
is "$(rules "$json" inconclusive)" tls/answers "and it is told"
serve silent python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = []
while True:
    kept.append(s.accept())' @PORT@
verify "$port"
status_is 4 "silence: exit status 4"
serve babbler python3 -m http.server --bind 127.0.0.1 @PORT@
verify "$port"
status_is 4 "no TLS: exit status 4"
run tlsharden verify "nosuch.invalid:443" --profile strict
status_is 4 "a name without an address: exit status 4"

# --- connections that are dropped ----------------------------------------------------------------

s_server -cipher "$suites12:AES128-GCM-SHA256"
bad=$port
for k in 2 3 4 5 7 11 13 17 20; do
    port=$good
    dropping "$k"
    verify "$port"
    check "each ${k}th connection is reset: no false violation" test "$STATUS" = 0 -o "$STATUS" = 4
    is "$(rules "$json")" '' "each ${k}th connection is reset: nothing is flagged"
    port=$bad
    dropping "$k"
    verify "$port"
    is "$STATUS $(rules "$json")" "1 tls/suites" "each ${k}th connection is reset: no false pass"
done

# Refusals by closing, as slapd and Courier have them, are believed; beside connections that are dropped they are not.
port=$good
dropping 0 quiet
verify "$port"
status_is 0 "a server that refuses by closing passes"
port=$bad
dropping 0 quiet
finds "static RSA at a server that refuses by closing" tls/suites
for k in 2 3 4 5 7 11 13 17 20; do
    port=$good
    dropping "$k" quiet
    verify "$port"
    check "refusing by closing, each ${k}th connection is reset: no false violation" test "$STATUS" = 0 -o "$STATUS" = 4
    is "$(rules "$json")" '' "refusing by closing, each ${k}th connection is reset: nothing is flagged"
    port=$bad
    dropping "$k" quiet
    verify "$port"
    is "$STATUS $(rules "$json")" "1 tls/suites" "refusing by closing, each ${k}th connection is reset: no false pass"
done

# --- who refuses everybody ------------------------------------------------------------------------

for k in 1 2 5 8; do
    port=$good
    dropping "$k" after
    verify "$port"
    status_is 4 "a handshake_failure for everybody after $k connections is no proof"
done
port=$good
dropping 12 after
verify "$port" --exact
status_is 4 "nor a sign that something is missing"
port=$bad
dropping 128 large
verify "$port"
is "$STATUS $(rules "$json")" '4 ' "nor is one for hellos that are large"
check "and that is told" json "$json" 'any("everything at once" in (f["found"] or "") for f in it["findings"])'
run tlsharden scan "127.0.0.1:$port"
status_is 4 "a scan there is incomplete"
out_has 'SSLv3: unknown' "and knows that it knows nothing of other versions"
port=$good
dropping 16 after
run tlsharden scan "127.0.0.1:$port" --format json
status_is 4 "a scan that ends in refusals is incomplete"
check "and has not seen that fallbacks are noticed" json "$OUT" 'it[0]["flags"]["fallback_scsv"] is None'

# --- the command line ----------------------------------------------------------------------------

run tlsharden verify localhost:99999
status_is 2 "a port that is none"
err_has "number from 1 to 65535" "is told"
run tlsharden verify ::1:443
status_is 2 "an IPv6 address without brackets"
err_has "stands in brackets" "is told"
run tlsharden verify localhost:25/smpt
status_is 2 "an unknown protocol"
err_has "did you mean 'smtp'" "has a neighbour"
run tlsharden verify https://localhost/
status_is 2 "a URL"
err_has "this is a URL" "is told"
run tlsharden verify localhost:1 --fail-on awful
status_is 2 "an unknown severity"
run tlsharden verify "127.0.0.1:$good" --ca "$pki/rsa.key"
status_is 3 "a CA file without a certificate"
run tlsharden verify "127.0.0.1:$good" --profile nosuch
status_is 3 "an unknown profile"
run tlsharden profile list --format junit
status_is 2 "junit elsewhere"
done_testing
