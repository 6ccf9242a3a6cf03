#!/bin/bash
# OpenLDAP as administrators set it up otherwise: factors of their own on the data, clients asked for
# certificates, a path with a space, no local socket, slapd.conf.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario

# config FILTER ATTRIBUTE...   what the running slapd has
config()
{
    ldapsearch -Q -LLL -o ldif-wrap=no -Y EXTERNAL -H ldapi:/// -b cn=config "$@" 2>&1 | grep -v '^$'
}

# plain, secured   a search without TLS and after STARTTLS
plain()
{
    timeout 20 ldapsearch -x -LLL -H ldap://ldap.example.test -b dc=nodomain -s base dn
}

secured()
{
    timeout 20 ldapsearch -x -ZZ -LLL -H ldap://ldap.example.test -b dc=nodomain -s base dn
}

restart_slapd()
{
    /etc/init.d/slapd stop >/dev/null 2>&1
    host_until 50 eval '! host_listens 389'
    /etc/init.d/slapd start >/dev/null 2>&1
    host_until 50 host_listens 389
}

# --- what is there is merged ---------------------------------------------------------------------

install -d -m 750 -o root -g openldap '/etc/ldap/my tls'
cp -p /etc/ldap/tls/*.pem '/etc/ldap/my tls'
ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null <<'END'
dn: cn=config
changetype: modify
replace: olcTLSCertificateFile
olcTLSCertificateFile: "/etc/ldap/my tls/fullchain.pem"
-
replace: olcTLSCertificateKeyFile
olcTLSCertificateKeyFile: "/etc/ldap/my tls/privkey.pem"
-
replace: olcTLSVerifyClient
olcTLSVerifyClient: try

dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcSecurity
olcSecurity: simple_bind=64
olcSecurity: update_ssf=71
END
snapshot "$work/before"
probe "$work/before.json" ldap ldaps
run tlsharden apply --profile strict --service openldap --yes
status_is 0 "merged: applied"
is "$(config '(olcSuffix=*)' olcSecurity | tail -n 1)" 'olcSecurity: ssf=128 simple_bind=64 update_ssf=71' \
    "merged: other factors of the data stay"
is "$(config -s base olcTLSVerifyClient olcTLSCertificateFile | tail -n +2 | sort | tr '\n' ' ')" \
    'olcTLSCertificateFile: "/etc/ldap/my tls/fullchain.pem" olcTLSVerifyClient: try ' "merged: so does what is stricter"
probe "$work/after.json" ldap ldaps
for endpoint in ldap ldaps; do
    check "merged: $endpoint accepts exactly the profile's suites and versions" \
        conforms "$work/after.json" strict rsa "$endpoint"
done
fails "merged: a plain search is refused" plain
check "merged: one after STARTTLS works, with the client's own policy" secured
check "merged: so it does after a restart" eval 'restart_slapd && secured'
run tlsharden diff --profile strict --service openldap
status_is 0 "merged: nothing to change any more"
run tlsharden rollback
status_is 0 "merged: taken back"
snapshot "$work/now"
same "$work/now" "$work/before" "merged: everything is as it was"
check "merged: a plain search works again" plain

# --- a slapd that cannot be asked -------------------------------------------------------------------

sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap:/// ldaps:///"|' /etc/default/slapd
restart_slapd
snapshot "$work/before"
run tlsharden apply --profile strict --yes
status_is 5 "no local socket: refused"
err_has 'ldapi:///.*SLAPD_SERVICES.*/etc/default/slapd' "no local socket: what to do is said"
snapshot "$work/now"
same "$work/now" "$work/before" "no local socket: nothing is touched, of no service"
check "no local socket: slapd serves on" plain
/etc/init.d/slapd stop >/dev/null 2>&1
host_until 50 eval '! host_listens 389'
run tlsharden apply --profile strict --service openldap --yes
status_is 0 "stopped: its files can be changed"
sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap:/// ldaps:/// ldapi:///"|' /etc/default/slapd
restart_slapd
check "stopped: and are what it then serves" secured
fails "stopped: a plain search is refused" plain

# --- slapd.conf ------------------------------------------------------------------------------------

/etc/init.d/slapd stop >/dev/null 2>&1
host_until 50 eval '! host_listens 389'
mv /etc/ldap/slapd.d /root/slapd.d
mv /etc/ldap/ldap.conf /root/ldap.conf
cat >/etc/ldap/slapd.conf <<'END'
include /etc/ldap/schema/core.schema
pidfile /var/run/slapd/slapd.pid
argsfile /var/run/slapd/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile "/etc/ldap/my tls/fullchain.pem"
TLSCertificateKeyFile "/etc/ldap/my tls/privkey.pem"
TLSCACertificateFile /etc/ssl/host/ca.pem

database monitor

database mdb
suffix "dc=nodomain"
directory /var/lib/ldap
END
restart_slapd
cp /etc/ldap/slapd.conf "$work/slapd.conf"
check "slapd.conf: it runs" plain
run tlsharden apply --profile strict --service openldap --yes
status_is 0 "slapd.conf: applied"
probe "$work/after.json" ldap ldaps
for endpoint in ldap ldaps; do
    check "slapd.conf: $endpoint accepts exactly the profile's suites and versions" \
        conforms "$work/after.json" strict rsa "$endpoint"
done
check "slapd.conf: a search after STARTTLS works" timeout 20 env LDAPTLS_CACERT=/etc/ssl/host/ca.pem \
    ldapsearch -x -ZZ -LLL -H ldap://ldap.example.test -b dc=nodomain -s base dn
fails "slapd.conf: a plain one is refused" plain
run tlsharden diff --profile strict --service openldap
status_is 0 "slapd.conf: nothing to change any more"
run tlsharden rollback
status_is 0 "slapd.conf: taken back"
same /etc/ldap/slapd.conf "$work/slapd.conf" "slapd.conf: as it was"
check "slapd.conf: a plain search works again" plain
done_testing
