#!/bin/bash
# The RPM package: its spec is read by RPM's own tools, and the package has the files that `make install` installs.
# It is built here against Debian's libraries, so that what it needs by Fedora's names is not looked at.
# shellcheck source-path=SCRIPTDIR
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../tap.sh
. "$top/tests/tap.sh"
cd "$top" || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
export HOME=$TAP_DIR LC_ALL=C.UTF-8
work=$TAP_DIR
spec=packaging/tlsharden.spec
version=$(sed -n 's/^VERSION *:= *//p' Makefile)
tarball=$work/tlsharden-$version.tar.xz

run rpmspec --parse "$spec"
status_is 0 "rpmspec reads it"
is "$(rpmspec --query --queryformat '%{version}' "$spec" 2>/dev/null)" "$version" "it speaks of this version"
run rpmlint --config /dev/null "$spec"
status_is 0 "rpmlint"
is "$(grep -E ': [EW]: ' "$OUT" | grep -vE 'invalid-url|no-buildroot-tag')" '' "and it has nothing to say"

check "the tarball is made" packaging/dist "$tarball"
run rpmbuild -tb --nodeps --without check --define "_topdir $work/rpm" --define 'debug_package %{nil}' \
    --define "_smp_mflags -j$(nproc)" "$tarball"
status_is 0 "rpmbuild builds it from the tarball"
package=$(echo "$work"/rpm/RPMS/*/tlsharden-"$version"-1*.rpm)
check "the package is sound" rpm --checksig --nosignature "$package"

run make -s install PREFIX=/usr LIBEXEC_DIR=/usr/libexec/tlsharden DESTDIR="$work/installed"
status_is 0 "make install"
find "$work/installed" ! -type d -printf '/%P %m\n' | sort >"$work/wanted"
rpm --query --package --queryformat '[%{FILENAMES} %{FILEMODES:octal} %{FILEFLAGS:fflags}\n]' "$package" |
    awk '$2 ~ /^10/ && $3 !~ /[dl]/ || $1 ~ "/man/" { sub(/\.gz$/, "", $1); print $1, substr($2, 4) + 0 }' | sort >"$work/has"
same "$work/has" "$work/wanted" "it has the files that make install installs, with their modes"
is "$(rpm --query --package --queryformat '[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]' "$package" | sort -u)" root:root \
    "they are root's"
mkdir "$work/unpacked"
(cd "$work/unpacked" && rpm2archive - <"$package" | tar -xz)
run "$work/unpacked/usr/bin/tlsharden" --datadir "$work/unpacked/usr/share/tlsharden" profile check --all
status_is 0 "its program works with its profiles"
is "$(grep -rE '/usr/lib/tlsharden|/usr/local' "$work/unpacked"/usr/lib "$work/unpacked"/usr/libexec)" '' "nothing points to where it is not"
run rpm --query --package --scripts "$package"
out_has 'tlsharden.* --quiet history' "it is not removed while a change waits"
is "$(grep -E '%[a-z_{]' "$OUT")" '' "no macro is left in its scripts"
done_testing
