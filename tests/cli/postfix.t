#!/bin/bash
# Postfix: what becomes of main.cf and master.cf, line by line, however they were set up.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

postfix=$root/etc/postfix

# fresh [LINE...]   a new sample host, with these lines added to main.cf
fresh()
{
    sample_root
    [ $# = 0 ] || printf '%s\n' "$@" >>"$postfix/main.cf"
}

# parameter NAME   its value in main.cf: the last assignment
parameter()
{
    sed -n "s/^$1 *= *//p" "$postfix/main.cf" | tail -n 1
}

# entry PATTERN   a service of master.cf with its options, one line, blanks squeezed
entry()
{
    awk '/^#/ || /^$/ { next } /^[ \t]/ { line = line " " $0; next } { print line; line = $0 } END { print line }' \
        "$postfix/master.cf" | tr -s ' \t' ' ' | grep -E "^$1 "
}

# applied NAME [ARGUMENT...]   apply ends well, and a second diff has nothing to change
applied()
{
    local name=$1
    shift
    run on_root --service postfix "$@" apply --yes
    status_is 0 "$name: applied"
    run on_root --service postfix "$@" diff
    status_is 0 "$name: a second diff has nothing to change"
}

# --- the stock host ----------------------------------------------------------------------------

fresh
applied "stock" --profile strict
is "$(parameter smtpd_tls_security_level)" may "stock: port 25 stays opportunistic"
is "$(parameter smtpd_tls_protocols)" '>=TLSv1.2, <=TLSv1.3' "stock: versions"
is "$(parameter smtpd_tls_mandatory_protocols)" '>=TLSv1.2, <=TLSv1.3' "stock: versions where TLS is mandatory"
is "$(parameter smtpd_tls_ciphers) $(parameter smtpd_tls_mandatory_ciphers)" 'high high' "stock: grades"
# shellcheck disable=SC2016 # the inner shell's
check "stock: no suite without forward secrecy or AEAD" bash -c \
    '[[ $1 =~ ^(ECDHE-(RSA|ECDSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305):?)+$ ]]' - "$(parameter tls_high_cipherlist)"
is "$(parameter tls_eecdh_auto_curves)" X25519,prime256v1,secp384r1 "stock: curves"
fresh
echo 'tls_eecdh_auto_curves = X25519 secp384r1' >>"$postfix/main.cf"
applied "fewer curves, as Postfix parts them" --profile strict
is "$(parameter tls_eecdh_auto_curves)" 'X25519,secp384r1' "fewer curves: no others are added"
fresh
applied "stock once more" --profile strict
is "$(parameter tls_preempt_cipherlist)" yes "stock: the server's order"
is "$(parameter tls_ssl_options)" 'NO_COMPRESSION, NO_RENEGOTIATION, NO_TICKET' "stock: options"
is "$(parameter smtpd_tls_auth_only)" yes "stock: passwords inside TLS only"
is "$(parameter smtp_tls_security_level)" may "stock: outbound stays opportunistic"
is "$(parameter smtp_tls_protocols)" '' "stock: and as wide as it was"
is "$(parameter smtp_tls_mandatory_protocols)" '>=TLSv1.2' "stock: outbound where it is mandatory"
is "$(parameter tls_config_file) $(parameter tls_config_name)" '/etc/postfix/tlsharden.cnf postfix' "stock: TLS 1.3 suites"
is "$(grep -c '^Ciphersuites = TLS_AES_128_GCM_SHA256:' "$postfix/tlsharden.cnf")" 1 "stock: stand in a file of their own"
is "$(entry submissions)" 'submissions inet n - y - - smtpd -o syslog_name=postfix/submissions -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes -o smtpd_reject_unlisted_recipient=no -o smtpd_relay_restrictions= -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject -o smtpd_tls_security_level=encrypt' \
    "stock: submissions"
is "$(entry smtp | head -n 1)" 'smtp inet n - y - - smtpd' "stock: port 25 has no overrides"

# --- what is stricter stays, what is older goes --------------------------------------------------

fresh 'smtpd_tls_security_level = encrypt' 'smtp_tls_security_level = dane-only'
applied "stricter levels" --profile strict
is "$(parameter smtpd_tls_security_level) $(parameter smtp_tls_security_level)" 'encrypt dane-only' "stricter levels: stay"

fresh 'level = encrypt' "smtpd_tls_security_level = \$level"
applied "a level by another parameter" --profile strict
is "$(parameter smtpd_tls_security_level)" encrypt "a level by another parameter: stays as strict"

# shellcheck disable=SC2016 # Postfix expands it
fresh 'smtpd_tls_security_level = ${stress?{none}:{encrypt}}'
tree "$work/before"
run on_root --service postfix --profile strict apply --yes
status_is 3 "a conditional level: refused"
err_has 'main\.cf.*smtpd_tls_security_level' "a conditional level: is named"
tree "$work/now"
same "$work/now" "$work/before" "a conditional level: nothing is touched"

fresh
sed -i -E '/^smtpd?_tls_security_level/d' "$postfix/main.cf"
printf '%s\n' 'smtpd_use_tls = yes' 'smtpd_enforce_tls = yes' 'smtp_use_tls = yes' >>"$postfix/main.cf"
applied "older parameters" --profile strict
is "$(parameter smtpd_tls_security_level) $(parameter smtp_tls_security_level)" 'encrypt may' \
    "older parameters: become levels that are as strict"
is "$(grep -cE '^smtpd?_(use|enforce)_tls' "$postfix/main.cf")" 0 "older parameters: go"

# shellcheck disable=SC2016 # Postfix expands it
fresh 'smtpd_tls_security_level = none' 'smtpd_tls_eecdh_grade = none' 'tls_high_cipherlist = $tls_export_cipherlist' \
    'smtpd_tls_mandatory_protocols = SSLv3,' '  TLSv1' 'tlsproxy_tls_protocols = TLSv1' 'tls_preempt_cipherlist = no'
applied "weak parameters" --profile strict
is "$(parameter smtpd_tls_security_level)" may "weak parameters: TLS is on"
is "$(grep -cE '^(smtpd_tls_eecdh_grade|tlsproxy_tls_protocols)' "$postfix/main.cf")" 0 "weak parameters: go"
is "$(parameter smtpd_tls_mandatory_protocols)" '>=TLSv1.2, <=TLSv1.3' "weak parameters: a continued one is replaced whole"
is "$(grep -c '^  TLSv1' "$postfix/main.cf")" 0 "weak parameters: with its second line"
is "$(grep -c '^smtpd_tls_security_level' "$postfix/main.cf")" 1 "weak parameters: the level is said once"

# --- overrides in master.cf ---------------------------------------------------------------------

fresh
cat >"$postfix/master.cf" <<'END'
smtp      inet  n       -       n       -       -       smtpd -v
  -o smtpd_tls_security_level=none -o { smtpd_tls_protocols = TLSv1, SSLv3 }
# a comment between
  -o content_filter=scan
587       inet  n       -       n       -       -       smtpd
    -o smtpd_tls_security_level=may
    -o { tls_high_cipherlist = ALL }
    -o smtpd_tls_auth_only=no
127.0.0.1:587 inet n    -       n       -       -       smtpd -o smtpd_enforce_tls=yes
smtps     inet  n       -       n       -       -       smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_mandatory_protocols=SSLv3
2525      inet  n       -       n       -       -       smtpd
  -o smtpd_tls_protocols=TLSv1
smtp      unix  -       -       n       -       -       smtp
END
run on_root --service postfix --profile strict diff
err_has "master\\.cf.*line 13.*'2525'.*smtpd_tls_protocols" "overrides: a service of another port is told of"
applied "overrides" --profile strict
is "$(entry smtp | head -n 1)" 'smtp inet n - n - - smtpd -v -o smtpd_tls_security_level=may -o content_filter=scan' \
    "overrides: port 25"
is "$(entry 587)" '587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes' "overrides: 587"
is "$(entry 127.0.0.1:587)" '127.0.0.1:587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes' \
    "overrides: 127.0.0.1:587"
is "$(entry smtps)" 'smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt' \
    "overrides: smtps"
is "$(entry 2525)" '2525 inet n - n - - smtpd -o smtpd_tls_protocols=TLSv1' "overrides: another port's stay"
is "$(grep -c '^# a comment between' "$postfix/master.cf")" 1 "overrides: comments stay"

fresh
sed -i 's/^smtp  .*inet.*/smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n  -o smtpd_tls_ciphers=low\ntlsproxy unix - - y - 0 tlsproxy/' \
    "$postfix/master.cf"
applied "postscreen" --profile strict
is "$(entry smtpd)" 'smtpd pass - - y - - smtpd' "postscreen: smtpd behind it"
is "$(entry smtp | head -n 1)" 'smtp inet n - y - 1 postscreen' "postscreen: itself"

fresh
sed -i 's/^  -o smtpd_tls_wrappermode=yes/  -o smtpd_tls_wrappermode = yes/' "$postfix/master.cf"
run on_root --service postfix --profile strict diff
status_is 3 "an option that Postfix cannot read: refused"
err_has 'master\.cf' "an option that Postfix cannot read: is named"

# --- a policy of its own for submission ----------------------------------------------------------

cat >"$work/own.json" <<'END'
{"name": "own", "title": "", "extends": "strict", "scopes": {
    "postfix.inbound": {"tls": {"protocols": {"prepend": ["TLSv1.1"]}, "suites": {"append": ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]},
                                "session_tickets": true}},
    "postfix.submission": {"tls": {"suites": {"remove": ["TLS_AES_256_GCM_SHA384"]}, "groups": ["secp256r1"],
                                   "server_preference": false}}}}
