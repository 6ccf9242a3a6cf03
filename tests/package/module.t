#!/bin/bash
# The program as Ansible's module on a host with running servers: apply, prove, verify, take back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../server/scenario.sh"

# module JSON   as Ansible starts it
module()
{
    printf '%s' "$1" >"$work/task.json"
    run tlsharden "$work/task.json"
}

# answer EXPRESSION NAME   a Python expression over the module's answer `it`
answer()
{
    check "$2" python3 -c 'import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    it = json.load(file)
if not eval(sys.argv[2]):
    sys.exit(json.dumps(it, indent=1)[:3000])' "$OUT" "$1"
}

start_scenario
snapshot "$work/before"
module '{ "_ansible_check_mode": false, "command": "verify", "fail_on": "medium" }'
status_is 1 "verify on a stock host"
answer 'it["failed"] and it["rc"] == 1 and len(it["findings"]) > 0 and not it["changed"]' "fails, with findings"
module '{ "_ansible_check_mode": true, "_ansible_diff": true }'
answer 'it["changed"] and "olcTLSCipherSuite" in it["diff"]["prepared"] and "SSLProtocol" in it["diff"]["prepared"]' \
    "check mode: a patch and LDIF"
snapshot "$work/now"
same "$work/now" "$work/before" "and nothing has changed"
module '{ "_ansible_check_mode": false, "rehearse": "required" }'
status_is 0 "apply"
answer 'it["changed"] and it["endpoints_proven"] >= 9 and it["generation"] == "0001"' "every port is proven"
answer 'all(r["result"] == "works" for r in it["rehearsal"])' "after a rehearsal"
module '{ "_ansible_check_mode": false }'
answer 'not it["changed"] and not it.get("failed")' "nothing to change the second time"
module '{ "_ansible_check_mode": false, "command": "verify", "fail_on": "medium" }'
answer 'it["verdict"] == "conforms" and not it.get("failed")' "verify: conforms"
module '{ "_ansible_check_mode": false, "command": "rollback", "generation": "0001" }'
answer 'it["changed"] and it["generation"] == "0001"' "rollback"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"
module '{ "_ansible_check_mode": false, "command": "rollback", "generation": "0001" }'
answer 'it["failed"] and not it["changed"]' "there is no second time"
done_testing
