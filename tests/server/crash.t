#!/bin/bash
# SIGKILL at every moment that the journal announces: before each service is told, and around each modify of the
# directory's. Afterwards `recover` leaves the host as it was, to be seen on every port by handshake; behind the commit
# record, hardened. The same for rollback. Which moments there are the runs themselves tell.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario
snapshot "$work/before"
probe "$work/before.json" --brief

# strike N COMMAND...   see strike.py; the moments go to $work/moments
strike()
{
    PYTHONDONTWRITEBYTECODE=1 timeout 180 python3 /src/tests/server/strike.py "$1" "$work/moments" "$program" "${@:2}"
}

# moments   of the last run, a line each
moments()
{
    grep -v '^syncfs$' "$work/moments"
}

# secured   slapd answers after StartTLS
secured()
{
    timeout 20 env LDAPTLS_CACERT=/etc/ssl/host/ca.pem \
        ldapsearch -x -ZZ -LLL -H ldap://ldap.example.test -b dc=nodomain -s base dn
}

# as_it_was WHERE
as_it_was()
{
    snapshot "$work/now"
    same "$work/now" "$work/before" "$1: everything is as it was"
    probe "$work/now.json" --brief
    same "$work/now.json" "$work/before.json" "$1: every port serves what it did, by handshake"
    check "$1: slapd's StartTLS works" secured
    is "$(find /etc -name '*.tlsharden.*')" '' "$1: nothing is left lying about"
}

# --- apply -----------------------------------------------------------------------------------------

run strike 0 apply --profile strict --yes
status_is 0 "apply"
snapshot "$work/after"
fails "it has changed files" cmp -s "$work/before" "$work/after"
mapfile -t applied < <(moments)
wanted=$(tlsharden history --format json | python3 -c 'import json, sys; print(*json.load(sys.stdin)[-1]["services"], sep="\n")' | sort)
is "$(printf '%s\n' "${applied[@]}" | sed -n 's/^announced //p' | sort)" "$wanted" "each service is announced, once"
check "modifies are made after the announcement, and are on disk before the next one" \
    grep -Pzq 'announced openldap\n(modify, asked\nmodify, sent\nsyncfs\n)+announced' "$work/moments"
is "${applied[-1]}" "state committed" "the commit comes last"
check "slapd's StartTLS works with the profile" secured
run strike 0 rollback
status_is 0 "rollback"
mapfile -t taken_back < <(moments)
as_it_was "rollback"

for i in "${!applied[@]}"; do
    where="apply killed at moment $((i + 1)), ${applied[$i]}"
    run strike $((i + 1)) apply --profile strict --yes --rehearse never
    status_is 137 "$where"
    is "$(moments | tail -n 1)" "${applied[$i]}" "$where: it was there"
    run tlsharden recover
    status_is 0 "$where: recover"
    if [ "${applied[$i]}" = "state committed" ]; then
        snapshot "$work/now"
        same "$work/now" "$work/after" "$where: the host is hardened"
        run tlsharden rollback
        status_is 0 "$where: rollback"
    fi
    as_it_was "$where"
done

# --- rollback ----------------------------------------------------------------------------------------

for i in "${!taken_back[@]}"; do
    where="rollback killed at moment $((i + 1)), ${taken_back[$i]}"
    run tlsharden apply --profile strict --yes --rehearse never
    status_is 0 "$where: apply"
    run strike $((i + 1)) rollback
    status_is 137 "$where"
    run tlsharden recover
    status_is 0 "$where: recover"
    as_it_was "$where"
done
echo "#= apply killed at ${#applied[@]} moments ($(printf '%s\n' "${applied[@]}" | grep -c announced) announced activations," \
    "$(printf '%s\n' "${applied[@]}" | grep -c 'modify, sent') modifies), rollback at ${#taken_back[@]}: recovered, served"
done_testing
