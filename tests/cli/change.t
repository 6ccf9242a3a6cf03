#!/bin/bash
# Saved plans, confirmation, force, history: what a change can do besides happening, on an image of a host.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
sample_root
tree "$work/before"
main=$root/etc/postfix/main.cf
plan=$work/plan.json

# --- a saved plan ------------------------------------------------------------------------------

run on_root --profile strict diff --out "$plan"
status_is 1 "diff --out: there is something to change"
is "$(stat -c %a "$plan")" 600 "the plan is for nobody else to read"
check "it is JSON" json "$plan" 'it["format"] == "tlsharden plan" and it["version"] == 1'
cp -a "$root" "$work/copy"
run on_root apply --yes --plan "$plan"
status_is 0 "apply --plan"
tree "$work/by-plan"
run on_root apply --yes --plan "$plan"
status_is 5 "apply --plan, again: refused"
err_has "has (changed|appeared) since the plan was saved" "since the host is not as it was"
run on_root rollback
status_is 0 "rollback"
run on_root --profile strict apply --yes
status_is 0 "apply without a plan"
tree "$work/now"
same "$work/now" "$work/by-plan" "comes to the same"
run on_root rollback
tree "$work/now"
same "$work/now" "$work/before" "rollback: all is as it was"

# --- stale, altered, not ours --------------------------------------------------------------------

run on_root --profile strict diff --out "$plan"
chmod 600 "$main"
run on_root apply --yes --plan "$plan"
status_is 5 "stale: another mode"
err_has "postfix/main.cf.* has changed since the plan was saved: mode \(0644, now 0600\)" "says what has changed"
chmod 644 "$main"
cp -p "$main" "$main.new" && mv "$main.new" "$main"
run on_root apply --yes --plan "$plan"
status_is 5 "stale: another inode"
err_has "inode \([0-9]+, now [0-9]+\)" "says so"
run on_root --profile strict diff --out "$plan"
echo '# edited' >>"$main"
run on_root apply --yes --plan "$plan"
status_is 5 "stale: edited"
err_has "content \([0-9a-f]{12}, now [0-9a-f]{12}\)" "says so"
sed -i '$d' "$main"
run on_root --profile strict diff --out "$plan"
mv "$main" "$work/main.cf"
run on_root apply --yes --plan "$plan"
status_is 5 "stale: vanished"
err_has "has vanished since the plan was saved" "says so"
mv "$work/main.cf" "$main"
sed 's/"gid": 0/"gid": 1/' "$plan" >"$work/altered.json"
run on_root apply --yes --plan "$work/altered.json"
status_is 3 "altered: bad input"
err_has "was altered after it was saved" "says so"
head -c 1000 "$plan" >"$work/cut.json"
run on_root apply --yes --plan "$work/cut.json"
status_is 3 "cut short: bad input"
echo '{}' >"$work/other.json"
run on_root apply --yes --plan "$work/other.json"
status_is 3 "another JSON: bad input"
err_has "is not a plan that this version saved" "says so"
chmod 666 "$plan"
run on_root apply --yes --plan "$plan"
status_is 5 "writable by others: refused"
err_has "may be written to by others" "says so"
chmod 600 "$plan"
run tlsharden --root "$work/copy" apply --yes --plan "$plan"
status_is 5 "another root: refused"
err_has "was saved for another host" "says so"
cp "$top/profiles/strict.json" "$work/mine.json"
run on_root --profile "$work/mine.json" diff --out "$plan"
sed -i 's/"session_tickets": *false/"session_tickets": true/; s/"title": "/"title": "Another /' "$work/mine.json"
run on_root apply --yes --plan "$plan"
status_is 5 "another profile meanwhile: refused"
err_has "the profile .* has changed since the plan was saved" "says so"
run on_root apply --yes --plan "$work/none.json"
status_is 4 "no such plan"
run on_root --profile strict diff --out "$work/none/plan.json"
status_is 4 "nowhere to save it"
err_has "create .*none/plan.json" "says where"
tree "$work/now"
same "$work/now" "$work/before" "all of that has changed nothing"

# --- confirmation --------------------------------------------------------------------------------

run on_root confirm
status_is 5 "confirm: nothing waits"
err_has "nothing waits to be confirmed" "says so"
run on_root --profile strict apply --yes --confirm never
status_is 2 "--confirm takes a number"
err_has "'never' is not a number from 1 to 86400" "says so"
run on_root --profile strict apply --yes --confirm 300
status_is 0 "apply --confirm"
err_has "goes back in 300 s unless you run: tlsharden --root .* confirm" "says what to do"
run on_root history
out_has " unconfirmed " "history: unconfirmed"
run on_root --profile strict diff
err_has "goes back in [0-9]+ s unless you run tlsharden confirm" "diff warns"
run on_root --profile modern apply --yes
status_is 5 "another apply meanwhile is refused"
err_has "waits to be confirmed \([0-9]+ s left\)" "says why"
run on_root confirm
status_is 0 "confirm"
run on_root history
out_has " committed " "history: committed"
tree "$work/now"
same "$work/now" "$work/by-plan" "what was applied stays"
run on_root rollback
status_is 0 "rollback"
run on_root --profile strict apply --yes --confirm 300
run on_root rollback
status_is 0 "rollback of what waits"
tree "$work/now"
same "$work/now" "$work/before" "all is as it was"
run on_root --profile strict apply --yes --confirm 1
status_is 0 "apply --confirm 1"
for _ in $(seq 100); do
    run on_root history
    tail -n 1 "$OUT" | grep -q rolled-back && break
    sleep 0.1