END
fresh
applied "own" --profile "$work/own.json"
is "$(parameter smtpd_tls_protocols)" '>=TLSv1.1, <=TLSv1.3' "own: port 25's versions"
for option in 'smtpd_tls_protocols=>=TLSv1.2,<=TLSv1.3' 'smtpd_tls_mandatory_protocols=>=TLSv1.2,<=TLSv1.3' \
    'tls_high_cipherlist=ECDHE-[A-Z0-9:-]+' tls_eecdh_auto_curves=prime256v1 tls_preempt_cipherlist=no \
    tls_ssl_options=NO_COMPRESSION,NO_RENEGOTIATION,NO_TICKET tls_config_name=postfix_submission; do
    for service in submission submissions; do
        # shellcheck disable=SC2016 # the inner shell's
        check "own: $service: $option" bash -c 'grep -qE -- " -o $1( |$)" <<<"$2"' - "$option" "$(entry $service)"
    done
done
is "$(sed -n '/submission_tls_defaults\]/,$p' "$postfix/tlsharden.cnf" | sed -n 's/^Ciphersuites = //p')" \
    TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256 "own: TLS 1.3 suites"
applied "and strict again" --profile strict
check "and strict again: what is stricter stays" grep -q tls_eecdh_auto_curves=prime256v1 <(entry submission)
applied "and exactly strict" --profile strict --exact
is "$(entry submission | grep -cE 'protocols|tls_(high|eecdh|preempt|ssl|config)')" 0 "and exactly strict: the overrides are gone"

