#!/bin/bash
# The tarball and the package: the same sources make the same bytes, whoever builds them, where and with which umask.
# shellcheck source-path=SCRIPTDIR
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../tap.sh
. "$top/tests/tap.sh"
cd "$top" || exit
# A make of one's own, not a part of the one that may have started this.
unset MAKEFLAGS MFLAGS MAKELEVEL
version=$(sed -n 's/^VERSION *:= *//p' Makefile)
tarball=tlsharden-$version.tar.xz
work=$TAP_DIR

check "the tarball is made" packaging/dist "$work/one/$tarball"
tar -C "$work" -xf "$work/one/$tarball"
is "$(find "$work/tlsharden-$version" ! -type l \( ! -perm -u+r -o -perm /022 \) -print)" '' \
    "nobody but the owner may write what it holds"
(umask 077 && TZ=Pacific/Auckland packaging/dist "$work/two/$tarball")
same "$work/one/$tarball" "$work/two/$tarball" "again, with another umask and time zone: the same bytes"
find "$work/tlsharden-$version" -exec touch -hd 2001-01-01 {} +
(umask 077 && SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) \
    "$work/tlsharden-$version/packaging/dist" "$work/three/$tarball")
same "$work/one/$tarball" "$work/three/$tarball" "made from the unpacked tarball: the same bytes"

is "$(cd packaging && dpkg-parsechangelog -S Version | sed 's/-[^-]*$//')" "$version" \
    "Debian's changelog speaks of this version"
needed=$(sed -n '/^BUILD_PACKAGES/,/[^\]$/p' Makefile | grep -oE '[a-z0-9.-]+' |
    grep -vxE 'gcc|libc6-dev|make|diffutils' | sort)
declared=$(sed -n '/^Build-Depends:/,/^[^ B]/p' packaging/debian/control | grep -oE '[a-z0-9.-]+' |
    grep -xF "$needed" | sort)
is "$declared" "$needed" "Build-Depends has what \`make deps\` installs for building"

export DEB_BUILD_OPTIONS=nocheck
run packaging/deb "$work/one/$tarball" "$work/one/deb"
status_is 0 "the package builds, and lintian has nothing to say"
(umask 077 && packaging/deb "$work/one/$tarball" "$work/elsewhere/still/deb" >"$work/log" 2>&1)
(cd "$work/one/deb" && sha256sum -- *.deb *.dsc *.tar.xz) >"$work/sums"
(cd "$work/elsewhere/still/deb" && sha256sum -- *.deb *.dsc *.tar.xz) >"$work/sums.other"
same "$work/sums.other" "$work/sums" "again, elsewhere and with another umask: the same bytes"
done_testing
