#!/bin/bash
# The pager: what is long goes through it on a terminal, whatever it does the exit status stays; elsewhere there is none.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
sample_root
unset PAGER TLSHARDEN_PAGER LESS LESSSECURE

# A pager that notes what it is given.
cat >"$work/note" <<END
#!/bin/sh
{ echo "\$# \$*"; env | grep ^LESS | sort; } >"$work/told"
cat >"$work/read"
END
printf '#!/bin/sh\nexit 3\n' >"$work/quit"
chmod +x "$work/note" "$work/quit"

# at_terminal [NAME=VALUE...] -- ARGUMENT...   on a terminal; typed WHEN something is seen: see `when` and `answer`
when=nothing answer=
at_terminal()
{
    local environment=(TERM=xterm)
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    rm -f "$work/told" "$work/read"
    run timeout 90 env "${environment[@]}" python3 "$top/tests/cli/terminal.py" "$when" "$answer" \
        "$program" --root "$root" --color never "$@"
}

paged()
{
    check "$1: through the pager" test -s "$work/read"
    is "$(grep -c '^--- ' "$OUT")" 0 "$1: and nowhere else"
}

unpaged()
{
    check "$1: no pager" test ! -e "$work/told"
}

on_root --color never diff >"$work/plain" 2>"$work/messages"
at_terminal PAGER="$work/note -a  b" -- diff
status_is 1 "diff: its own exit status"
paged diff
same <(head -n "$(wc -l <"$work/plain")" "$work/read") "$work/plain" "diff: all of it"
same <(grep '^tlsharden: ' "$work/read") "$work/messages" "diff: with what is said about it"
secure=
[ "$(id -u)" != 0 ] || secure=$'\nLESSSECURE=1'
is "$(cat "$work/told")" "2 -a b"$'\nLESS=FRX'"$secure" "its arguments, and how less is to be"
at_terminal PAGER="$work/note" LESS=-R -- diff
check "LESS is the reader's own" grep -qx LESS=-R "$work/told"
at_terminal PAGER="$work/quit" TLSHARDEN_PAGER="$work/note" -- diff --quiet
paged "TLSHARDEN_PAGER goes first"
at_terminal PAGER=note PATH="$work:$PATH" -- diff
paged "found in PATH"

at_terminal PAGER="$work/quit" -- diff
status_is 1 "a pager that quits at once: the exit status stays"
is "$(grep -v ' look at ' "$OUT" | tr -d '[:space:]' | sed 's/\x1b\[K//g')" '' "and nothing is said"
at_terminal PAGER="$work/quit" -- --format json diff --service nosuch
status_is 3 "an error is no result"
out_has 'nosuch' "it is not paged"
at_terminal PAGER=/nosuch/pager -- diff
status_is 1 "no such pager: the exit status stays"
out_has "there is no pager '/nosuch/pager'" "is told"
out_has '^--- a/etc' "and the diff is shown"
printf 'no program' >"$work/broken"
chmod +x "$work/broken"
at_terminal PAGER="$work/broken" -- diff
status_is 1 "what cannot be started: the exit status stays"
out_has 'the pager could not be started' "is told"

at_terminal PAGER="$work/note" -- diff --no-pager
unpaged "--no-pager"
out_has '^--- a/etc' "--no-pager: the diff is shown"
at_terminal PAGER="$work/note" -- --no-pager explain
unpaged "--no-pager before the command"
at_terminal PAGER= -- diff
out_has '^--- a/etc' "an empty PAGER"
at_terminal PAGER="$work/note" TLSHARDEN_PAGER=cat -- diff
unpaged "cat"
at_terminal PAGER="$work/note" TERM=dumb -- diff
unpaged "a terminal that can do nothing"
rm -f "$work/told"
run env TERM=xterm PAGER="$work/note" "$program" --root "$root" diff
unpaged "in a pipe"
run env TERM=xterm PAGER="$work/note" python3 "$top/tests/cli/terminal.py" nothing '' \
    /bin/sh -c "'$program' --root '$root' diff | cat"
unpaged "in a pipe on a terminal"

at_terminal PAGER="$work/note" -- explain postfix
status_is 0 "explain"
check "explain: through the pager" test -s "$work/read"
when='Apply these changes' answer=y
at_terminal PAGER="$work/note" -- apply
status_is 0 "apply"
unpaged "apply"
when=nothing answer=
at_terminal PAGER="$work/note" -- history show 0001
status_is 0 "history show"
paged "history show"
at_terminal PAGER="$work/note" -- history
unpaged "history"
run on_root rollback

sed -i 's/^\(\s*\)SSLProtocol/\1# \x1b]0;evil\x07\n&/' "$root"/etc/apache2/sites-available/shop*
at_terminal PAGER="$work/note" -- diff --service apache
check "a comment that a terminal would obey is in it" grep -q '0;evil' "$work/read"
is "$(grep -c $'\033\|\007' "$work/read")" 0 "made visible for the pager, too"

at_terminal -- explain apache SSLSessionTickets
status_is 0 "less itself: a short text ends by itself"
out_has 'SSLSessionTickets' "and is shown"
when='--- a/etc' answer=q
at_terminal -- diff
status_is 1 "less itself: a long one ends with q"
done_testing
