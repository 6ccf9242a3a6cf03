#!/bin/bash
# A reboot in the middle of a change, or before it was confirmed: what packaging/systemd runs before the servers start
# and after slapd has started takes it back, and the servers serve what they did.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario
snapshot "$work/before"
probe "$work/before.json" --brief

# unit NAME   runs what that unit runs
unit()
{
    local words
    read -ra words < <(sed -n 's/^ExecStart=//p' "/src/packaging/systemd/$1.service")
    run timeout 120 "$program" "${words[@]:1}"
}

# reboot WHERE   the servers are gone at once; they come back with the units around them
reboot()
{
    host_stop
    unit tlsharden-recover
    check "$1: before the servers start" test "$STATUS" = 0 -o "$STATUS" = 7
    [ "$STATUS" = 0 ] || err_has "the files are back; .*cn=config.* can be put back when openldap runs" "$1: says what is left"
    fails "$1: nothing was started" pgrep -x 'apache2|slapd|master|couriertcpd'
    fails "$1: the files are back, Postfix's" grep -q tlsharden /etc/postfix/main.cf
    fails "$1: the files are back, Apache's" test -e /etc/apache2/conf-enabled/tlsharden.conf
    check "$1: the servers start" host_start
    unit tlsharden-settle
    status_is 0 "$1: once slapd runs"
    snapshot "$work/now"
    same "$work/now" "$work/before" "$1: everything is as it was"
    probe "$work/now.json" --brief
    same "$work/now.json" "$work/before.json" "$1: every port serves what it did"
    run tlsharden history
    out_has ' rolled-back ' "$1: history tells"
}

run tlsharden apply --profile strict --yes --rehearse never --confirm 3600
status_is 0 "apply --confirm"
check "it is in place" test -e /etc/apache2/conf-enabled/tlsharden.conf
reboot "not confirmed"

run env PYTHONDONTWRITEBYTECODE=1 python3 /src/tests/server/strike.py 5 "$work/moments" \
    "$program" apply --profile strict --yes --rehearse never
status_is 137 "killed on the way"
is "$(grep -v syncfs "$work/moments" | tail -n 1)" "modify, sent" "when cn=config was being changed"
reboot "killed on the way"

run tlsharden apply --profile strict --yes --rehearse never
status_is 0 "applied for good"
host_stop
unit tlsharden-recover
status_is 0 "applied for good: nothing to take back"
check "applied for good: the servers start" host_start
unit tlsharden-settle
status_is 0 "applied for good: nor afterwards"
check "applied for good: it stays" test -e /etc/apache2/conf-enabled/tlsharden.conf
done_testing
