#!/bin/bash
# Courier: what becomes of the files that sh reads as root, for both TLS libraries, IMAP and POP3.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh's
courier=$root/etc/courier

# value FILE NAME   as sh has it in the end
value()
{
    (
        unset "$2"
        # shellcheck disable=SC1090
        . "$courier/$1" >/dev/null 2>&1
        eval "echo \"\${$2-unset}\""
    )
}

# applied NAME [ARGUMENT...]   apply ends well, and a second diff has nothing to change
applied()
{
    local name=$1
    shift
    run on_root --service courier "$@" apply --yes
    status_is 0 "$name: applied"
    run on_root --service courier "$@" diff
    status_is 0 "$name: a second diff has nothing to change"
}

# refused NAME PATTERN [ARGUMENT...]   exit status 3, named, nothing touched
refused()
{
    local name=$1 pattern=$2
    shift 2
    # shellcheck disable=SC2154 # lib.sh's
    tree "$work/before"
    run on_root --service courier --profile strict "$@" apply --yes
    status_is 3 "$name: refused"
    err_has "$pattern" "$name: is named"
    tree "$work/now"
    same "$work/now" "$work/before" "$name: nothing is touched"
}

# pop3   adds Courier's POP3 server to the sample
pop3()
{
    sed 's/IMAPDSTARTTLS/POP3_STARTTLS/; s/IMAP_TLS_REQUIRED/POP3_TLS_REQUIRED/; s/IMAPDSSLSTART/POP3DSSLSTART/
         s/imapd/pop3d/g' "$courier/imapd-ssl" >"$courier/pop3d-ssl"
    cp "$courier/imapd.pem" "$courier/pop3d.pem"
}

# unit NAME   a systemd unit of the image
unit()
{
    mkdir -p "$root/lib/systemd/system"
    : >"$root/lib/systemd/system/$1.service"
}

# --- GnuTLS ------------------------------------------------------------------------------------

sample_root
cp "$courier/imapd" "$work/imapd"
applied "stock" --profile strict
is "$(value imapd-ssl TLS_PRIORITY | grep -oE '^NONE:\+VERS-TLS1\.3:\+VERS-TLS1\.2:')" 'NONE:+VERS-TLS1.3:+VERS-TLS1.2:' \
    "stock: versions and suites in one string"
is "$(value imapd-ssl IMAPDSTARTTLS) $(value imapd-ssl IMAP_TLS_REQUIRED)" 'YES 1' "stock: nothing before STARTTLS"
is "$(value imapd-ssl IMAPDSSLSTART)" YES "stock: the other listener stays"
is "$(value imapd-ssl TLS_CIPHER_LIST)$(value imapd-ssl TLS_PROTOCOL)" unsetunset "stock: nothing that GnuTLS builds ignore"
is "$(value imapd-ssl TLS_CERTFILE)" /etc/courier/imapd.pem "stock: the certificate stays"
same "$courier/imapd" "$work/imapd" "stock: imapd stays as it is"
is "$(grep -n -A12 '^##NAME: TLS_PRIORITY' "$courier/imapd-ssl" | grep -c 'TLS_PRIORITY=NONE')" 0 \
    "stock: the setting stands behind its explanation"
is "$(sed -n '/^##NAME: TLS_PRIORITY/,/^##NAME: TLS_PROTOCOL/p' "$courier/imapd-ssl" | grep -c '^TLS_PRIORITY=')" 1 \
    "stock: and before the next one"

sample_root
printf '%s\n' IMAPDSTARTTLS=NO IMAP_TLS_REQUIRED=0 >>"$courier/imapd"
printf '%s\n' 'TLS_PRIORITY="NORMAL"; IMAPDSTARTTLS=NO' 'export IMAP_TLS_REQUIRED=0' >>"$courier/imapd-ssl"
applied "odd assignments" --profile strict
is "$(value imapd IMAPDSTARTTLS)" unset "odd assignments: imapd does not win over imapd-ssl"
is "$(value imapd-ssl IMAPDSTARTTLS) $(value imapd-ssl IMAP_TLS_REQUIRED)" 'YES 1' "odd assignments: are overridden"
is "$(value imapd-ssl TLS_PRIORITY | cut -c 1-5)" NONE: "odd assignments: the last word is the profile's"