cat >"$work/lax.json" <<'END'
{"name": "lax", "title": "", "extends": "intermediate", "smtp": {"submission": "may"}}
END
fresh
applied "submission may" --profile "$work/lax.json"
check "submission may: what is mandatory stays so" grep -q -- '-o smtpd_tls_security_level=encrypt' <(entry submission)

# --- services that the site asks for --------------------------------------------------------------

echo '{"services": {"postfix": {"submission": true, "submissions": true}}}' >"$work/site.json"

# without_submission   master.cf as Debian ships it
without_submission()
{
    fresh
    sed -i -E '/^(submission|submissions) /,/^[#a-z]*628/ { s/^(submission|  -o)/#\1/ }' "$postfix/master.cf"
    is "$(entry 'submissions?')" '' "site: not listed before"
}

# mechanisms NAME...   Cyrus SASL's plugins
mechanisms()
{
    local name
    mkdir -p "$root/usr/lib/any-arch/sasl2"
    for name; do
        : >"$root/usr/lib/any-arch/sasl2/lib$name.so"
    done
}

without_submission
mechanisms plain login
applied "site" --profile strict --site "$work/site.json"
is "$(entry submission)" 'submission inet n - y - - smtpd -o syslog_name=postfix/submission -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes -o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject' \
    "site: submission is added"
