#!/bin/bash
# What an administrator gets wrong, one thing at a time, on a live host: every apply must fail with the right
# status, name the cause, and leave files, directory, processes and every port as they were.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario
mkdir -p /etc/ssl/other

# remember   the state that a failing apply has to leave
remember()
{
    snapshot "$work/before"
    probe "$work/before.json" --brief
}

# refused STATUS... -- CASE APPLY-ARGUMENTS...   apply ends with one of these and nothing is different afterwards
refused()
{
    local wanted=()
    while [ "$1" != -- ]; do
        wanted+=("$1")
        shift
    done
    local case=$2
    shift 2
    run tlsharden apply --profile strict --yes "$@"
    case " ${wanted[*]} " in
    *" $STATUS "*) tap_result 0 "$case: exit status $STATUS" ;;
    *)
        tap_result 1 "$case: exit status ${wanted[*]}"
        tap_show_run
        ;;
    esac
    snapshot "$work/now"
    same "$work/now" "$work/before" "$case: files and directory are as before"
    probe "$work/now.json" --brief
    same "$work/now.json" "$work/before.json" "$case: every port serves as before"
}

# site CHAIN KEY   a site file that gives these to every service that reads two files
site()
{
    printf '{"certificate": {"chain": "%s", "key": "%s", "ca": "/etc/ssl/host/ca.pem"}}\n' "$1" "$2" \
        >"$work/site.json"
}

# --- certificates and keys that no server could use ---------------------------------------------

remember
install -m 600 /pki/other.key /pki/encrypted.key /pki/weak.key /etc/ssl/other
install -m 644 /pki/weak.chain.pem /etc/ssl/other
: >/etc/ssl/other/empty.pem
remember
processes "$work/processes"

site /etc/ssl/host/fullchain.pem /etc/ssl/other/other.key
refused 3 -- "a key of another certificate" --site "$work/site.json"
err_has /etc/ssl/other/other.key "a key of another certificate: is named"

site /etc/ssl/host/fullchain.pem /etc/ssl/other/encrypted.key
refused 3 -- "an encrypted key" --site "$work/site.json"
err_has /etc/ssl/other/encrypted.key "an encrypted key: is named"

site /etc/ssl/host/fullchain.pem /etc/ssl/other/none.key
refused 3 -- "a missing key" --site "$work/site.json"
err_has /etc/ssl/other/none.key "a missing key: is named"

site /etc/ssl/other/empty.pem /etc/ssl/host/privkey.pem
refused 3 -- "an empty chain" --site "$work/site.json"
err_has /etc/ssl/other/empty.pem "an empty chain: is named"

site /etc/ssl/other/weak.chain.pem /etc/ssl/other/weak.key
refused 3 5 -- "a key of 1024 bits" --site "$work/site.json"
err_has 1024 "a key of 1024 bits: its size is named"

site '/etc/ssl/host/full\nchain.pem' /etc/ssl/host/privkey.pem
refused 3 -- "a line feed in a path" --site "$work/site.json"

# shellcheck disable=SC2016 # it is the point that nothing expands this
printf '%s\n' '{"services": {"courier": {"certificate": {"combined": "/etc/$(touch /var/tmp/owned).pem"}}}}' \
    >"$work/site.json"
refused 3 -- "a path that a shell would run" --site "$work/site.json"
fails "a path that a shell would run: was not run" test -e /var/tmp/owned

echo '{"hostname": ["www.example.test"]}' >"$work/site.json"
refused 3 -- "an unknown key in the site file" --site "$work/site.json"
err_has 'site\.json:1:[0-9]+' "an unknown key in the site file: file, line and column"

processes "$work/processes.now"
same "$work/processes.now" "$work/processes" "none of this has touched a process"

# --- files that the service's own user cannot read ----------------------------------------------

chown root:root /etc/ldap/tls/privkey.pem
chmod 600 /etc/ldap/tls/privkey.pem
remember
refused 3 -- "a key that openldap cannot read"
err_has '/etc/ldap/tls/privkey\.pem.*openldap|openldap.*/etc/ldap/tls/privkey\.pem' \
    "a key that openldap cannot read: file and user are named"
chown root:openldap /etc/ldap/tls/privkey.pem
chmod 640 /etc/ldap/tls/privkey.pem

chown root:root /etc/courier/imapd.pem
chmod 600 /etc/courier/imapd.pem
remember
refused 3 -- "a certificate that courier cannot read"
err_has '/etc/courier/imapd\.pem.*courier|courier.*/etc/courier/imapd\.pem' \
    "a certificate that courier cannot read: file and user are named"
chown root:courier /etc/courier/imapd.pem
chmod 640 /etc/courier/imapd.pem

# --- configurations that pass every check of the server's own and kill it ------------------------

cat >/etc/apache2/sites-available/new.conf <<'END'
Listen 8443
<VirtualHost *:8443>
	ServerName new.example.test
	SSLEngine on
</VirtualHost>
END
a2ensite -q new >/dev/null
check "apache2ctl finds nothing wrong with a TLS site that has no certificate" apache2ctl -t
remember
refused 3 4 5 6 -- "a site without a certificate"
err_has 'new\.conf|new\.example\.test|AH[0-9]+|[Aa]pache' "a site without a certificate: is named"
a2dissite -q new >/dev/null

python3 -c 'import socket, time
taken = socket.create_server(("", 8081))
time.sleep(600)' &
taken=$!
host_until 50 host_listens 8081
echo 'Listen 8081' >/etc/apache2/conf-available/zz-port.conf
a2enconf -q zz-port >/dev/null
check "apache2ctl finds nothing wrong with a port that is taken" apache2ctl -t
remember
refused 3 4 5 6 -- "a port that is taken"
err_has '8081|[Aa]pache' "a port that is taken: is named"
a2disconf -q zz-port >/dev/null
kill "$taken"

postconf -e smtpd_tls_CAfile=/etc/ssl/none.pem
postfix reload 2>/dev/null
check "postfix finds nothing wrong with a missing CA file" postfix check
remember
refused 3 4 5 6 -- "a missing CA file"
err_has '/etc/ssl/none\.pem|[Pp]ostfix|smtpd' "a missing CA file: is named"
postconf -X smtpd_tls_CAfile
postfix reload 2>/dev/null

# --- and when nothing is wrong any more ----------------------------------------------------------

run tlsharden apply --profile strict --yes
status_is 0 "after all that, apply works"
probe "$work/after.json"
check "and the host serves the profile" conforms "$work/after.json" strict rsa https https-shop smtp submission \
    imap ldap ldaps

# --- a way back that a server does not survive -----------------------------------------------------

install -m 600 /pki/other.key /etc/ssl/host/privkey.pem
run tlsharden rollback
status_is 4 "somebody has exchanged the key meanwhile: Apache ends when it is reloaded"
err_has 'everything is taken back, but nobody answers at the ports of apache any more' "that is told"
run tlsharden history
out_has ' rolled-back ' "the change is taken back"
install -m 600 /pki/rsa.key /etc/ssl/host/privkey.pem

done_testing
