#!/bin/bash
# Real editors while a change is under way: postconf -e and sed -i on main.cf before each call that changes files. What
# they write is never lost: either the change is refused or taken back and names the file, or both are there. It is about
# the files: the host stands under another name, where nothing runs and `postfix check` is not asked.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
ln -s / "$work/host"
cp -a /etc/postfix "$work/postfix"
policy=smtpd_tls_mandatory_protocols
value=0

# fresh   as before the change, with no history
fresh()
{
    rm -rf /etc/postfix /var/lib/tlsharden
    cp -a "$work/postfix" /etc/postfix
}

# verdict STATUS   what is wrong after a change that ended so, with an edit that set $value; nothing, if all is well
verdict()
{
    local has=0
    grep -qx "message_size_limit = $value" /etc/postfix/main.cf ||
        { [ "$1" != 0 ] && grep -rqsx "message_size_limit = $value" /var/lib/tlsharden/gen/*/kept; } ||
        echo "the edit is lost"
    ! grep -q "^$policy" /etc/postfix/main.cf || has=1
    case $1:$has in
    0:1 | [56]:0) ;;
    *) echo "exit status $1, policy in main.cf: $has" ;;
    esac
    [ "$1" = 0 ] || grep -q /etc/postfix/main.cf "$ERR" || echo "main.cf is not named"
    [ -z "$(find /etc/postfix -name '*.tlsharden.*' -o -name 'main.cf.tmp' -o -name master.cf.tmp)" ] ||
        echo "something is left lying about"
}

# meddle NAME EDITOR   at each call; EDITOR has VALUE where the value goes
meddle()
{
    local name=$1 editor=$2 at bad='' done=0 told=0
    waited=0
    for ((at = 1; at < 400; at++)); do
        fresh
        value=$((30000000 + at))
        run env PYTHONDONTWRITEBYTECODE=1 timeout 120 python3 /src/tests/server/meddle.py "$at" "${editor//VALUE/$value}" \
            "$program" --root "$work/host" apply --profile strict --service postfix --yes
        [ "$STATUS" != 98 ] || break
        ! grep -q 'waited$' "$OUT" || waited=$((waited + 1))
        if [ "$STATUS" = 0 ]; then done=$((done + 1)); else told=$((told + 1)); fi
        bad=$(verdict "$STATUS")
        [ -z "$bad" ] || break
    done
    is "$bad" '' "$name: no edit is lost, at any of $((at - 1)) calls"
    [ -z "$bad" ] || { echo "# at call $at"; tap_show_run; }
    check "$name: conflicts were told" test "$told" -gt 0
    check "$name: other edits came before or after" test "$done" -gt 0
    echo "#= $name at $((at - 1)) calls: $told conflicts told, $done done, $waited of the editors had to wait; no edit lost"
}

meddle "postconf -e" "postconf -e message_size_limit=VALUE"
check "postconf had to wait for the lock" test "$waited" -gt 0
meddle "sed -i" "sed -i '\$amessage_size_limit = VALUE' /etc/postfix/main.cf"

# Who has Postfix's lock is waited for, for a while.
fresh
(flock 9 && exec sleep 20) 9>/etc/postfix/master.cf.tmp &
holder=$!
host_until 20 eval '! flock -n /etc/postfix/master.cf.tmp true'
run tlsharden --root "$work/host" apply --profile strict --service postfix --yes
status_is 5 "another editor has Postfix's lock: refused"
err_has "another program is editing and has locked '/etc/postfix/master.cf.tmp': wait for it" "it is said which"
kill "$holder"
check "nothing was changed" diff -r --exclude='*.tmp' /etc/postfix "$work/postfix"
done_testing
