#!/bin/bash
# The Debian package on a stock host: installed, used, removed, installed again, purged.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../server/scenario.sh"
deb=$(echo /src/build/tlsharden_*.deb)
[ -e "$deb" ] || { echo "Bail out! there is no build/tlsharden_*.deb; 'make deb' builds it"; exit 1; }

tlsharden()
{
    timeout 180 /usr/bin/tlsharden "$@"
}

dpkg_run()
{
    # The test host leaves manuals out; here they are to be seen.
    run env DEBIAN_FRONTEND=noninteractive dpkg --path-include='/usr/share/man/*' "$@"
}

umask 077
dpkg_run -i "$deb"
status_is 0 "dpkg -i"
umask 022
is "$(dpkg -L tlsharden | while IFS= read -r file; do
    find "$file" -maxdepth 0 ! -type l \( ! -perm -o=r -o -perm /022 -o ! -uid 0 -o ! -gid 0 \)
done)" '' "everybody can read what it brings, root alone can write it"
is "$(dpkg --verify tlsharden)" '' "dpkg --verify"
run tlsharden --version
status_is 0 "tlsharden --version"
out_has "^tlsharden $(dpkg-query -W -f '${Version}' tlsharden | sed 's/-[^-]*$//')" "is the package's"
run setpriv --reuid nobody --clear-groups tlsharden profile check --all
status_is 0 "an ordinary user: every shipped profile is fine"
for page in /usr/share/man/man*/tlsharden*; do
    check "$(basename "$page") is compressed" gzip -t "$page"
done
for unit in recover settle; do
    check "tlsharden-$unit.service is enabled" \
        test -e "/etc/systemd/system/multi-user.target.wants/tlsharden-$unit.service"
done

host_configure
snapshot "$work/before"
start_servers
run tlsharden diff
status_is 1 "diff on a stock host"
run tlsharden apply --yes --confirm 600
status_is 0 "apply, to be confirmed"
dpkg_run -r tlsharden
check "it cannot be removed while a change waits" test "$STATUS" -ne 0
err_has '0001 is unconfirmed' "that change is named"
err_has 'tlsharden confirm' "and what to do"
run tlsharden confirm
status_is 0 "confirm"

dpkg_run -r tlsharden
status_is 0 "dpkg -r"
check "the program is gone" test ! -e /usr/bin/tlsharden
check "the records are not" test -d /var/lib/tlsharden/gen/0001
dpkg_run -i "$deb"
status_is 0 "installed again"
run tlsharden rollback
status_is 0 "rollback"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"

install -D -m 644 /dev/stdin /etc/tlsharden/site.json <<<'{ "hostnames": ["mail.example.test"] }'
dpkg_run -P tlsharden
status_is 0 "dpkg -P"
check "the administrator's own file stays" test -s /etc/tlsharden/site.json
rm /etc/tlsharden/site.json
is "$(find /etc /usr /var /run /lib -xdev -name '*tlsharden*' ! -path '/var/log/*' ! -path /etc/tlsharden)" '' \
    "nothing else is left"
done_testing
