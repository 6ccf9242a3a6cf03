#!/bin/bash
# The rehearsal leaves no trace: files, times, logs, processes, mounts and mail are the same before and after, whether it
# works, fails or is killed, and clients of the running servers notice nothing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario

# trace FILE   everything that a rehearsal could leave behind
trace()
{
    {
        find /etc /usr/lib /usr/share/postfix /var /home /root /srv /tmp -xdev -path /var/log/syslog -prune -o \
            -path "$work" -prune -o -path '/tmp/tmp.*' -prune -o \
            -printf '%p %M %U:%G %s %T@ %C@ %l\n' | sort
        find /etc /var/log /var/mail /var/spool -xdev -type f -not -path /var/log/syslog -print0 | sort -z |
            xargs -0 sha256sum
        cut -d ' ' -f 3- /proc/self/mountinfo
        ls -A /run
        grep -v 'deferring operation' /var/log/syslog # slapd's, when a plan reads its configuration
    } >"$1" 2>&1
}

# daemons FILE   who runs, the programs of this script aside
daemons()
{
    # shellcheck disable=SC2009 # columns are wanted, not process numbers
    ps -eo pid=,ppid=,user=,comm= | grep -vE ' (ps|grep|sort|bash|timeout|cleanup|pickup|anvil|scache|tlsmgr|smtpd|imapd|couriertls)$' |
        sort >"$1"
}

untouched()
{
    trace "$work/now"
    daemons "$work/daemons.now"
    same "$work/now" "$work/trace" "$1: no trace in files, times, owners, logs, mounts"
    same "$work/daemons.now" "$work/daemons" "$1: no process is left"
}

remember()
{
    trace "$work/trace"
    daemons "$work/daemons"
}

sleep 3 # the servers have said all that they say when they start

# --- a good plan ----------------------------------------------------------------------------------

remember
run tlsharden rehearse --profile strict
status_is 0 "a good plan"
out_has '^apache +works: 2 endpoints proven' "is proven on every port"
out_has 'shop.example.test: TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 -> TLSv1.2 TLSv1.3' "and what clients lose is told"
untouched "a good plan"
run tlsharden rehearse --profile strict --format json
check "the same in JSON" python3 -c '
import json, sys
it = {s["service"]: s for s in json.load(open(sys.argv[1]))}
one = [c for c in it["postfix"]["clients"] if c["port"] == 25][0]
assert sorted(one["then"]) == ["TLSv1.2", "TLSv1.3"] and "TLSv1" in one["now"], one' "$OUT"

worked=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    tlsharden rehearse --profile strict >"$work/once" 2>&1 && worked=$((worked + 1))
done
is "$worked" 20 "twenty in a row work"
tlsharden rehearse --profile strict --service apache >"$work/one" 2>&1 &
one=$!
tlsharden rehearse --profile strict --service apache,postfix >"$work/two" 2>&1
status=$?
wait "$one"
is "$? $status" "0 0" "and two at once"
untouched "twenty, and two at once"

# --- killed ---------------------------------------------------------------------------------------

for tenths in 1 2 4 6 8 10 13 16; do
    "$program" rehearse --profile strict >"$work/killed" 2>&1 &
    pid=$!
    sleep "$((tenths / 10)).$((tenths % 10))"
    kill -KILL "$pid" 2>"$work/none"
    wait "$pid" 2>"$work/none"
    host_until 50 bash -c '! pgrep -x tlsharden >/dev/null'
done
untouched "killed at eight moments"

# --- what would not work --------------------------------------------------------------------------

# broken SERVICE CASE FILE WHAT COMMAND...   the command spoils a file; the rehearsal says so, in these words, and touches nothing
broken()
{
    local service=$1 case="$1: $2" file=$3 what=$4
    shift 4
    cp -a "$file" "$work/saved"
    "$@"
    remember
    run tlsharden rehearse --profile strict --service "$service"
    case $STATUS in
    1 | 3 | 5) tap_result 0 "$case: does not pass" ;;
    *)
        tap_result 1 "$case: does not pass"
        tap_show_run
        ;;
    esac
    cat "$OUT" "$ERR" >"$work/said"
    check "$case: says what and where" grep -qE "$what" "$work/said"
    untouched "$case"
    cp -a "$work/saved" "$file"
}

append()
{
    printf '%s\n' "$2" >>"$1"
}

# dsa FILE   appends what "openssl dhparam -dsaparam" writes: DH parameters that most servers refuse
openssl dhparam -dsaparam -out "$work/dh.pem" 2048 2>"$work/none"
dsa()
{
    cat "$work/dh.pem" >>"$1"
}

shop=/etc/apache2/sites-available/shop.example.test.conf
broken apache "a syntax error in a file that is only included" /etc/apache2/conf-available/charset.conf \
    'charset.conf.*(Bogus|no end)|Bogus' append /etc/apache2/conf-available/charset.conf 'Bogus on'
