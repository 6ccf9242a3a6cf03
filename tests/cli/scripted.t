#!/bin/bash
# What no library serves any more, or not yet, by a server that only pretends: verify flags it and nothing else, scan
# names it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=wire.sh
. "$(dirname "$0")/wire.sh"
json=$work/report.json
common=(--name www.example.test --ca "$pki/ca.pem" --format json)

# scripted [JSON]
scripted()
{
    serve scripted python3 "$top/tests/cli/scripted.py" @PORT@ "$pki/rsa.chain.pem" "$@"
}

# finds NAME RULES FOUND   of the server on $port: RULES, and among the findings FOUND
finds()
{
    run tlsharden verify "127.0.0.1:$port" --profile strict "${common[@]}" "${@:4}"
    cp "$OUT" "$json"
    status_is "$([ -n "$2" ] && echo 1 || echo 0)" "$1: exit status of verify"
    is "$(rules "$json")" "$2" "$1: that and nothing else is flagged"
    is "$(rules "$json" inconclusive)" '' "$1: nothing stays open"
    [ -z "$3" ] || check "$1: it is named" json "$json" \
        "any(f['verdict'] == 'violation' and '$3' in (f['found'] or '') for f in it['findings'])"
}

# shows NAME EXPRESSION...   each of the scan's report, which is complete
shows()
{
    local name=$1 expression
    shift
    run tlsharden scan "127.0.0.1:$port" "${common[@]}"
    status_is 0 "$name: the scan is complete"
    python3 -c 'import json, sys
json.dump(json.load(sys.stdin)[0], sys.stdout)' <"$OUT" >"$json"
    for expression in "$@"; do
        check "$name: $expression" json "$json" "$expression"
    done
}

version='lambda name: [v for v in it["versions"] if v["version"] == name and v["supported"]]'
suite='lambda name: [s for s in it["suites"] if s["name"] == name]'

scripted
finds "as the profile has it" '' ''
shows "as the profile has it" \
    '[v["version"] for v in it["versions"] if v["supported"]] == ["TLSv1.3", "TLSv1.2"]' \
    'len(it["suites"]) == 6 and not any(s["weak"] for s in it["suites"])' \
    '{g["name"] for g in it["groups"]} == {"x25519", "secp256r1", "secp384r1"}' \
    'it["flags"]["secure_renegotiation"] and not it["flags"]["compression"]' \
    '[c["chain"] for c in it["certificates"]] == ["ok"]'

scripted '{"ssl2": [65664, 393280]}' # RC4_128_WITH_MD5, DES_64_CBC_WITH_MD5
finds SSLv2 tls/versions 'SSLv2, too'
shows SSLv2 "($version)('SSLv2')[0]['weak']"

scripted '{"suites": {"0x0300": [10]}}' # TLS_RSA_WITH_3DES_EDE_CBC_SHA
finds SSLv3 tls/versions 'SSLv3, too'
shows SSLv3 "($version)('SSLv3')[0]['weak']" "($suite)('TLS_RSA_WITH_3DES_EDE_CBC_SHA')[0]['version'] == 'SSLv3'"

scripted '{"suites": {"0x0303": [49199, 5]}}'
finds RC4 tls/suites TLS_RSA_WITH_RC4_128_SHA
shows RC4 "($suite)('TLS_RSA_WITH_RC4_128_SHA')[0]['weak'] == 'RC4'"

scripted '{"suites": {"0x0303": [49199, 3]}}'
finds "an export suite" tls/suites TLS_RSA_EXPORT_WITH_RC4_40_MD5
check "an export suite is critical" json "$json" \
    '["critical"] == [f["severity"] for f in it["findings"] if f["verdict"] == "violation"]'
shows "an export suite" "($suite)('TLS_RSA_EXPORT_WITH_RC4_40_MD5')[0]['weak'].startswith('export')"

scripted '{"renegotiation": false}'
finds "no secure renegotiation" tls/renegotiation ''
shows "no secure renegotiation" 'it["flags"]["secure_renegotiation"] is False'

scripted '{"compression": 1}'
finds DEFLATE tls/compression ''
shows DEFLATE 'it["flags"]["compression"] is True'

# 4588 is X25519MLKEM768. The group alone, so that a server of TLS 1.3 has no other.
for hasty in false true; do
    scripted '{"groups": {"0x0304": [4588], "0x0303": [29, 23, 24]}, "hasty": '"$hasty"'}'
    finds "X25519MLKEM768 alone, hasty: $hasty" '' ''
    shows "X25519MLKEM768 alone, hasty: $hasty" \
        '[g["name"] for g in it["groups"] if "TLSv1.3" in g["versions"]] == ["X25519MLKEM768"]' \
        'len([s for s in it["suites"] if s["version"] == "TLSv1.3"]) == 3'
done
cat >"$work/classic.json" <<'END'
{ "name": "classic", "extends": "strict", "tls": { "groups": { "remove": ["X25519MLKEM768"] } } }
END
finds "X25519MLKEM768 where the profile has it not" tls/groups X25519MLKEM768 --profile "$work/classic.json"
done_testing