done
check "nobody confirms: it goes back by itself" grep -q rolled-back <(tail -n 1 "$OUT")
tree "$work/now"
same "$work/now" "$work/before" "all is as it was"
run on_root confirm
status_is 5 "confirm comes too late"

# --- history -------------------------------------------------------------------------------------

run on_root --profile strict diff
cp "$OUT" "$work/diff"
run on_root --profile strict apply --yes
run on_root history
id=$(tail -n 1 "$OUT" | cut -d ' ' -f 1)
run on_root history show "$id"
status_is 0 "history show"
check "shows the very diff" diff <(grep -v '^#' "$work/diff") "$OUT"
run on_root history show "$id" --format json
check "history show --format json" json "$OUT" 'len(it["files"]) > 3'
run on_root history show 9999
status_is 5 "history show: no such generation"
run on_root history show last
status_is 2 "history show: no number"
run on_root history forget
status_is 2 "history: no such word"

# --- force ---------------------------------------------------------------------------------------

echo '# by hand' >>"$main"
run on_root rollback
status_is 5 "rollback over an edit is a conflict"
err_has "rollback --force FILE" "says how"
run on_root rollback --force /etc/nothing
status_is 5 "force: a file that was not changed"
err_has "has not changed '/etc/nothing'" "says so"
run on_root rollback /etc/postfix/main.cf
status_is 2 "a file without --force"
run on_root rollback --force /etc/postfix/main.cf
status_is 0 "rollback --force"
err_has "kept" "says where the edit is"
check "the edit is kept" grep -rq '^# by hand$' "$root/var/lib/tlsharden/gen/$id/kept"
tree "$work/now"
same "$work/now" "$work/before" "all is as it was"

# --- whose umask ---------------------------------------------------------------------------------

for mask in 0 022 077; do
    (umask "$mask" && on_root --profile strict apply --yes >/dev/null 2>&1)
    tree "$work/mask.$mask"
    run on_root rollback
    status_is 0 "umask $mask: applied and taken back"
    tree "$work/now"
    same "$work/now" "$work/before" "umask $mask: all is as it was"
    same "$work/mask.$mask" "$work/by-plan" "umask $mask: the same modes"
done
is "$(find "$root/var/lib/tlsharden" \( -type d ! -perm 700 \) -o \( -type f ! -path '*/before/*' ! -path '*/kept/*' -perm /077 \))" '' \
    "the records are nobody else's"

# --- old generations -----------------------------------------------------------------------------

run on_root --profile strict apply --yes --keep 0
status_is 2 "--keep takes a number"
run on_root --profile strict apply --yes --keep 2
status_is 0 "apply --keep 2"
run on_root history
is "$(grep -c '^[0-9]' "$OUT")" 2 "two generations are left"
run on_root --profile intermediate apply --yes --keep 1
run on_root history --format json
check "--keep 1: the last good one is there" json "$OUT" 'len(it) == 1 and it[0]["state"] == "committed"'
run on_root rollback
status_is 0 "and can be taken back"

# --- refusals ------------------------------------------------------------------------------------

sample_root
run on_root --profile strict apply --yes
run on_root rollback
chmod 777 "$root/etc/postfix"
run on_root --profile strict apply --yes
status_is 5 "a directory that anybody may write to"
err_has "'/etc/postfix', on the way to '/etc/postfix/.*', is writable by everybody: .*chmod go-w" "file and remedy"
chmod 755 "$root/etc/postfix"
ln "$main" "$root/etc/postfix/second"
run on_root --profile strict apply --yes
status_is 5 "a second hard link"
err_has "main.cf' has 2 hard links: copy it to a file of its own" "file and remedy"
rm "$root/etc/postfix/second"
(flock 9 && exec sleep 30) 9>"$root/etc/postfix/main.cf.tmp" &
holder=$!
until ! flock -n "$root/etc/postfix/main.cf.tmp" true; do sleep 0.1; done
run on_root --profile strict apply --yes
status_is 5 "postconf at work, which has locked main.cf"
err_has "another program is editing and has locked '/etc/postfix/main.cf.tmp': wait for it" "file and remedy"
kill "$holder"
run python3 -c 'import fcntl, struct, subprocess, sys
fd = open(sys.argv[1], "r+")
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
sys.exit(subprocess.run(sys.argv[2:]).returncode)' "$root/var/lib/tlsharden/lock" \
    "$program" --root "$root" --profile strict apply --yes
status_is 5 "another instance"
err_has "another tlsharden is at work \(pid [0-9]+, for [0-9]+ s\): wait for it" "its pid and age"

done_testing
