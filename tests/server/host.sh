# tests/server/host.sh   sourced inside the test host: sets its stock Debian servers up as one mail, web and
# directory host, starts and stops them by their own scripts, and waits for them, never for long.
#
#     host_configure        certificates, two web sites, SMTP with submission, IMAP, LDAP
#     host_start, host_stop
#     host_pids             "name pid" of each server's main process
#
# What is set up is what an administrator following Debian's own documentation would have; nothing is hardened.
# shellcheck shell=bash

# --- certificates ------------------------------------------------------------------------------

# host_certificates [NAME]   puts a certificate of /pki where each server reads it, readable as it needs
host_certificates()
{
    local name=${1:-rsa}
    install -d -m 755 /etc/ssl/host
    install -m 644 "/pki/$name.chain.pem" /etc/ssl/host/fullchain.pem
    install -m 600 "/pki/$name.key" /etc/ssl/host/privkey.pem
    install -m 644 /pki/ca.pem /etc/ssl/host/ca.pem
    cat "/pki/$name.key" "/pki/$name.chain.pem" |
        install -m 640 -o root -g courier /dev/stdin /etc/courier/imapd.pem
    install -d -m 750 -o root -g openldap /etc/ldap/tls
    install -m 640 -o root -g openldap "/pki/$name.key" /etc/ldap/tls/privkey.pem
    install -m 640 -o root -g openldap "/pki/$name.chain.pem" /etc/ldap/tls/fullchain.pem
    cat /pki/ca.pem >>/etc/ssl/certs/ca-certificates.crt
}

# --- Apache ------------------------------------------------------------------------------------

host_site()
{
    local name=$1 overrides=$2
    install -d "/var/www/$name/.well-known/acme-challenge"
    echo "this is $name" >"/var/www/$name/index.html"
    echo "token of $name" >"/var/www/$name/.well-known/acme-challenge/token"
    cat >"/etc/apache2/sites-available/$name.conf" <<END
<VirtualHost *:80>
	ServerName $name
	DocumentRoot /var/www/$name
</VirtualHost>

<VirtualHost *:443>
	ServerName $name
	DocumentRoot /var/www/$name

	# the site's own log
	ErrorLog \${APACHE_LOG_DIR}/$name.log

	SSLEngine on
	SSLCertificateFile	/etc/ssl/host/fullchain.pem
	SSLCertificateKeyFile	/etc/ssl/host/privkey.pem
$overrides</VirtualHost>
END
    a2ensite -q "$name" >/dev/null
}

host_apache()
{
    host_site www.example.test ''
    host_site shop.example.test '
	# an old till needs these
	SSLProtocol all -SSLv3
	SSLCipherSuite ALL:@SECLEVEL=0
	SSLHonorCipherOrder off
'
    a2dissite -q 000-default >/dev/null
    a2enmod -q ssl >/dev/null
    echo 'ServerName www.example.test' >/etc/apache2/conf-available/fqdn.conf
    a2enconf -q fqdn >/dev/null
}

# --- Postfix -----------------------------------------------------------------------------------

# Uncomments a service of Debian's master.cf and those of its options that need no other setting.
host_postfix_service()
{
    sed -i -E "/^#$1 +inet/,/^#  -o milter_macro_daemon_name/ {
        s/^#($1 )/\\1/
        s/^#(  -o (syslog_name|smtpd_tls|smtpd_sasl|smtpd_relay_restrictions|smtpd_recipient_restrictions))/\\1/
        s/^#(  -o smtpd_reject_unlisted_recipient)/\\1/
    }" /etc/postfix/master.cf
}

host_postfix()
{
    host_postfix_service submission
    host_postfix_service submissions
    postconf -e myhostname=mail.example.test maillog_file=/var/log/mail.log \
        smtpd_tls_cert_file=/etc/ssl/host/fullchain.pem smtpd_tls_key_file=/etc/ssl/host/privkey.pem
    printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n' \
        >/etc/postfix/sasl/smtpd.conf
    newaliases
}

# --- OpenLDAP ----------------------------------------------------------------------------------

host_slapd()
{
    sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap:/// ldaps:/// ldapi:///"|' /etc/default/slapd
    slapmodify -F /etc/ldap/slapd.d -n 0 <<END
dn: cn=config
changetype: modify
replace: olcTLSCertificateFile
olcTLSCertificateFile: /etc/ldap/tls/fullchain.pem
-
replace: olcTLSCertificateKeyFile
olcTLSCertificateKeyFile: /etc/ldap/tls/privkey.pem
-
replace: olcTLSCACertificateFile
olcTLSCACertificateFile: /etc/ssl/host/ca.pem
END
    chown -R openldap:openldap /etc/ldap/slapd.d
}

# --- all of them -------------------------------------------------------------------------------

host_configure()
{
    host_certificates rsa
    makeimapaccess 2>/dev/null
    host_apache
    host_postfix
    host_slapd
}

# Without systemd: tmpfiles.d and the syslog socket are ours to provide. /var/log/syslog shows what was said.
host_prepare()
{
    [ ! -S /dev/log ] || return 0
    install -d -o courier -g courier /run/courier
    python3 /src/tests/server/syslog.py /var/log/syslog &
    host_until 50 test -S /dev/log
}

# host_until TENTHS COMMAND...   tries a command up to that many times, a tenth of a second apart
host_until()
{
    local left=$1
    shift
    until "$@"; do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            echo "host: waited in vain for: $*" >&2
            return 1
        fi
        sleep 0.1
    done
}

host_listens()
{
    [ -n "$(ss -Hltn "sport = :$1")" ]
}

host_start()
{
    host_prepare
    local service
    for service in apache2 postfix courier-authdaemon courier-imap courier-imap-ssl slapd; do
        "/etc/init.d/$service" start >"/tmp/start-$service" 2>&1 ||
            { echo "host: $service does not start:" >&2; cat "/tmp/start-$service" >&2; return 1; }
    done
    local port
    for port in 80 443 25 587 465 143 993 389 636; do
        host_until 100 host_listens "$port" || return 1
    done
}

host_stop()
{
    local service
    for service in slapd courier-imap-ssl courier-imap courier-authdaemon postfix apache2; do
        "/etc/init.d/$service" stop >/dev/null 2>&1
    done
}

host_pids()
{
    local file
    for file in apache2/apache2 courier/imapd courier/imapd-ssl slapd/slapd; do
        [ ! -e "/run/$file.pid" ] || echo "${file#*/} $(cat "/run/$file.pid")"
    done
    echo "master $(tr -d ' ' </var/spool/postfix/pid/master.pid)"
}
