#!/bin/bash
# verify without targets: the endpoints of this host's own services, before and after the profile is applied.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario

run tlsharden verify --profile strict --ca /pki/ca.pem --format json
status_is 1 "a stock host does not conform"
cp "$OUT" /tmp/before.json
run tlsharden apply --profile strict --yes
status_is 0 "apply"
run tlsharden verify --profile strict --ca /pki/ca.pem
cat "$OUT" | grep -v "^ok" >&2
status_is 0 "then it does"
run tlsharden verify --profile strict --ca /pki/ca.pem --exact
cat "$OUT" | grep -v "^ok" >&2
status_is 0 "and has everything"
done_testing
