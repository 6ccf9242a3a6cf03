#!/bin/bash
# verify without targets: the endpoints of this host's own services, before and after the profile is applied; and
# scan of each against what another client sees.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario

# rules VERDICT   of the last run's JSON, each with the service
rules()
{
    python3 -c 'import json, sys
found = json.load(open(sys.argv[1], encoding="utf-8"))["findings"]
print("\n".join(sorted({f["subject"].split()[-2] + " " + f["rule"] for f in found if f["verdict"] == sys.argv[2]})))' \
        "$OUT" "$1"
}

verify()
{
    run tlsharden verify --profile strict --ca /pki/ca.pem --format json "$@"
}

verify
status_is 1 "a stock host does not conform"
check "the site with its own old settings is flagged" grep -q '"found": "TLSv1.1, TLSv1, too"' "$OUT"
for rule in "apache http/hsts" "apache http/redirect" "apache tls/versions" "postfix tls/versions" "courier tls/versions" \
    "openldap tls/versions" "courier tls/suites"; do
    check "it is flagged: $rule" grep -qx "$rule" <(rules violation)
done
is "$(rules inconclusive)" '' "nothing stays open"

run tlsharden apply --profile strict --yes
status_is 0 "apply"
verify
status_is 0 "then every service conforms"
is "$(rules violation)$(rules inconclusive)" '' "and nothing is flagged, nothing open"
check "HSTS and the redirect are among what conforms" test "$(rules conforms | grep -c '^apache http/')" = 2
verify --exact
status_is 0 "and each has all that the profile asks for"
is "$(rules violation)$(rules inconclusive)" '' "exactly"

rm -f /tmp/resume
verify --resume /tmp/resume
status_is 0 "this host's endpoints are noted"
is "$(grep -c ' 0\.$' /tmp/resume)" "$(sort -u /tmp/resume | grep -c '\.$')" "each once"
verify --resume /tmp/resume
status_is 0 "and skipped"
check "all of them" python3 -c 'import json, sys
it = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(it["resumed"] < 5 or it["findings"] != [])' "$OUT"
verify --resume /tmp/resume --exact
status_is 3 "exactly is another run"
verify --resume /tmp/resume --service apache
status_is 3 "and so are other services"

# Courier counts connections per address: nothing is lost.
sed -i 's/^MAXPERIP=.*/MAXPERIP=2/' /etc/courier/imapd
check "Courier has that limit" grep -q '^MAXPERIP=2$' /etc/courier/imapd
/etc/init.d/courier-imap restart >/dev/null 2>&1
host_until 100 host_listens 143
host_until 100 host_listens 993
verify --service courier
is "$STATUS$(rules violation)$(rules inconclusive)" 0 "with two connections per address nothing is lost"

for target in 127.0.0.1:443 127.0.0.1:587 127.0.0.1:143 127.0.0.1:389 127.0.0.1:636; do
    run tlsharden scan "$target" --name www.example.test --ca /pki/ca.pem --format json
    status_is 0 "$target: the scan is complete"
    check "$target: TLS 1.2 and 1.3 alone" python3 -c 'import json, sys
it = json.load(open(sys.argv[1], encoding="utf-8"))[0]
sys.exit([v["version"] for v in it["versions"] if v["supported"]] != ["TLSv1.3", "TLSv1.2"])' "$OUT"
done
done_testing
