#!/bin/bash
# A stock mail, web and directory host is hardened with the strict profile and put back: what is promised
# to the administrator, held against what every port really serves.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario

check "the stock host is probed" probe "$work/before.json"
check "and serves what strict forbids" python3 -c 'import json, sys
seen = json.load(open(sys.argv[1]))
assert all(answer["verified"] for answer in seen.values()), seen
assert all(seen[name]["suites"]["TLSv1"] for name in seen if name != "https"), seen' "$work/before.json"
snapshot "$work/before"

# --- dry runs change nothing -------------------------------------------------------------------

run tlsharden diff --profile strict
status_is 1 "diff: there is something to change"
for file in /etc/postfix/main.cf /etc/courier/imapd-ssl \
    /etc/apache2/sites-available/shop.example.test.conf; do
    out_has "^\+\+\+ .*$file" "diff: shows what changes in $file"
done
out_has 'olcTLSCipherSuite' "diff: shows what changes in cn=config"
run tlsharden apply --profile strict --dry-run
check "apply --dry-run: ends like diff" test "$STATUS" -le 1
snapshot "$work/now"
same "$work/now" "$work/before" "diff and the dry run change nothing"

# --- apply -------------------------------------------------------------------------------------

run tlsharden apply --profile strict --yes
status_is 0 "apply: done"
check "the hardened host is probed" probe "$work/after.json"
for endpoint in https https-shop smtp submission submissions imap imaps ldap ldaps; do
    check "$endpoint: accepts exactly the profile's suites and versions" \
        conforms "$work/after.json" strict rsa "$endpoint"
done

for name in www.example.test shop.example.test; do
    run ask http "$name" /page
    out_has '^30[18] ' "$name: plain HTTP is redirected for good"
    out_has "^Location: https://$name/page" "$name: to the same page"
    is "$(grep -ci '^strict-transport-security:' "$OUT")" 0 "$name: HSTS is not sent over plain HTTP"
    run ask http "$name" /.well-known/acme-challenge/token
    out_has '^200 ' "$name: certificate renewal is not redirected"
    run ask https "$name" /
    out_has '^200 ' "$name: the site is there"
    is "$(grep -ci '^strict-transport-security:' "$OUT")" 1 "$name: HSTS is sent exactly once"
    run ask https "$name" /missing
    is "$(grep -ci '^strict-transport-security:' "$OUT")" 1 "$name: with error pages as well"
done

run ask imap
out_has 'STARTTLS' "imap: STARTTLS is offered"
out_has 'LOGINDISABLED' "imap: no login before it"
run ask smtp 25
out_has '^250[- ]STARTTLS' "smtp: STARTTLS is offered"
out_has '^250 2.1.0' "smtp: mail from other hosts still arrives without it"
run ask smtp 587
out_has '^530 ' "submission: nothing goes without STARTTLS"
run timeout 20 ldapsearch -x -H ldap://ldap.example.test -b dc=nodomain
status_is 13 "ldap: a plain search is refused (confidentiality required)"
check "ldap: the search works after STARTTLS" timeout 20 ldapsearch -x -ZZ -H ldap://ldap.example.test -b dc=nodomain
check "ldaps: the search works" timeout 20 ldapsearch -x -H ldaps://ldap.example.test -b dc=nodomain
check "ldapi: the administrator gets in" timeout 20 ldapsearch -Q -Y EXTERNAL -H ldapi:/// -b cn=config -s base

for link in sites-enabled/www.example.test.conf sites-enabled/shop.example.test.conf mods-enabled/ssl.conf; do
    check "$link is still a link" test -L "/etc/apache2/$link"
done
is "$(find /etc -name '*tlsharden*' ! -path '/etc/apache2/conf-*' | grep -v '^/etc/postfix/tlsharden' |
    grep -v '^/etc/tlsharden')" '' "no temporary file is left beneath /etc"

# --- a second time -----------------------------------------------------------------------------

times "$work/times"
processes "$work/processes"
run tlsharden diff --profile strict
status_is 0 "diff: nothing to change any more"
run tlsharden apply --profile strict --yes
status_is 0 "a second apply has nothing to do"
times "$work/times.now"
same "$work/times.now" "$work/times" "and writes nothing"
processes "$work/processes.now"
same "$work/processes.now" "$work/processes" "and reloads nothing"
run tlsharden history
status_is 0 "history"
out_has strict "history: names the profile"

# --- rollback ----------------------------------------------------------------------------------

run tlsharden rollback
status_is 0 "rollback"
snapshot "$work/now"
same "$work/now" "$work/before" "everything beneath /etc is as it was: bytes, owners, modes, links, cn=config"
check "the host is probed again" probe "$work/again.json"
same "$work/again.json" "$work/before.json" "every port serves what it served before"
run ask http www.example.test /
out_has '^200 ' "plain HTTP is answered again"
check "ldap: the plain search works again" timeout 20 ldapsearch -x -H ldap://ldap.example.test -b dc=nodomain

done_testing
