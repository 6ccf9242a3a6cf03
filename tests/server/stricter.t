#!/bin/bash
# A site that is stricter than the profile, TLS 1.3 alone, in its own words or in those of a file that it includes:
# that stays, and nothing demands TLS 1.2 of it; --exact replaces it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
shop=/etc/apache2/sites-available/shop.example.test.conf
www=/etc/apache2/sites-available/www.example.test.conf
sed -i 's/SSLProtocol all -SSLv3/SSLProtocol TLSv1.3/; /SSLCipherSuite/d; /SSLHonorCipherOrder/d' "$shop"
install -d /etc/apache2/snippets
echo 'SSLProtocol -all +TLSv1.3' >/etc/apache2/snippets/new.conf
sed -i 's|^	SSLEngine on|&\n	Include /etc/apache2/snippets/new.conf|' "$www"
start_servers
snapshot "$work/before"

run tlsharden apply --profile strict --service apache --yes
status_is 0 "apply"
err_has 'virtual host shop.example.test allows fewer protocol versions than the profile: that stays' "it is told, of the site"
err_has 'virtual host www.example.test allows fewer protocol versions' "and of the one that includes it"
check "the site's own words stay" grep -q 'SSLProtocol TLSv1.3' "$shop"
check "and so does the included file" grep -qx 'SSLProtocol -all +TLSv1.3' /etc/apache2/snippets/new.conf
run tlsharden verify --profile strict --service apache
status_is 0 "verify"
run tlsharden diff --profile strict --service apache
status_is 0 "nothing is left to change"

run tlsharden apply --profile strict --service apache --exact --yes
status_is 0 "apply --exact"
fails "they are replaced" grep -rq 'SSLProtocol.*TLSv1.3' "$shop" /etc/apache2/snippets/new.conf
run tlsharden rollback
run tlsharden rollback
status_is 0 "rollback, twice"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"
done_testing
