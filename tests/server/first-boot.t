#!/bin/bash
# Provisioning: nothing runs yet, nobody sits at a terminal. What is applied must be what the servers serve once
# they are started.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
snapshot "$work/before"
run tlsharden apply --profile strict --yes
status_is 0 "apply with every server down"
is "$(pgrep -c 'apache2|master|slapd|couriertcpd')" 0 "starts none of them"
is "$(find /etc/ldap/slapd.d ! -user openldap)" '' "cn=config still belongs to slapd"
check "the servers start" host_start
probe "$work/seen.json"
for endpoint in https https-shop smtp submission submissions imap imaps ldap ldaps; do
    check "$endpoint: accepts exactly the profile's suites and versions" conforms "$work/seen.json" strict rsa "$endpoint"
done
run tlsharden diff --profile strict
status_is 0 "diff: nothing to change"
run tlsharden rollback
status_is 0 "rollback while they run"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"
probe "$work/seen.json"
for endpoint in https-shop smtp submission submissions imap imaps ldap ldaps; do
    fails "$endpoint: has taken notice, though it was started after the change" \
        conforms "$work/seen.json" strict rsa "$endpoint"
done

run tlsharden apply --profile strict --yes
status_is 0 "applied while they run"
/etc/init.d/postfix stop >/dev/null 2>&1
run tlsharden rollback
status_is 0 "rollback, though somebody has stopped Postfix since"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was once more"
done_testing
