#!/bin/bash
# Postfix with what the stock host lacks: submission services that the site asks for, a policy of their own, a
# second certificate, and a rehearsal that finds what postfix check does not.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure

# Debian's master.cf lists neither service.
sed -i -E '/^(submission|submissions) /,/^[#a-z]*628/ { s/^(submission|  -o)/#\1/ }' /etc/postfix/master.cf
host_prepare
postfix start >/dev/null 2>&1
host_until 100 host_listens 25
fails "nobody listens for submission" host_listens 587
echo '{"services": {"postfix": {"submission": true, "submissions": true}}}' >"$work/site.json"
cat >"$work/own.json" <<'END'
{"name": "own", "title": "", "extends": "strict", "scopes": {
    "postfix.inbound": {"tls": {"protocols": {"prepend": ["TLSv1", "TLSv1.1"]},
        "suites": {"append": ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"]},
        "signature_algorithms": {"append": ["rsa_pkcs1_sha1"]}}},
    "postfix.submission": {"tls": {"suites": {"remove": ["*_AES_256_GCM_SHA384"]}, "groups": ["secp384r1"]}}}}
END

# talk PORT OPTION...   what a client negotiates: "version suite"
talk()
{
    local port=$1 start=(-starttls smtp)
    shift
    [ "$port" != 465 ] || start=()
    timeout 20 openssl s_client -connect "127.0.0.1:$port" "${start[@]}" "$@" </dev/null 2>/dev/null |
        awk '/^ +Protocol *:/ { version = $3 } /^New, / { suite = $NF; if (version == "") version = $2 }
             END { sub(",", "", version); print version, suite }'
}

# spool FILE   what is in the queue
spool()
{
    find /var/spool/postfix -type f ! -path '*/etc/*' ! -path '*/pid/*' -printf '%p %s %T@\n' | sort >"$1"
}

# --- added -------------------------------------------------------------------------------------

postconf -e default_transport=smtp
echo 'to be delivered later' | sendmail -f root@mail.example.test nobody@nowhere.invalid
is_deferred()
{
    [ -n "$(find /var/spool/postfix/deferred -type f)" ]
}
host_until 150 is_deferred
sleep 1
spool "$work/spool"
snapshot "$work/before"
run tlsharden apply --profile strict --site "$work/site.json" --service postfix --yes
status_is 0 "added: applied"
out_has '3 endpoints proven' "added: the new services are proven as well"
spool "$work/spool.now"
same "$work/spool.now" "$work/spool" "added: the rehearsal has not touched the queue"
is "$(talk 587 -tls1_2)" 'TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256' "added: submission"
is "$(talk 465)" 'TLSv1.3 TLS_AES_128_GCM_SHA256' "added: submissions"
run ask smtp 587
out_has '^530 ' "added: nothing goes without STARTTLS"
check "added: logging in is offered inside TLS, and relaying needs it" python3 -c 'import smtplib, ssl
context = ssl.create_default_context(cafile="/etc/ssl/host/ca.pem")
for session in (smtplib.SMTP("mail.example.test", 587, timeout=20),
                smtplib.SMTP_SSL("mail.example.test", 465, timeout=20, context=context)):
    session.ehlo()
    if session.sock.__class__ is not ssl.SSLSocket:
        assert "auth" not in session.esmtp_features, session.esmtp_features
        session.starttls(context=context)
        session.ehlo()
    assert "PLAIN" in session.esmtp_features["auth"], session.esmtp_features
    session.mail("me@mail.example.test")
    assert session.rcpt("you@elsewhere.test")[0] == 554
    session.quit()'
run tlsharden diff --profile strict --site "$work/site.json" --service postfix
status_is 0 "added: nothing to change any more"

# --- a policy of its own -------------------------------------------------------------------------

run tlsharden apply --profile "$work/own.json" --site "$work/site.json" --service postfix --yes
status_is 0 "own: applied"
is "$(talk 25 -tls1 -cipher ALL:@SECLEVEL=0 | cut -d ' ' -f 1)" TLSv1 "own: port 25 takes old peers"
for port in 587 465; do
    is "$(talk $port -tls1_1 -cipher ALL:@SECLEVEL=0 | cut -d ' ' -f 2)" '(NONE)' "own: $port does not"
    is "$(talk $port -tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384 | cut -d ' ' -f 2)" '(NONE)' "own: $port has fewer suites"
    is "$(talk $port -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 | cut -d ' ' -f 2)" '(NONE)' "own: $port, of TLS 1.3 as well"
    is "$(talk $port -groups X25519 | cut -d ' ' -f 2)" '(NONE)' "own: $port has other curves"
    is "$(talk $port -groups P-384 -tls1_3)" 'TLSv1.3 TLS_AES_128_GCM_SHA256' "own: $port serves its own policy"
done
is "$(talk 25 -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384)" 'TLSv1.3 TLS_AES_256_GCM_SHA384' "own: port 25 has the others"

# --- two certificates ------------------------------------------------------------------------------

install -m 644 /pki/ec.chain.pem /etc/ssl/host/ec.chain.pem
install -m 600 /pki/ec.key /etc/ssl/host/ec.key
# shellcheck disable=SC2016 # Postfix expands it
postconf -e 'host = /etc/ssl/host' 'smtpd_tls_eccert_file = $host/ec.chain.pem' 'smtpd_tls_eckey_file = ${host}/ec.key'
run tlsharden apply --profile strict --service postfix --yes
status_is 0 "two certificates: applied"
is "$(talk 25 -tls1_2)" 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256' "two certificates: ECDSA"
is "$(talk 25 -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256)" 'TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256' "two certificates: RSA"
install -m 600 /pki/other.key /etc/ssl/host/ec.key
snapshot "$work/wrong"
run tlsharden apply --profile intermediate --service postfix --yes
status_is 3 "a wrong second key: refused"
err_has /etc/ssl/host/ec.key "a wrong second key: is named"
snapshot "$work/now"
same "$work/now" "$work/wrong" "a wrong second key: nothing is touched"
postconf -X smtpd_tls_eccert_file smtpd_tls_eckey_file host

# --- the rehearsal -----------------------------------------------------------------------------------

# smtpd that dies on each connection is found before anything is touched: not by postfix check.
cp -p /etc/postfix/main.cf "$work/main.cf"
echo 'smtpd_delay_reject = perhaps' >>/etc/postfix/main.cf
check "postfix check finds nothing wrong" postfix check
snapshot "$work/wrong"
spool "$work/spool"
master=$(tr -d ' ' </var/spool/postfix/pid/master.pid)
run tlsharden apply --profile intermediate --service postfix --yes
status_is 5 "the rehearsal refuses"
err_has 'rehearse postfix.*127\.0\.0\.1:25' "the rehearsal says where"
err_has 'smtpd_delay_reject = perhaps' "the rehearsal says what the log says"
snapshot "$work/now"
same "$work/now" "$work/wrong" "the rehearsal leaves every file"
spool "$work/spool.now"
same "$work/spool.now" "$work/spool" "the rehearsal leaves the queue"
is "$(tr -d ' ' </var/spool/postfix/pid/master.pid) $(pgrep -xc master)" "$master 1" "the rehearsal's Postfix is gone, the real one is not"
cp -p "$work/main.cf" /etc/postfix/main.cf

run tlsharden apply --profile strict --service postfix --yes
status_is 0 "with the mistake taken out, apply works"
done_testing
