#!/bin/bash
# No memory lost and no descriptor left open in the commands that change a host: valgrind, on an image. (The plan is
# made without it: valgrind knows no openat2.)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../cli/lib.sh"
sample_root
plan=$work/plan.json

watched()
{
    # shellcheck disable=SC2016 # the inner shell's
    run bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$@"' - \
        timeout 120 valgrind -q --track-fds=yes --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 "$program" --root "$root" "$@"
}

clean()
{
    status_is "$1" "$2"
    is "$(grep -c 'Open file descriptor' "$ERR")" 0 "$2: no descriptor is left open"
}

run on_root diff --out "$plan"
watched apply --yes --plan "$plan"
clean 0 "apply"
watched apply --yes --plan "$plan"
clean 5 "apply of a stale plan"
watched history show 1
clean 0 "history show"
echo '# edited' >>"$root/etc/postfix/main.cf"
watched rollback
clean 5 "rollback in conflict"
watched rollback --force /etc/postfix/main.cf
clean 0 "rollback"
sed -i '$d' "$root/etc/postfix/main.cf"
run on_root diff --out "$plan"
watched apply --yes --plan "$plan" --confirm 300
clean 0 "apply --confirm"
watched confirm
clean 0 "confirm"
watched recover
clean 0 "recover"
run on_root rollback
run on_root apply --yes --plan "$plan"
watched history
clean 0 "history"
run on_root rollback
run on_root --profile strict apply --yes --confirm 300
watched recover
clean 0 "recover of what waits"
done_testing
