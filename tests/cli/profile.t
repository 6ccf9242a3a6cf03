#!/bin/bash
# `profile`: what is shipped, and how a mistake in one's own is reported.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run tlsharden profile list
status_is 0 "profile list"
for name in strict modern intermediate old compat-2018; do
    out_has "(^|[^a-z0-9-])$name([^a-z0-9-]|\$)" "profile list names $name"
    tlsharden profile show "$name" --format json >"$work/$name.json"
    check "profile show $name: is JSON with protocols and suites, inheritance resolved" json "$work/$name.json" \
        'it["tls"]["protocols"] and all(s.startswith("TLS_") for s in it["tls"]["suites"]) and it["tls"]["suites"]'
done
check "strict: TLS 1.2 and 1.3, forward secrecy, AEAD" json "$work/strict.json" \
    'set(it["tls"]["protocols"]) == {"TLSv1.2", "TLSv1.3"} and
     all("ECDHE" in s or "_WITH_" not in s for s in it["tls"]["suites"]) and
     all("GCM" in s or "CHACHA20" in s for s in it["tls"]["suites"])'
check "modern: TLS 1.3 alone" json "$work/modern.json" 'it["tls"]["protocols"] == ["TLSv1.3"]'
for name in strict modern intermediate old compat-2018; do
    run tlsharden profile check "$name"
    status_is 0 "profile check $name"
done

# wrong TEXT PATTERN NAME   a profile of one's own with a mistake in it
wrong()
{
    printf '%s\n' "$1" >"$work/own.json"
    run tlsharden profile check "$work/own.json"
    status_is 3 "$3: exit status 3"
    err_has 'own\.json:[0-9]+:[0-9]+' "$3: file, line and column"
    err_has "$2" "$3: is named"
    is "$(cat "$OUT")" '' "$3: nothing on standard output"
}
wrong '{"name": "own", "extends": "strict", "tls": {"protocolls": []}}' protocolls "an unknown key"
wrong '{"name": "own", "extends": "strict", "tls": {"protocols": ["TLSv1.4"]}}' 'TLSv1\.4' "an unknown version"
wrong '{"name": "own", "extends": "strict", "tls": {"suites": ["TLS_RSA_WITH_ROT13"]}}' ROT13 "an unknown suite"
wrong '{"name": "own", "name": "own", "extends": "strict"}' name "a key that stands twice"
wrong '{"name": "own", "extends": "nosuch"}' nosuch "an unknown parent"
wrong '{"name": "own", "extends": "strict", "certificate": {"rsa_min_bits": -1}}' rsa_min_bits "a number out of range"
wrong '{"name": "own", ' 'own\.json' "half a file"
wrong '["strict"]' 'own\.json' "an array"

echo '{"name": "own", "extends": "strict", "tls": {"protocols": ["TLSv1.3"]}}' >"$work/own.json"
run tlsharden profile check "$work/own.json"
status_is 0 "a profile of one's own"
tlsharden --profile "$work/own.json" profile show "$work/own.json" --format json >"$work/shown.json"
check "inherits what it does not say" json "$work/shown.json" \
    'it["tls"]["protocols"] == ["TLSv1.3"] and len(it["tls"]["suites"]) >= 3'

# Where values come from.
mkdir "$work/mine"
cat >"$work/mine/mine.json" <<'EOF'
{ "name": "mine", "extends": "strict",
  "tls": { "groups": { "append": ["x448"] },
           "session_tickets": true },
  "scopes": { "postfix.inbound": { "tls": {
      "compression": false } } } }
