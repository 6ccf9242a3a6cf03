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
run tlsharden profile check "$work/none.json"
check "a missing file is no bug" test "$STATUS" = 3 -o "$STATUS" = 4
err_has none.json "and is named"

done_testing
