# tests/server/host.sh   sourced inside the test host: sets its stock Debian servers up as one mail, web and
# directory host, starts and stops them by their own scripts, and waits for them, never for long.
#
#     host_configure            certificates, two web sites, SMTP with submission, IMAP, LDAP; without nginx
#     host_configure_with_nginx the same, with nginx on 8080 and 8443
#     host_nginx PLAIN TLS      nginx with the same two web sites, on these ports
#     host_nginx_start TLS      ... which host_start leaves alone
#     host_start, host_stop
#     host_pids                 "name pid" of each server's main process
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

# --- nginx -------------------------------------------------------------------------------------

# It is a second web server, which most hosts do not have beside Apache: those who test it set it up themselves.
host_without_nginx()
{
    # It does not run: nothing has to be stopped, and nothing of that name either.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    dpkg --purge nginx nginx-light nginx-common libnginx-mod-http-echo >/tmp/without-nginx 2>&1 ||
        { echo "host: nginx does not go:" >&2; cat /tmp/without-nginx >&2; return 1; }
    rm /usr/sbin/policy-rc.d
}

# Debian's nginx.conf; the first site is what its administrator made of an old article, the second says nothing.
host_nginx()
{
    local plain=$1 tls=$2 name
    for name in shop.example.test www.example.test; do
        install -d "/var/www/$name/.well-known/acme-challenge"
        echo "this is $name" >"/var/www/$name/index.html"
        echo "token of $name" >"/var/www/$name/.well-known/acme-challenge/token"
    done
    install -d /srv/shop
    cat >/etc/nginx/snippets/old.conf <<END
# an old till needs these
ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
ssl_ciphers "ALL:!aNULL:!eNULL:@SECLEVEL=0"; # all of them
END
    cat >/etc/nginx/sites-available/shop.example.test <<END
server {
    listen $plain;
    server_name shop.example.test;
    root /var/www/shop.example.test;
}

server {
    listen $tls ssl default_server;
    listen [::]:$tls ssl default_server;
    server_name shop.example.test;
    root /var/www/shop.example.test;
    access_log /srv/shop/access.log;

    ssl_certificate /etc/ssl/host/fullchain.pem;
    ssl_certificate_key /etc/ssl/host/privkey.pem;
    include snippets/old.conf;
    ssl_prefer_server_ciphers off;

    location / {
        try_files \$uri \$uri/ =404;
    }
    location /api/ {
        add_header X-Api 1;
        try_files /index.html =404;
    }
}
END
    cat >/etc/nginx/sites-available/www.example.test <<END
server {
	listen $plain; listen $tls ssl; listen [::]:$tls ssl;
	server_name www.example.test;
	root /var/www/www.example.test;
	ssl_certificate /etc/ssl/host/fullchain.pem; # the whole chain
	ssl_certificate_key /etc/ssl/host/privkey.pem;
	ssl_conf_command Options NoRenegotiation;
}
END
    echo 'add_header X-Host testhost;' >/etc/nginx/conf.d/fields.conf
    rm /etc/nginx/sites-enabled/default
    for name in shop.example.test www.example.test; do
        ln -s "../sites-available/$name" /etc/nginx/sites-enabled/
    done
}

host_nginx_start()
{
    /etc/init.d/nginx start >/tmp/start-nginx 2>&1 || { cat /tmp/start-nginx >&2; return 1; }
    host_until 100 host_listens "$1"
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

host_servers()
{
    host_certificates rsa
    makeimapaccess 2>/dev/null
    host_apache
    host_postfix
    host_slapd
}

host_configure()
{
    host_without_nginx
    host_servers
}

# The same with nginx, on ports of its own.
host_configure_with_nginx()
{
    host_servers
    host_nginx 8080 8443
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
