#!/bin/bash
# diff, apply and rollback on an image of a host: files beneath it and nothing else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
sample_root
tree "$work/before"

# --- looking -----------------------------------------------------------------------------------

run on_root --profile strict diff
status_is 1 "diff: something to change"
for file in postfix/main.cf courier/imapd-ssl apache2/sites-available/shop.example.test.conf \
    apache2/sites-available/www.example.test.conf; do
    out_has "^--- .*etc/$file" "diff: $file, old"
    out_has "^\+\+\+ .*etc/$file" "diff: $file, new"
done
out_has '^\+.*tlsharden\.conf|^\+\+\+ .*conf-available/tlsharden\.conf' "diff: Apache's policy file"
is "$(grep -c $'\033' "$OUT")" 0 "diff: no colours where there is no terminal"
cp "$OUT" "$work/diff"
run on_root --profile strict diff
same "$OUT" "$work/diff" "diff: the same twice"
run on_root --profile strict diff --format json
status_is 1 "diff --format json: the same exit status"
check "diff --format json: is JSON" json "$OUT" 'it'
run on_root --profile strict diff --service postfix
status_is 1 "diff --service postfix"
is "$(grep -cE '^\+\+\+ .*(apache2|courier|ldap)' "$OUT")" 0 "diff --service postfix: nothing of the others"
run on_root --profile strict diff --color always
check "diff --color always: colours" grep -q $'\033' "$OUT"
run env NO_COLOR=1 timeout 60 "$program" --root "$root" --profile strict diff
is "$(grep -c $'\033' "$OUT")" 0 "NO_COLOR: none"
run on_root --profile strict apply --dry-run
check "apply --dry-run" test "$STATUS" -le 1
tree "$work/now"
same "$work/now" "$work/before" "looking changes nothing"

# --- the diff is a patch -----------------------------------------------------------------------

run on_root --profile strict diff
cp -a "$root" "$work/patched"
check "patch -p1 takes the diff" patch -d "$work/patched" -p1 -s -f -i "$OUT"

# --- applying ----------------------------------------------------------------------------------

run on_root --profile strict apply --yes
status_is 0 "apply"
tree "$work/applied"
root=$work/patched tree "$work/patched.tree"
same "$work/applied" "$work/patched.tree" "apply makes what patch made of the diff: files, links, modes"
check "the policy file is enabled by a relative link" \
    test "$(readlink "$root/etc/apache2/conf-enabled/tlsharden.conf")" = ../conf-available/tlsharden.conf
check "sites-enabled links stay links" test -L "$root/etc/apache2/sites-enabled/shop.example.test.conf"
is "$(stat -c %a "$root/etc/courier/imapd.pem")" "$(awk '$1 == "./etc/courier/imapd.pem" { print $3; exit }' "$work/before")" \
    "the key file keeps its mode"
is "$(find "$root" -newer "$work/patched" -name '*.tlsharden*')" '' "no temporary file is left"
run on_root --profile strict diff
status_is 0 "diff: nothing to change any more"
is "$(grep -c '^[-+]' "$OUT")" 0 "and no line of a diff"
run on_root --profile strict apply --yes
status_is 0 "a second apply"
tree "$work/now"
same "$work/now" "$work/applied" "changes nothing"
run on_root history
status_is 0 "history"
out_has strict "history: names the profile"
run on_root history --format json
check "history --format json: is JSON" json "$OUT" 'it'

# --- and back ----------------------------------------------------------------------------------

run on_root rollback
status_is 0 "rollback"
tree "$work/now"
same "$work/now" "$work/before" "everything is as it was: bytes, owners, modes, links"
run on_root rollback
check "a second rollback has nothing to take back and says so" test "$STATUS" -ne 0 -a "$STATUS" -lt 70 -a -s "$ERR"

# --- hand edits --------------------------------------------------------------------------------

run on_root --profile strict apply --yes
echo 'message_size_limit = 31457280' >>"$root/etc/postfix/main.cf"
run on_root rollback
status_is 5 "rollback over a hand edit is a conflict"
err_has postfix/main.cf "the file is named"
check "the hand edit is kept" grep -q '^message_size_limit = 31457280$' "$root/etc/postfix/main.cf"

done_testing