is "$(entry submissions)" 'submissions inet n - y - - smtpd -o syslog_name=postfix/submissions -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes -o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject' \
    "site: submissions is added"

fresh
mechanisms plain
sed -i -E 's/^submission( +inet)/192.0.2.1:587\1/' "$postfix/master.cf"
applied "site, listed" --profile strict --site "$work/site.json"
is "$(entry '(submission|[0-9.]*:?587)' | wc -l)" 1 "site, listed: there is still one submission service"

# refused NAME PATTERN   the services cannot be added: exit status 3, named, nothing touched
refused()
{
    tree "$work/before"
    run on_root --service postfix --profile strict --site "$work/site.json" apply --yes
    status_is 3 "$1: refused"
    err_has "$2" "$1: the reason is named"
    tree "$work/now"
    same "$work/now" "$work/before" "$1: nothing is touched"
}

without_submission
refused "site without mechanisms" "'submission' cannot be added.*smtpd\\.conf"
mechanisms gssapiv2
refused "site with a mechanism that is not listed" "'submission' cannot be added.*smtpd\\.conf"
mechanisms plain
rm "$postfix/sasl/smtpd.conf"
refused "site without smtpd.conf" "'submissions' cannot be added.*there is no smtpd\\.conf"
printf '%s\n' 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth' >>"$postfix/main.cf"
applied "site with dovecot" --profile strict --site "$work/site.json"
echo '{"services": {"postfix": {"submision": true}}}' >"$work/typo.json"
run on_root --profile strict --site "$work/typo.json" diff
status_is 3 "site with a typo"
err_has "typo\\.json:1:[0-9]+.*'submission'" "site with a typo: place and what was meant"

# --- certificates ----------------------------------------------------------------------------------

fresh "smtpd_tls_CAfile = /etc/ssl/none.pem"
tree "$work/before"
run on_root --service postfix --profile strict apply --yes
status_is 3 "a missing CA file"
err_has '/etc/ssl/none\.pem' "a missing CA file: is named"
tree "$work/now"
same "$work/now" "$work/before" "a missing CA file: nothing is touched"

fresh
# shellcheck disable=SC2016
sed -i 's/^  -o smtpd_tls_wrappermode=yes/&\n  -o smtpd_tls_CAfile=$ca/' "$postfix/master.cf"
echo 'ca = /etc/ssl/other.pem' >>"$postfix/main.cf"
run on_root --service postfix --profile strict diff
status_is 3 "a missing CA file in an override"
err_has '/etc/ssl/other\.pem.*master\.cf' "a missing CA file in an override: is named, and where"

fresh "smtpd_tls_eccert_file = /etc/ssl/ec.pem"
run on_root --service postfix --profile strict diff
status_is 3 "a missing second certificate"
err_has '/etc/ssl/ec\.pem' "a missing second certificate: is named"

# shellcheck disable=SC2016 # Postfix expands it
fresh 'dir = /etc/ssl/host' 'smtpd_tls_cert_file = ${dir}/fullchain.pem' 'smtpd_tls_key_file = $(dir)/privkey.pem' \
    'smtpd_tls_CAfile = $dir/ca.pem'
applied "paths by parameters" --profile strict
# shellcheck disable=SC2016
is "$(parameter smtpd_tls_cert_file)" '${dir}/fullchain.pem' "paths by parameters: stay as they are written"