echo '{"name": "lax", "title": "", "extends": "intermediate", "imap": {"starttls": "offered"}}' >"$work/lax.json"
sample_root
sed -i 's/^IMAP_TLS_REQUIRED=0/IMAP_TLS_REQUIRED=1/' "$courier/imapd-ssl"
applied "what is stricter" --profile "$work/lax.json"
is "$(value imapd-ssl IMAP_TLS_REQUIRED)" 1 "what is stricter: stays"

# --- OpenSSL -----------------------------------------------------------------------------------

sample_root
openssl_build=$(find "$root/usr/lib" -name libssl.so.3)
${CC:-cc} -shared -nostdlib -o "$root/usr/bin/couriertls" -x c /dev/null -x none -Wl,--no-as-needed "$openssl_build"
applied "an OpenSSL build" --profile strict
is "$(value imapd-ssl TLS_PRIORITY)" unset "an OpenSSL build: no priority string"
is "$(value imapd-ssl TLS_PROTOCOL)" 'TLSv1.2++' "an OpenSSL build: the lowest version and newer"
is "$(value imapd-ssl TLS_CIPHER_LIST | cut -c 1-29)" ECDHE-ECDSA-AES128-GCM-SHA256 "an OpenSSL build: suites"
is "$(grep -c '^TLS_STARTTLS_PROTOCOL' "$courier/imapd-ssl")" 0 "an OpenSSL build: no other version for STARTTLS"

# --- listeners ---------------------------------------------------------------------------------

echo '{"name": "off", "title": "", "extends": "strict", "imap": {"implicit_tls": "off"}}' >"$work/off.json"
sample_root
pop3
unit courier-imap-ssl
unit courier-pop-ssl
echo 'IMAPDSSLSTART=NO' >>"$courier/imapd-ssl"
tree "$work/before"
applied "STARTTLS only" --profile "$work/off.json"
is "$(value imapd-ssl IMAPDSSLSTART) $(value pop3d-ssl POP3DSSLSTART)" 'unset unset' \
    "STARTTLS only: the SysV script finds no line that says yes"
for service in courier-imap-ssl courier-pop-ssl; do
    is "$(grep -v '^#' "$root/etc/systemd/system/$service.service.d/tlsharden.conf" | tr '\n' ' ')" \
        '[Unit] ConditionPathExists=!/ ' "STARTTLS only: $service's condition is never met"
done
run on_root rollback
status_is 0 "STARTTLS only: taken back"
tree "$work/now"
same "$work/now" "$work/before" "STARTTLS only: everything is as it was, folders included"

sample_root
pop3
sed -i 's/^POP3_STARTTLS=YES/POP3_STARTTLS=NO/' "$courier/pop3d-ssl"
applied "POP3" --profile strict
is "$(value pop3d-ssl POP3_STARTTLS) $(value pop3d-ssl POP3_TLS_REQUIRED) $(value pop3d-ssl POP3DSSLSTART)" 'YES 1 YES' \
    "POP3: nothing before STLS"
is "$(value pop3d-ssl TLS_PRIORITY)" "$(value imapd-ssl TLS_PRIORITY)" "POP3: the same policy as IMAP's"

# --- certificates ------------------------------------------------------------------------------

echo '{"services": {"courier": {"certificate": {"combined": "/etc/courier/site.pem"}}}}' >"$work/site.json"
sample_root
pop3
cp "$courier/imapd.pem" "$courier/site.pem"
echo TLS_PRIVATE_KEYFILE=/etc/courier/old.key >>"$courier/imapd-ssl"
applied "a site's certificate" --profile strict --site "$work/site.json"
is "$(value imapd-ssl TLS_CERTFILE) $(value pop3d-ssl TLS_CERTFILE)" '/etc/courier/site.pem /etc/courier/site.pem' \
    "a site's certificate: for IMAP and POP3"
