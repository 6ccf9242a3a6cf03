#!/bin/bash
# First boot as the package brings it: a stock host is hardened before its servers start, proven when they run, and
# then left alone; a boot that is cut short anywhere is made good by the next one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../server/scenario.sh"
deb=$(echo /src/build/tlsharden_*.deb)
[ -e "$deb" ] || { echo "Bail out! there is no build/tlsharden_*.deb; 'make deb' builds it"; exit 1; }
stamp=/var/lib/tlsharden/first-boot.done

tlsharden()
{
    timeout 180 /usr/bin/tlsharden "$@"
}

# unit NAME   does what systemd would: the unit's condition, then its command
unit()
{
    local file=/lib/systemd/system/$1.service condition command
    condition=$(sed -n 's/^ConditionPathExists=//p' "$file")
    case $condition in
    '!'*) [ ! -e "${condition#!}" ] || return 0 ;;
    ?*) [ -e "$condition" ] || return 0 ;;
    esac
    command=$(sed -n 's/^ExecStart=//p' "$file")
    # shellcheck disable=SC2086 # words
    timeout 300 $command
}

boot_before_servers()
{
    unit tlsharden-recover && unit tlsharden-first-boot
}

boot_after_servers()
{
    unit tlsharden-settle && unit tlsharden-first-boot-verify
}

boot()
{
    boot_before_servers && host_start && boot_after_servers
}

power_off()
{
    host_stop
    # A waiter of the boot that ends; nothing outlives the power.
    pkill -9 -x tlsharden
    host_until 100 none_listens
}

none_listens()
{
    [ -z "$(ss -Hltn)" ]
}

# killed_when CONDITION COMMAND...   runs it and kills it, with all its children, as soon as the condition holds
killed_when()
{
    local condition=$1 pid end=$((SECONDS + 120))
    shift
    setsid "$@" >"$work/killed.out" 2>&1 &
    pid=$!
    while ! eval "$condition"; do
        if ! kill -0 "$pid" 2>/dev/null; then
            echo "# it ended before: $condition" && tap_show "$work/killed.out"
            return 1
        fi
        [ "$SECONDS" -lt "$end" ] || return 1
    done
    kill -9 -- "-$pid"
    wait "$pid" 2>/dev/null
    return 0
}

served_as()
{
    local profile=$1 endpoint
    probe "$work/seen.json"
    for endpoint in https https-shop smtp submission submissions imap imaps ldap ldaps; do
        conforms "$work/seen.json" "$profile" rsa "$endpoint" || return
    done
}

state_of()
{
    tlsharden --quiet history | awk -v id="$1" '$1 == id { print $4 }'
}

run dpkg -i "$deb"
status_is 0 "the package is installed"
run unit tlsharden-first-boot-verify
status_is 3 "slapd as Debian installs it has no certificate: refused"
err_has 'openldap: has no certificate' "and told"
check "is not done" test ! -e "$stamp"
host_configure
snapshot "$work/stock"

# --- cut short at several points, boot after boot ------------------------------------------------

# shellcheck disable=SC2034 # in a condition
main_cf=$(sha256sum </etc/postfix/main.cf)
# shellcheck disable=SC2016 # evaluated later
for point in '[ -d /var/lib/tlsharden/gen ]' '[ "$(sha256sum </etc/postfix/main.cf)" != "$main_cf" ]' \
    '[ "$(state_of 0001)" = unconfirmed ]'; do
    check "killed before the servers start, when $point" killed_when "$point" /usr/lib/tlsharden/first-boot early
    check "is not done" test ! -e "$stamp"
    unit tlsharden-recover >/dev/null
    snapshot "$work/now"
    same "$work/now" "$work/stock" "the next boot begins with what was there"
    rm -rf /var/lib/tlsharden
done

run boot_before_servers
status_is 0 "a boot comes as far as the servers"
is "$(state_of 0001)" unconfirmed "the change waits for its proof"
check "the servers start" host_start
check "killed while they are proven" killed_when 'pgrep -fx ".*confirm --verify.*" >/dev/null' \
    /usr/lib/tlsharden/first-boot
check "is not done" test ! -e "$stamp"
power_off
run boot
status_is 0 "the next boot"
check "is done" test -e "$stamp"
is "$(tlsharden --quiet history | awk '{ print $4 }' | tail -n 1)" committed "with a change that is in place"
check "every port serves the profile strict" served_as strict
cat "$stamp" >"$work/stamp"

# --- never again ---------------------------------------------------------------------------------

run tlsharden rollback
status_is 0 "the administrator takes it back"
power_off
run boot
status_is 0 "another boot"
snapshot "$work/now"
same "$work/now" "$work/stock" "changes nothing"
same "$stamp" "$work/stamp" "nor the stamp"

# --- committed, but killed before the stamp; a profile of the host's own --------------------------

rm -rf "$stamp"
install -D -m 644 /dev/stdin /etc/tlsharden/first-boot.json <<<'{ "name": "ours", "extends": "intermediate" }'
mkdir "$stamp.new" # in the way of the stamp
run /usr/lib/tlsharden/first-boot
status_is 4 "cut short between commit and stamp"
is "$(tlsharden --quiet history | awk '{ print $3, $4 }' | tail -n 1)" "ours committed" "the change stands"
check "is not done" test ! -e "$stamp"
rmdir "$stamp.new"
power_off
run boot
status_is 0 "the next boot"
check "finds it proven" grep -q first-boot "$stamp"
check "every port serves that profile" served_as intermediate
run /usr/lib/tlsharden/drift
status_is 0 "no drift"
is "$(cat "$OUT" "$ERR")" '' "and not a word of it"
postconf -e smtpd_tls_mandatory_protocols=TLSv1
run /usr/lib/tlsharden/drift
status_is 1 "drift"
out_has 'profile first-boot says' "names the profile"
out_has '^-smtpd_tls_mandatory_protocols *= *TLSv1$' "shows the setting"
dpkg-trigger --by-package=postfix /etc/postfix
run env DEBIAN_FRONTEND=noninteractive dpkg --configure --pending
status_is 0 "after the upgrade of a server"
out_has '^-smtpd_tls_mandatory_protocols *= *TLSv1$' "it is shown as well"

# --- what does not work on the wire is taken back -------------------------------------------------

run tlsharden apply --yes --profile /etc/tlsharden/first-boot.json
status_is 0 "drift is repaired"
run tlsharden rollback
run tlsharden rollback
rm -f "$stamp" /etc/tlsharden/first-boot.json
power_off
snapshot "$work/stock"
run boot_before_servers
host_start >/dev/null
# A hand that undoes half of it behind our back: SMTP serves what the profile forbids.
sed -i 's/^smtpd_tls_protocols.*/smtpd_tls_protocols = !SSLv2/; s/^tls_high_cipherlist.*/tls_high_cipherlist = ALL/' \
    /etc/postfix/main.cf
sed -i 's/^smtpd_tls_ciphers.*/smtpd_tls_ciphers = export/; s/^smtpd_tls_mandatory_ciphers.*//' /etc/postfix/main.cf
postfix reload 2>/dev/null
run boot_after_servers
check "what does not conform is not confirmed" test "$STATUS" -ne 0
check "is not done" test ! -e "$stamp"
err_has 'not confirmed: postfix' "the server is named"
done_testing
