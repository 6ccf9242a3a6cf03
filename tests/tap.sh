# tests/tap.sh   sourced by shell tests: the Test Anything Protocol.
#
#     run COMMAND...            runs it: $STATUS, and its output in the files $OUT and $ERR
#     status_is N NAME          the last run ended with exit status N
#     out_has PATTERN NAME      the last run's output has a line matching that extended expression
#     err_has PATTERN NAME      the same for its messages
#     check NAME COMMAND...     the command succeeds
#     fails NAME COMMAND...     it does not (a status from 1 to 125: a crash or a time-out is no failure, it is a bug)
#     is GOT WANTED NAME        two strings are equal
#     same FILE FILE NAME       two files are; shows the difference
#     done_testing              last line of a test: prints the plan
#
# A test that ends before done_testing prints no plan and so counts as failed.
# shellcheck shell=bash

TAP_DIR=$(mktemp -d)
trap 'rm -rf "$TAP_DIR"' EXIT
OUT=$TAP_DIR/out ERR=$TAP_DIR/err STATUS=
TAP_COUNT=0 TAP_FAILED=0 TAP_RAN=

tap_result()
{
    TAP_COUNT=$((TAP_COUNT + 1))
    if [ "$1" = 0 ]; then
        echo "ok $TAP_COUNT - $2"
        return
    fi
    TAP_FAILED=$((TAP_FAILED + 1))
    echo "not ok $TAP_COUNT - $2"
    return 0
}

tap_show()
{
    head -c 20000 "$@" | sed 's/^/# /' | head -n 150
}

run()
{
    TAP_RAN="$*"
    STATUS=0
    "$@" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
}

tap_show_run()
{
    echo "# ran: $TAP_RAN"
    echo "# exit status: $STATUS"
    tap_show "$OUT"
    tap_show "$ERR"
}

status_is()
{
    local verdict=0
    [ "$STATUS" = "$1" ] || verdict=1
    tap_result "$verdict" "$2"
    [ "$verdict" = 0 ] || { echo "# wanted exit status $1"; tap_show_run; }
}

tap_has()
{
    local verdict=0
    grep -qE -e "$2" "$1" || verdict=1
    tap_result "$verdict" "$3"
    [ "$verdict" = 0 ] || { echo "# no line matches: $2"; tap_show_run; }
}

out_has()
{
    tap_has "$OUT" "$@"
}

err_has()
{
    tap_has "$ERR" "$@"
}

check()
{
    local name=$1 status=0
    shift
    "$@" >"$TAP_DIR/check" 2>&1 </dev/null || status=$?
    tap_result "$status" "$name"
    [ "$status" = 0 ] || { echo "# exit status $status of: $*"; tap_show "$TAP_DIR/check"; }
}

fails()
{
    local name=$1 status=0 verdict=1
    shift
    "$@" >"$TAP_DIR/check" 2>&1 </dev/null || status=$?
    [ "$status" -lt 1 ] || [ "$status" -gt 125 ] || [ "$status" = 124 ] || verdict=0
    tap_result "$verdict" "$name"
    [ "$verdict" = 0 ] || { echo "# exit status $status of: $*"; tap_show "$TAP_DIR/check"; }
}

is()
{
    local verdict=0
    [ "$1" = "$2" ] || verdict=1
    tap_result "$verdict" "$3"
    [ "$verdict" = 0 ] ||
        { printf 'got:    %s\nwanted: %s\n' "$1" "$2" >"$TAP_DIR/check"; tap_show "$TAP_DIR/check"; }
}

same()
{
    local verdict=0
    diff -u -- "$2" "$1" >"$TAP_DIR/check" 2>&1 || verdict=1
    tap_result "$verdict" "$3"
    [ "$verdict" = 0 ] || tap_show "$TAP_DIR/check"
}

done_testing()
{
    echo "1..$TAP_COUNT"
    [ "$TAP_FAILED" = 0 ]
}