fresh 'smtpd_tls_chain_files = /etc/ssl/host/privkey.pem, /etc/ssl/host/fullchain.pem'
sed -i -E '/^smtpd_tls_(cert|key)_file/d' "$postfix/main.cf"
applied "chain files" --profile strict
printf 'smtpd_tls_chain_files = /etc/ssl/host/fullchain.pem, /etc/ssl/host/privkey.pem\n' >>"$postfix/main.cf"
run on_root --service postfix --profile strict diff
status_is 3 "chain files, certificate first: refused"
err_has '/etc/ssl/host/(fullchain|privkey)\.pem' "chain files, certificate first: named"

fresh
sed -i -E '/^smtpd_tls_(cert|key)_file/d' "$postfix/main.cf"
run on_root --service postfix --profile strict diff
status_is 3 "no certificate"
err_has 'site\.json.*"chain"' "no certificate: the line to add is shown"

echo '{"certificate": {"chain": "/etc/ssl/host/fullchain.pem", "key": "/etc/ssl/host/privkey.pem"}}' >"$work/site.json"
applied "a site's certificate" --profile strict --site "$work/site.json"
is "$(parameter smtpd_tls_cert_file) $(parameter smtpd_tls_key_file)" '/etc/ssl/host/fullchain.pem /etc/ssl/host/privkey.pem' \
    "a site's certificate: is set"
fresh 'smtpd_tls_eccert_file = /etc/ssl/ec.pem' 'smtpd_tls_eckey_file = /etc/ssl/ec.key'
sed -i 's|^  -o smtpd_tls_wrappermode=yes|&\n  -o smtpd_tls_cert_file=/etc/ssl/own.pem|' "$postfix/master.cf"
applied "a site's certificate instead of others" --profile strict --site "$work/site.json"
is "$(grep -c 'smtpd_tls_ec' "$postfix/main.cf")$(grep -c '^ .*own.pem' "$postfix/master.cf")" 00 \
    "a site's certificate instead of others: they are gone"

fresh 'smtpd_tls_chain_files = /etc/ssl/old.pem'
applied "a site's certificate instead of chain files" --profile strict --site "$work/site.json"
is "$(parameter smtpd_tls_chain_files)" '/etc/ssl/host/privkey.pem, /etc/ssl/host/fullchain.pem' \
    "a site's certificate instead of chain files: key first"
echo '{"services": {"postfix": {"certificate": {"combined": "/etc/courier/imapd.pem"}}}}' >"$work/combined.json"
fresh 'smtpd_tls_chain_files = /etc/ssl/old.pem'
applied "a site's combined file" --profile strict --site "$work/combined.json"
is "$(parameter smtpd_tls_chain_files)$(parameter smtpd_tls_cert_file) $(parameter smtpd_tls_key_file)" \
    '/etc/courier/imapd.pem /etc/courier/imapd.pem' "a site's combined file: whichever comes first in it"

openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_1536 >"$work/dh.pem" 2>/dev/null
# shellcheck disable=SC2016
fresh 'smtpd_tls_dh1024_param_file = ${config_directory}/dh.pem'
cp "$work/dh.pem" "$postfix/dh.pem"
run on_root --service postfix --profile compat-2018 diff
status_is 3 "weak DH parameters: refused"
err_has '/etc/postfix/dh\.pem.*1536 bits' "weak DH parameters: named"

# --- hostile ---------------------------------------------------------------------------------------

# shellcheck disable=SC2016
fresh 'a = $b$b$b$b$b$b$b$b' 'b = $c$c$c$c$c$c$c$c' 'c = $d$d$d$d$d$d$d$d' 'd = $e$e$e$e$e$e$e$e' 'e = $f$f$f$f$f$f$f$f' \
    'f = $g$g$g$g$g$g$g$g' 'g = $h$h$h$h$h$h$h$h' 'h = $a' 'myorigin = $a' 'x = $x'
applied "parameters in a circle" --profile strict

fresh
printf 'smtpd_tls_security_level = may\r\nsmtpd_tls_protocols = TLSv1\r\n' >>"$postfix/main.cf"
applied "line ends of another system" --profile strict

done_testing
