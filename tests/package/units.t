#!/bin/bash
# What `make install` puts where systemd finds it: the units are sound, their programs are there.
# shellcheck source-path=SCRIPTDIR
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../tap.sh
. "$top/tests/tap.sh"
cd "$top" || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
prefix=$TAP_DIR/usr
umask 077
run make -s install PREFIX="$prefix" SYSCONFDIR="$TAP_DIR/etc"
status_is 0 "make install, with a careful umask"
is "$(find "$prefix" \( -type f ! -perm -o=r \) -o \( -type d ! -perm -o=rx \))" '' "everybody can read what is installed"
is "$(grep -rE '(^|[= ])/usr/(bin|lib)/' "$prefix/lib" | grep -v ':#')" '' "nothing points to where it is not installed"
units=$prefix/lib/systemd/system
for unit in "$units"/*; do
    run systemd-analyze verify --man=no "$unit"
    status_is 0 "$(basename "$unit"): systemd-analyze"
    is "$(grep -F tlsharden- "$ERR")" '' "$(basename "$unit"): and it has nothing to say"
done
for script in first-boot drift renewal-hook; do
    check "$script: a shell reads it" sh -n "$prefix/lib/tlsharden/$script"
    check "$script: may be executed" test -x "$prefix/lib/tlsharden/$script"
done
run make -s uninstall PREFIX="$prefix"
status_is 0 "make uninstall"
is "$(find "$prefix" ! -type d)" '' "leaves nothing"
done_testing
