#!/bin/bash
# A host that is set up differently from the stock one where administrators do differ: an ECDSA certificate,
# main.cf as a link into a directory under version control, a site that is a file and not a link, submission by
# port number, an indented vhost in capitals.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
host_certificates ec
mkdir /etc/versioned
mv /etc/postfix/main.cf /etc/versioned/postfix-main.cf
ln -s ../versioned/postfix-main.cf /etc/postfix/main.cf
sed -i 's/^submission inet/587        inet/' /etc/postfix/master.cf
rm /etc/apache2/sites-enabled/www.example.test.conf
mv /etc/apache2/sites-available/www.example.test.conf /etc/apache2/sites-enabled/
sed -i 's/SSLEngine/SSLENGINE/; s/<VirtualHost/  <VIRTUALHOST/; s/SSLProtocol all -SSLv3/sslprotocol \\\n  all -SSLv3/' \
    /etc/apache2/sites-available/shop.example.test.conf
chmod 640 /etc/postfix/master.cf
chown root:adm /etc/postfix/master.cf
start_servers
snapshot "$work/before"
probe "$work/before.json"

run tlsharden apply --profile strict --yes
status_is 0 "apply"
check "main.cf is still a link" test -L /etc/postfix/main.cf
is "$(readlink /etc/postfix/main.cf)" ../versioned/postfix-main.cf "to the same place"
check "and the file that it points to has the policy" grep -q '^smtpd_tls_mandatory_protocols' /etc/versioned/postfix-main.cf
is "$(stat -c '%a %U %G' /etc/postfix/master.cf)" "640 root adm" "master.cf keeps its owner and mode"
check "a site that is a file stays one" test -f /etc/apache2/sites-enabled/www.example.test.conf -a \
    ! -L /etc/apache2/sites-enabled/www.example.test.conf
check "a site that is a link stays one" test -L /etc/apache2/sites-enabled/shop.example.test.conf
probe "$work/after.json"
for endpoint in https https-shop smtp submission submissions imap imaps ldap ldaps; do
    check "$endpoint: accepts exactly the profile's suites for an ECDSA certificate" \
        conforms "$work/after.json" strict ec "$endpoint"
done
is "$(postconf -Mf | grep -cE '^(587|submission) ')" 1 "there is one submission service, as before"

run tlsharden rollback
status_is 0 "rollback"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"
probe "$work/now.json"
same "$work/now.json" "$work/before.json" "and served as it was"
done_testing
