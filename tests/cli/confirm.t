#!/bin/bash
# apply --confirm at a terminal: it counts down, a yes keeps the change, everything else takes it back, even when the
# terminal or the whole session is gone.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
sample_root
tree "$work/before"

# at_terminal WHEN ANSWER ARGUMENT...
at_terminal()
{
    run timeout 90 python3 "$top/tests/cli/terminal.py" "$1" "$2" "$program" --root "$root" --profile strict "${@:3}"
}

# history_ends STATE   within ten seconds
history_ends()
{
    for _ in $(seq 100); do
        ! tlsharden --root "$root" history 2>/dev/null | grep '^[0-9]' | tail -n 1 | grep -q " $1 " || return 0
        sleep 0.1
    done
    return 1
}

back()
{
    check "$1: it is taken back" history_ends rolled-back
    tree "$work/now"
    same "$work/now" "$work/before" "$1: all is as it was"
}

at_terminal 'Apply these changes' n apply
status_is 0 "asked, and no"
out_has 'nothing was changed' "asked, and no: says so"
tree "$work/now"
same "$work/now" "$work/before" "asked, and no: all is as it was"

at_terminal 'is all well' y apply --yes --confirm 30
status_is 0 "yes"
out_has 'y and Enter keeps it, n takes it back; it goes back in 30 s' "yes: was told how"
out_has 'generation 0001 is confirmed' "yes: confirmed"
check "yes: it is final" history_ends committed
tree "$work/after"
fails "yes: something has changed" cmp -s "$work/after" "$work/before"
run on_root rollback
status_is 0 "yes: can be taken back"
out_has 'generation 0001 is taken back: [0-9]+ files of apache, courier, openldap, postfix are as before' "yes: says what is back"

at_terminal 'is all well' '' apply --yes --confirm 3
check "silence: exit status 6, or 5 where the waiting process was faster" test "$STATUS" = 6 -o "$STATUS" = 5
for left in 3 2 1; do
    out_has "it goes back in $left s" "silence: counts down, $left"
done
out_has 'it was not confirmed(; everything is back|, and goes back)' "silence: says so"
back "silence"

at_terminal 'is all well' no apply --yes --confirm 30
status_is 6 "no: exit status 6"
out_has 'it was not confirmed; everything is back as it was' "no: says so"
tree "$work/now"
same "$work/now" "$work/before" "no: all is as it was, at once"

run on_root --profile strict apply --yes --confirm 300
status_is 0 "in a script"
run on_root recover --expired
out_has 'what waits to be confirmed waits on' "in a script: recover --expired leaves it"
run on_root recover
status_is 0 "in a script: recover"
out_has 'generation 0004 was not confirmed; it is taken back' "in a script: says what it did"
back "in a script"

at_terminal 'is all well' hangup apply --yes --confirm 2
back "the terminal hangs up"

at_terminal 'is all well' kill apply --yes --confirm 2
status_is 137 "the session is killed"
back "the session is killed"
run on_root history
out_has ' rolled-back .*postfix \(not confirmed\)$' "history says why"
run on_root recover
out_has 'nothing was interrupted: there is nothing to do' "recover has nothing to do"
done_testing
