#!/bin/bash
# A directory of sites that Apache reads as a whole ("Include sites/"), hidden files first: what stands aside
# while a change is made must not be in it, or the old site goes on being served beside the new one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
mkdir /etc/apache2/sites
rm /etc/apache2/sites-enabled/www.example.test.conf
mv /etc/apache2/sites-available/www.example.test.conf /etc/apache2/sites/
echo 'Include /etc/apache2/sites/' >>/etc/apache2/apache2.conf
start_servers
snapshot "$work/before"

headers()
{
    printf 'HEAD / HTTP/1.0\r\nHost: www.example.test\r\n\r\n' |
        timeout 10 openssl s_client -quiet -connect 127.0.0.1:443 -servername www.example.test 2>/dev/null
}

run tlsharden diff --profile strict --service apache
err_has 'sites/: all files of this directory are included, hidden ones' "it is told that hidden files count"
headers >"$work/headers"
fails "before, clients are not told to stay with TLS" grep -qi '^Strict-Transport-Security' "$work/headers"
run tlsharden apply --profile strict --service apache --yes
status_is 0 "apply"
check "the site asks for it" grep -q Strict-Transport-Security /etc/apache2/sites/www.example.test.conf
headers >"$work/headers"
check "and the running server serves the new site" grep -qi '^Strict-Transport-Security' "$work/headers"
is "$(ls -A /etc/apache2/sites)" www.example.test.conf "nothing else is in the directory"

run tlsharden rollback
status_is 0 "rollback"
headers >"$work/headers"
fails "the old site is served again" grep -qi '^Strict-Transport-Security' "$work/headers"
snapshot "$work/now"
same "$work/now" "$work/before" "everything is as it was"
done_testing