EOF
run tlsharden profile show "$work/mine/mine.json" --origin
status_is 0 "show --origin"
out_has 'x448 .*mine\.json:2$' "an element that an edit put there"
out_has 'secp384r1 .*profiles/intermediate\.json:[0-9]+$' "one that is inherited"
out_has '^tls\.session_tickets .*true .*mine\.json:3$' "a flag"
out_has '^tls\.server_preference .*true .*profiles/strict\.json:[0-9]+$' "a flag of the parent"
tlsharden profile show "$work/mine/mine.json" --origin --scope postfix.inbound --format json >"$work/origin.json"
check "show --origin as JSON, of a scope" json "$work/origin.json" \
    'it["/tls/compression"].endswith("mine.json:5") and it["/tls/groups/x448"].endswith("mine.json:2") and
     it["/certificate/expiry_warn_days"].rpartition("/")[2].startswith("intermediate.json:") and
     it["/title"] == "default"'

# Differences and reasons.
run tlsharden profile diff strict strict
status_is 0 "diff of the same: exit status 0"
is "$(cat "$OUT")" '' "and nothing is said"
run tlsharden profile diff mozilla-intermediate-6.0 bsi-tr-02102-2
status_is 1 "diff of two: exit status 1"
out_has '^- suite +TLS_CHACHA20_POLY1305_SHA256$' "what the second forbids"
out_has '^\+ suite +TLS_AES_128_CCM_SHA256$' "what the first forbids"
out_has '^~ certificate\.rsa_min_bits: 2048 -> 3000$' "a setting"
out_has '^! conflict: x25519: mozilla-intermediate-6\.0 says must \(.*\), bsi-tr-02102-2 says should-not \(' "a conflict"
tlsharden profile diff mozilla-intermediate-6.0 bsi-tr-02102-2 --format json >"$work/diff.json"
check "diff as JSON" json "$work/diff.json" \
    'not it["same"] and any(c["item"] == "x25519" for c in it["conflicts"]) and
     {l["kind"] for l in it["lists"]} >= {"suite", "group"}'
run tlsharden profile diff strict
status_is 2 "diff of one: exit status 2"
run tlsharden profile diff strict nosuch
status_is 3 "diff with an unknown profile: exit status 3"
run tlsharden profile explain bsi-tr-02102-2
status_is 0 "explain"
out_has '^  TLSv1\.2 +should .*\[BSI TR-02102-2 3\.2\]$' "an item, its level and its source"
out_has '^  x25519 +should-not .*\[BSI' "what is left out, and why"
out_has 'unconfirmed\]$' "what is from memory"
tlsharden profile explain strict --format json >"$work/explain.json"
check "explain as JSON: suites without a reason have facts" json "$work/explain.json" \
    'all(i["reason"] for i in it if i["kind"] == "suite") and any(i["level"] == "must" for i in it)'

# All of them, and what this host's libraries make of them.
run tlsharden profile check --all
status_is 0 "check --all"
is "$(grep -c ': ok$' "$OUT")" "$(find "$top/profiles" -name '*.json' ! -name '*.schema.json' | wc -l)" "each is named"
out_has '^  openssl [0-9.]+: not satisfiable here: openssl [0-9.]+ has no MLKEM1024; needs 3\.5' "cnsa2 needs a newer OpenSSL"
out_has '^  gnutls [0-9.]+: granted without ' "what may be missed is named"
run tlsharden profile check cnsa2 --for openssl=3.5.0,gnutls=3.8.9
out_has '^  openssl 3\.5\.0: granted$' "which has it"
out_has '^  gnutls 3\.8\.9: not satisfiable here: gnutls has no MLKEM1024$' "and GnuTLS never had"
printf '{"name": "own", "extends": "strict", "x": 1}' >"$work/bad1.json"
printf '{"name": "own", "extends": "nosuch"}' >"$work/bad2.json"
run tlsharden profile check "$work/bad1.json" strict "$work/bad2.json"
status_is 3 "check goes on after a bad one"
out_has '^strict: ok$' "and names the good one"
err_has 'bad1\.json' "the first bad one"
err_has 'bad2\.json' "and the second"
run tlsharden profile check
status_is 2 "check of nothing: exit status 2"

run tlsharden profile check "$work/none.json"
check "a missing file is no bug" test "$STATUS" = 3 -o "$STATUS" = 4
err_has none.json "and is named"

done_testing
