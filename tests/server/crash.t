#!/bin/bash
# SIGKILL in the middle of an apply, at several moments: afterwards `recover` leaves the host wholly as it was or
# wholly hardened, and every port serves.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario
snapshot "$work/before"
probe "$work/before.json" --brief

# How long an apply takes here, to strike at every part of it.
start=$(date +%s%N)
run tlsharden apply --profile strict --yes
status_is 0 "apply"
took=$((($(date +%s%N) - start) / 1000000))
snapshot "$work/after"
fails "it has changed files" cmp -s "$work/before" "$work/after"
run tlsharden rollback
status_is 0 "rollback"

for part in 20 45 60 75 90 97; do
    setsid "$program" apply --profile strict --yes >"$work/killed" 2>&1 </dev/null &
    apply=$!
    sleep "$(printf '%d.%03d' $((took * part / 100000)) $((took * part / 100 % 1000)))"
    kill -KILL -- "-$apply" 2>/dev/null
    wait "$apply" 2>/dev/null
    run tlsharden recover
    status_is 0 "killed at $part % of the way: recover"
    snapshot "$work/now"
    if cmp -s "$work/now" "$work/after"; then
        tap_result 0 "killed at $part % of the way: the host is wholly hardened"
        run tlsharden rollback
        status_is 0 "killed at $part % of the way: rollback"
        snapshot "$work/now"
    fi
    same "$work/now" "$work/before" "killed at $part % of the way: everything is as it was"
    probe "$work/now.json" --brief
    same "$work/now.json" "$work/before.json" "killed at $part % of the way: every port serves"
done
done_testing
