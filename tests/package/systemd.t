#!/bin/bash
# The package on a host that systemd boots: hardened before its servers start for the first time, looked after by its
# timers, and taken back by them, or at the next boot, when nobody confirms.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../server/boots.sh"
top=$(realpath "$(dirname "$0")/../..")
for deb in "$top"/build/tlsharden_*.deb; do :; done
[ -e "$deb" ] || { echo "Bail out! there is no build/tlsharden_*.deb; 'make deb' builds it"; exit 1; }
servers=(apache2 postfix courier-imap courier-imap-ssl slapd)

tlsharden()
{
    inside tlsharden "$@"
}

# old_protocol   whether the site of the old till still speaks TLS 1.1
old_protocol()
{
    inside openssl s_client -connect 127.0.0.1:443 -servername shop.example.test -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null 2>/dev/null |
        grep -q '^New, TLSv1'
}

# generations STATE   how many there are in it
generations()
{
    tlsharden --quiet history | awk -v state="$1" '$4 == state' | wc -l
}

nothing_waits()
{
    [ "$(generations unconfirmed)$(generations pending)$(generations rolling-back)" = 000 ]
}

# began UNIT, ended UNIT   when, in microseconds since this boot
began()
{
    inside systemctl show -P ExecMainStartTimestampMonotonic "$1"
}

ended()
{
    inside systemctl show -P ExecMainExitTimestampMonotonic "$1"
}

# before_servers UNIT   it had ended when each of the servers began
before_servers()
{
    local end server
    end=$(ended "$1")
    [ "$end" -gt 0 ] || return
    for server in "${servers[@]}"; do
        [ "$(inside systemctl show -P InactiveExitTimestampMonotonic "$server")" -ge "$end" ] || return
    done
}

all_active()
{
    inside systemctl is-active "${servers[@]}" >/dev/null
}

# wait_for SECONDS COMMAND...
wait_for()
{
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return
        sleep 0.5
    done
}

chrooted bash -c '. /src/tests/server/host.sh && host_configure' >"$work/out" 2>&1
chrooted dpkg -i "/src/build/${deb##*/}" >"$work/out" 2>&1
chrooted systemctl --quiet enable tlsharden-first-boot.service

# --- the first boot ------------------------------------------------------------------------------

check "it boots" boot
check "first boot has come to its end" wait_for 60 inside test -e /var/lib/tlsharden/first-boot.done
check "the servers run" all_active
check "they were hardened before they started" before_servers tlsharden-first-boot.service
is "$(generations committed)" 1 "by one change, which is final"
fails "port 443 has never spoken TLS 1.1" old_protocol
run tlsharden verify --profile strict
status_is 0 "every port keeps to the profile"
is "$(inside systemctl list-units --state=failed --plain --no-legend 'tlsharden*')" '' "no unit of ours has failed"

# --- and the second ------------------------------------------------------------------------------

cut_power
check "it boots again" boot
is "$(inside systemctl is-active tlsharden-first-boot.service)" inactive "first boot has had its turn"
is "$(generations committed)" 1 "nothing is changed again"
check "the servers run" all_active

# --- drift ---------------------------------------------------------------------------------------

check "its timer waits" inside systemctl --quiet is-active tlsharden-drift.timer
check "nothing has drifted" inside systemctl start tlsharden-drift.service
policy=/etc/apache2/conf-available/tlsharden.conf
inside cp -p "$policy" /root/policy
inside sed -i 's/^    SSLProtocol .*/    SSLProtocol all/' "$policy"
fails "what has drifted makes the unit fail" inside systemctl start tlsharden-drift.service
check "and the journal has the diff" wait_for 10 eval \
    "inside journalctl --no-pager -u tlsharden-drift.service | grep -q 'SSLProtocol all'"
inside cp -p /root/policy "$policy"

# --- not confirmed -------------------------------------------------------------------------------

run tlsharden rollback
status_is 0 "back to what the host was"
check "port 443 speaks TLS 1.1" old_protocol
run tlsharden apply --profile strict --yes --confirm 5
status_is 0 "applied, to be confirmed in 5 seconds"
check "a timer of systemd waits" eval "inside systemctl list-timers --no-pager | grep -q 'run-r.*\.timer'"
fails "port 443 does not" old_protocol
check "nobody confirms: it is taken back" wait_for 40 nothing_waits
check "port 443 speaks TLS 1.1 again" wait_for 10 old_protocol
fails "the timer is gone" eval "inside systemctl list-timers --no-pager | grep -q 'run-r.*\.timer'"

# --- the power fails while it waits --------------------------------------------------------------

run tlsharden apply --profile strict --yes --confirm 600
status_is 0 "applied, to be confirmed in 10 minutes"
cut_power
check "the power fails; it boots" boot
check "it was taken back before the servers started" before_servers tlsharden-recover.service
check "the servers run" all_active
check "nothing waits any more" wait_for 20 nothing_waits
check "port 443 speaks TLS 1.1" old_protocol
run tlsharden verify --profile strict --format json
check "and so do the others, slapd among them" test "$STATUS" -ne 0
is "$(inside systemctl list-units --state=failed --plain --no-legend 'tlsharden*')" '' "no unit of ours has failed"
done_testing
