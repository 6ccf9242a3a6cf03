#!/bin/bash
# Options, help and exit statuses: what a script relies on.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run tlsharden --help
status_is 0 "--help"
for command in apply diff rollback recover history services profile ciphers; do
    out_has "(^|[^a-z])$command([^a-z]|\$)" "--help names $command"
done
is "$(cat "$ERR")" '' "--help says nothing on standard error"
run tlsharden --version
status_is 0 "--version"
out_has '^tlsharden [0-9]+\.[0-9]+\.[0-9]+' "--version"

run tlsharden
status_is 2 "no command"
run tlsharden frobnicate
status_is 2 "an unknown command"
err_has frobnicate "is named"
is "$(cat "$OUT")" '' "and standard output stays empty"
run tlsharden diff --frobnicate
status_is 2 "an unknown option"
err_has frobnicate "is named"
run tlsharden diff --profile
status_is 2 "an option without its value"
run tlsharden diff --format yaml
status_is 2 "an unknown format"
err_has yaml "is named"
run tlsharden diff --service nosuch
check "an unknown service: exit status 2 or 3" test "$STATUS" = 2 -o "$STATUS" = 3
err_has nosuch "is named"
run tlsharden --profile nosuch diff
check "an unknown profile: exit status 2 or 3" test "$STATUS" = 2 -o "$STATUS" = 3
err_has nosuch "is named"
run tlsharden profile show strict --format json
status_is 0 "options may follow the command"
run tlsharden --format json profile show strict
status_is 0 "or stand before it"

is "$(tlsharden profile list >/dev/full 2>"$work/full"; echo $?)" 4 "a full disk under standard output is an error"
check "and is reported" test -s "$work/full"

run tlsharden --for postfix=3.4.0 --format json render --service postfix
status_is 0 "options of a command stand before its name as well"
check "and mean the same" json "$OUT" 'it[0]["version"] == "3.4.0"'
run tlsharden --explain render
status_is 2 "those of another command are refused"
err_has 'unknown option --explain; see tlsharden render --help' "by name"
done_testing