broken apache "a directive that this version lacks" "$shop" "SSLFancyMode.*" append /etc/apache2/apache2.conf 'SSLFancyMode on'
sed -i '/SSLFancyMode/d' /etc/apache2/apache2.conf
broken apache "an unknown protocol" /etc/apache2/mods-available/ssl.conf 'TLSv9' \
    append /etc/apache2/mods-available/ssl.conf 'SSLProtocol TLSv9'
broken apache "a port that it has twice" /etc/apache2/ports.conf '(8443|[Aa]ddress already in use|could not bind)' \
    append /etc/apache2/ports.conf $'Listen 8443\nListen 127.0.0.1:8443'
broken apache "a key of another certificate" /etc/ssl/host/privkey.pem 'does not belong to the certificate' \
    cp /pki/other.key /etc/ssl/host/privkey.pem
broken apache "DH parameters in the wrong form" /etc/ssl/host/fullchain.pem 'DH parameters' dsa /etc/ssl/host/fullchain.pem
broken apache "a log that nobody can write" "$shop" "/none/.*shop.example.test.conf" \
    sed -i 's#ErrorLog.*#ErrorLog /none/shop.log#' "$shop"

broken postfix "a line that is none" /etc/postfix/main.cf 'main.cf, line [0-9]+: missing attribute name' append /etc/postfix/main.cf '= nothing'
broken postfix "an unknown listener" /etc/postfix/master.cf 'startup failed|no.such.host' \
    append /etc/postfix/master.cf 'no.such.host:2527 inet n - y - - smtpd'
broken postfix "an encrypted key" /etc/ssl/host/privkey.pem 'is encrypted' cp /pki/encrypted.key /etc/ssl/host/privkey.pem
broken postfix "a missing CA file" /etc/postfix/main.cf '/none/ca.pem' append /etc/postfix/main.cf 'smtpd_tls_CAfile = /none/ca.pem'

broken courier "a key that its user cannot read" /etc/courier/imapd.pem "courier" chmod 600 /etc/courier/imapd.pem
chown root:courier /etc/courier/imapd.pem
broken courier "no key" /etc/courier/imapd.pem 'private key' cp /pki/rsa.chain.pem /etc/courier/imapd.pem
broken courier "a file that sh cannot read" /etc/courier/imapd-ssl 'imapd-ssl' append /etc/courier/imapd-ssl "BROKEN='"
broken courier "a key of 1024 bits" /etc/courier/imapd.pem '1024 bits' \
    bash -c 'cat /pki/weak.key /pki/weak.chain.pem >/etc/courier/imapd.pem'

broken courier "a key that only OpenSSL reads" /etc/courier/imapd.pem 'imapd.pem: gnutls .* does not take the private key' \
    bash -c 'cat /pki/compressed.key /pki/ec.chain.pem >/etc/courier/imapd.pem'

broken openldap "a key that its user cannot read" /etc/ldap/tls/privkey.pem 'openldap' chmod 600 /etc/ldap/tls/privkey.pem
chown root:openldap /etc/ldap/tls/privkey.pem
broken openldap "a key of another certificate" /etc/ldap/tls/privkey.pem 'does not belong' cp /pki/other.key /etc/ldap/tls/privkey.pem
cp /pki/ec.chain.pem /etc/ldap/tls/fullchain.pem
broken openldap "a key that only OpenSSL reads" /etc/ldap/tls/privkey.pem 'privkey.pem: gnutls .* does not take the private key.*openssl pkey' \
    cp /pki/compressed.key /etc/ldap/tls/privkey.pem
cp /pki/rsa.chain.pem /etc/ldap/tls/fullchain.pem
broken openldap "an expired certificate" /etc/ldap/tls/fullchain.pem 'expired' cp /pki/expired.chain.pem /etc/ldap/tls/fullchain.pem

append "$shop" 'Bogus on'
run tlsharden rehearse --profile strict --service apache
cat "$OUT" "$ERR" >"$work/said"
check "what was broken before is told apart" grep -q 'that was broken before' "$work/said"
sed -i '/^Bogus on$/d' "$shop"

# --- the clients of the running servers ------------------------------------------------------------

python3 /src/tests/server/clients.py "$work/stop" >"$work/clients.json" &
clients=$!
sleep 0.5
run tlsharden rehearse --profile strict
status_is 0 "while clients connect: rehearse"
run tlsharden apply --profile strict --yes
status_is 0 "while clients connect: apply"
out_has '^# courier: is restarted, since it cannot reload' "what clients of courier will notice is said beforehand"
run tlsharden rollback
status_is 0 "while clients connect: rollback"
touch "$work/stop"
wait "$clients"
sed 's/^/# clients: /' "$work/clients.json"
check "nobody but clients of courier noticed" python3 -c '
import json, sys
it = json.load(open(sys.argv[1]))
assert all(one["tried"] > 20 for one in it.values()), it
lost = {port: one for port, one in it.items() if one["failed"] and port not in ("143", "993")}
assert not lost, lost' "$work/clients.json"
done_testing
