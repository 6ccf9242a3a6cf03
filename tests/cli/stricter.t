#!/bin/bash
# What is stricter than the profile stays as it is written, and is told; --exact replaces it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# kept SERVICE FILE LINE TOLD   with LINE in FILE it stays byte for byte, a second run changes nothing, --exact replaces it
kept()
{
    local service=$1 file=$root$2 line=$3 told=$4
    run on_root apply --service "$service" --profile strict
    status_is 0 "$service, $line: applied"
    err_has "allows (less|fewer).*stays" "$service: told that it stays"
    err_has "$told" "$service: told what"
    check "$service: as it is written" grep -qxF -- "$line" "$file"
    run on_root diff --service "$service" --profile strict
    status_is 0 "$service: nothing to change then"
    run on_root apply --service "$service" --profile strict --exact
    status_is 0 "$service: --exact"
    is "$(grep -cxF -- "$line" "$file")" 0 "$service: replaces it"
    run on_root diff --service "$service" --profile strict --exact
    status_is 0 "$service: and is done"
    is "$(grep -c stays "$ERR")" 0 "$service: nothing is kept then"
}

# replaced SERVICE FILE LINE   LINE allows something that the profile does not
replaced()
{
    run on_root apply --service "$1" --profile strict
    status_is 0 "$1, $3: applied"
    is "$(grep -cxF -- "$3" "$root$2")" 0 "$1: what allows more is replaced"
    is "$(grep -c 'allows less' "$ERR")" 0 "$1: and nothing is said to be stricter"
}

gnutls=NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-SECP384R1:+SIGN-RSA-PSS-RSAE-SHA384:+CTYPE-X509
flags=:%SERVER_PRECEDENCE:%NO_TICKETS

courier()
{
    sample_root
    sed -i '/^TLS_PRIORITY=/d' "$root/etc/courier/imapd-ssl"
    echo "TLS_PRIORITY=$1" >>"$root/etc/courier/imapd-ssl"
}
courier "$gnutls$flags"
kept courier /etc/courier/imapd-ssl "TLS_PRIORITY=$gnutls$flags" 'protocol versions, cipher suites, groups'
courier "$gnutls:+VERS-TLS1.1:+AES-128-CBC:+SHA1:+ECDHE-RSA$flags"
replaced courier /etc/courier/imapd-ssl "TLS_PRIORITY=$gnutls:+VERS-TLS1.1:+AES-128-CBC:+SHA1:+ECDHE-RSA$flags"
courier NORMAL:+NO-SUCH-THING
replaced courier /etc/courier/imapd-ssl TLS_PRIORITY=NORMAL:+NO-SUCH-THING
courier "$gnutls" # allows no more, but would hand out tickets
run on_root apply --service courier --profile strict
check "courier, without flags: the same with the profile's flags" \
    grep -qE '^TLS_PRIORITY=NONE:\+VERS-TLS1.3:\+AES-256-GCM:.*%NO_TICKETS$' "$root/etc/courier/imapd-ssl"
is "$(grep -c 'VERS-TLS1.2' "$root/etc/courier/imapd-ssl")" 0 "and no more than that"

config=$root/etc/ldap/slapd.d/cn=config.ldif
sample_root
sed -i "/^olcTLSCACertificateFile:/a olcTLSCipherSuite: NONE:+VERS-TLS1.3:+AEAD:+AES-256-GCM:+GROUP-X25519:+SIGN-RSA-PSS-RSAE-SHA256:+CTYPE-X509$flags" "$config"
run on_root apply --service openldap --profile strict
status_is 0 "openldap: applied"
err_has 'openldap: allows less than the profile' "openldap: told that it stays"
fails "openldap: no version is added" grep -q 'VERS-TLS1.2' "$config"
run on_root apply --service openldap --profile strict --exact
check "openldap: --exact adds them" grep -q 'VERS-TLS1.2' "$config"

sample_root
echo 'tls_high_cipherlist = ECDHE-RSA-AES256-GCM-SHA384' >>"$root/etc/postfix/main.cf"
kept postfix /etc/postfix/main.cf 'tls_high_cipherlist = ECDHE-RSA-AES256-GCM-SHA384' 'fewer cipher suites'
sample_root
echo 'tls_high_cipherlist = ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA' >>"$root/etc/postfix/main.cf"
replaced postfix /etc/postfix/main.cf 'tls_high_cipherlist = ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA'
sample_root
echo 'smtpd_tls_protocols = >=TLSv1.3' >>"$root/etc/postfix/main.cf"
run on_root apply --service postfix --profile strict
err_has 'postfix: inbound allows less than the profile.*protocol versions' "postfix: versions stay"
check "postfix: inbound has TLS 1.3 only, as before" grep -qx 'smtpd_tls_protocols = >=TLSv1.3, <=TLSv1.3' "$root/etc/postfix/main.cf"
sample_root
echo 'smtpd_tls_protocols = !SSLv2, !SSLv3' >>"$root/etc/postfix/main.cf"
replaced postfix /etc/postfix/main.cf 'smtpd_tls_protocols = !SSLv2, !SSLv3'

ssl=$root/etc/apache2/mods-available/ssl.conf
policy=$root/etc/apache2/conf-available/tlsharden.conf
sample_root
sed -i 's/SSLProtocol all -SSLv3/SSLProtocol -all +TLSv1.3/; s/SSLCipherSuite HIGH:!aNULL/SSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384/' "$ssl"
run on_root apply --service apache --profile strict
status_is 0 "apache: applied"
err_has 'apache: allows less than the profile.*protocol versions' "apache: told that it stays"
check "apache: the policy has TLS 1.3 only" grep -qE 'SSLProtocol -all \+TLSv1.3$' "$policy"
run on_root diff --service apache --profile strict
status_is 0 "apache: nothing to change then, though the policy is ours now"
run on_root apply --service apache --profile strict --exact
check "apache: --exact has the profile's versions" grep -qE 'SSLProtocol -all \+TLSv1.2 \+TLSv1.3$' "$policy"

vhost=$root/etc/apache2/sites-available/www.example.test.conf
sample_root
sed -i 's/SSLEngine on/SSLEngine on\n\tSSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384/' "$vhost"
kept apache /etc/apache2/sites-available/www.example.test.conf $'\tSSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384' \
    'www.example.test allows fewer cipher suites'
sample_root
sed -i 's/SSLEngine on/SSLEngine on\n\tSSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA/' "$vhost"
replaced apache /etc/apache2/sites-available/www.example.test.conf $'\tSSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA'
done_testing
