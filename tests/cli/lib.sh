# tests/cli/lib.sh   sourced first by every command line test: TAP, the program, and a sample host to work on.
#
#     tlsharden ARGUMENT...     the program, never for longer than a minute, with no terminal
#     sample_root               makes a fresh sample host; $root is its directory, removed at the end
#     on_root ARGUMENT...       tlsharden --root "$root" ARGUMENT...
#     tree FILE                 lists the sample's files with owner, mode, link target and content
#     json FILE EXPRESSION      evaluates a Python expression over the JSON document `it` in a file; fails when false
#
# Nothing here needs root, servers or network.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../tap.sh
. "$top/tests/tap.sh"
program=${TLSHARDEN:-$top/build/tlsharden}
work=$TAP_DIR
root=$work/root
unset NO_COLOR TLSHARDEN_DATADIR
export LC_ALL=C.UTF-8

if [ ! -x "$program" ]; then
    echo "Bail out! there is no $program; 'make' builds it"
    exit 1
fi

tlsharden()
{
    timeout 60 "$program" "$@"
}

sample_root()
{
    rm -rf "$root"
    if ! "$top/tests/sample/make" "$root"; then
        echo "Bail out! the sample host cannot be made"
        exit 1
    fi
}

on_root()
{
    tlsharden --root "$root" "$@"
}

tree()
{
    (
        cd "$root" || exit
        find . -path ./var/lib/tlsharden -prune -o \
            \( -type l -printf '%p %U %G -> %l\n' -o -printf '%p %y %m %U %G\n' \) | sort
        find . -path ./var/lib/tlsharden -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
    ) >"$1"
}

json()
{
    python3 -c 'import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    it = json.load(file)
if not eval("(" + sys.argv[2] + ")"):
    sys.exit(f"not so: {sys.argv[2]}\n{json.dumps(it, indent=1)[:2000]}")' "$@"
}