is "$(value imapd-ssl TLS_PRIVATE_KEYFILE)" unset "a site's certificate: the key is in the same file"

echo '{"certificate": {"chain": "/etc/ssl/host/fullchain.pem", "key": "/etc/ssl/host/privkey.pem"}}' >"$work/two.json"
sample_root
applied "a site's certificate in two files" --profile strict --site "$work/two.json"
is "$(value imapd-ssl TLS_CERTFILE) $(value imapd-ssl TLS_PRIVATE_KEYFILE)" \
    '/etc/ssl/host/fullchain.pem /etc/ssl/host/privkey.pem' "a site's certificate in two files: both are named"

sample_root
pop3
rm "$courier/pop3d.pem"
refused "POP3 without its certificate" '/etc/courier/pop3d\.pem'

sample_root
sed -i '/BEGIN .*PRIVATE KEY/,/END .*PRIVATE KEY/d' "$courier/imapd.pem"
refused "a file without a key" '/etc/courier/imapd\.pem'

# --- Diffie-Hellman parameters -----------------------------------------------------------------

echo '{"name": "dhe", "title": "", "extends": "strict", "tls": {"groups": {"append": ["ffdhe2048"]},
    "suites": {"append": ["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                          "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"]}}}' >"$work/dhe.json"
sample_root
applied "DH parameters" --profile "$work/dhe.json"
sample_root
openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_1536 >"$courier/dhparams.pem" 2>/dev/null
refused "weak DH parameters" 'dhparams\.pem.*1536 bits.*2048' --profile "$work/dhe.json"
run on_root --service courier --profile strict diff
status_is 1 "weak DH parameters that no suite uses: no reason to stop"
err_has 'warning.*dhparams\.pem.*1536 bits' "weak DH parameters that no suite uses: are told of"
openssl genpkey -genparam -algorithm DHX -pkeyopt dh_rfc5114:2 >"$courier/dhparams.pem" 2>/dev/null
refused "DH parameters in the X9.42 form" 'dhparams\.pem.*X9\.42' --profile "$work/dhe.json"
echo 'no parameters' >"$courier/dhparams.pem"
refused "a file without DH parameters" 'dhparams\.pem.*no DH parameters' --profile "$work/dhe.json"
rm "$courier/dhparams.pem"
refused "missing DH parameters" 'dhparams\.pem.*no such file' --profile "$work/dhe.json"

# --- files that sh would not read as we do -----------------------------------------------------

sample_root
sed -i 's/$/\r/' "$courier/imapd-ssl"
refused "line ends of another system" 'imapd(\.pem|-ssl)'

sample_root
echo 'TLS_TRUSTCERTS="/etc/ssl' >>"$courier/imapd-ssl"
refused "a quote that is not closed" '/etc/courier/imapd-ssl.*sh cannot read'

sample_root
# shellcheck disable=SC2016 # it is the point that nothing expands this
echo '{"services": {"courier": {"certificate": {"combined": "/etc/$(touch owned).pem"}}}}' >"$work/evil.json"
refused "a path that a shell would run" 'evil\.json:1:[0-9]+' --site "$work/evil.json"

sample_root
# shellcheck disable=SC2016
echo 'if [ -e /etc/tls ]; then TLS_PRIORITY=NORMAL; fi; IMAP_TLS_REQUIRED=`cat /etc/required`' >>"$courier/imapd-ssl"
applied "computed assignments" --profile strict
is "$(value imapd-ssl IMAP_TLS_REQUIRED) $(value imapd-ssl TLS_PRIORITY | cut -c 1-5)" '1 NONE:' \
    "computed assignments: the profile has the last word"

done_testing
