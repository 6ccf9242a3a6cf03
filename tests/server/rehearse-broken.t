#!/bin/bash
# What would not work is caught by the rehearsal, or before it, and nothing on the host is touched: every way in which a
# server is known to break, for every server that breaks so.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
# shellcheck source=trace.sh
. /src/tests/server/trace.sh
start_scenario

shop=/etc/apache2/sites-available/shop.example.test.conf
all=(apache courier openldap postfix)
gnutls=(courier openldap) # whose users read their keys, too
settings=(
    "$shop" /etc/apache2/{apache2.conf,ports.conf,mods-available/ssl.conf,conf-available/charset.conf}
    /etc/postfix/{main,master}.cf /etc/courier/{imapd,imapd-ssl,imapd.pem} /etc/default/slapd
    /etc/ssl/host/{fullchain,privkey}.pem /etc/ldap/tls/{fullchain,privkey,dh}.pem /etc/courier/dhparams.pem
)

# keep, restore   the files that the cases spoil
keep()
{
    tar --xattrs --acls -cf "$work/kept.tar" -C / "${settings[@]#/}"
}

restore()
{
    tar --xattrs --acls -xf "$work/kept.tar" -C /
}

# pair CHAIN KEY   where each server reads them, with the owners and modes that these files have
pair()
{
    cat "$1" >/etc/ssl/host/fullchain.pem
    cat "$1" >/etc/ldap/tls/fullchain.pem
    cat "$2" >/etc/ssl/host/privkey.pem
    cat "$2" >/etc/ldap/tls/privkey.pem
    cat "$2" "$1" >/etc/courier/imapd.pem
}

append()
{
    printf '%s\n' "$2" >>"$1"
}

# try CASE [OPTION...]   a rehearsal that does not pass, and touches nothing; what it says is in $work/said
try()
{
    local case=$1
    shift
    remember
    run tlsharden rehearse --profile strict "$@"
    case $STATUS in
    1 | 3 | 5) tap_result 0 "$case: does not pass" ;;
    *)
        tap_result 1 "$case: does not pass"
        tap_show_run
        ;;
    esac
    cat "$OUT" "$ERR" >"$work/said"
    untouched "$case"
}

has_or_shows()
{
    grep -E -e "$1" "$2" || { cat "$2"; return 1; }
}

# said SERVICE CASE WHAT   what the last one said of that service
said()
{
    grep -E "(^|error: )$1[ :]" "$work/said" >"$work/of-$1"
    check "$2: $1: says what and where" has_or_shows "$3" "$work/of-$1"
}

# each CASE WHAT SERVICE...   the spoiled files are judged for these services at once
each()
{
    local case=$1 what=$2 service
    shift 2
    try "$case" --service "$(IFS=,; echo "$*")"
    for service; do
        said "$service" "$case" "$what"
    done
    restore
}

# broken SERVICE CASE WHAT COMMAND...   the command spoils a file of that service
broken()
{
    local service=$1 case=$2 what=$3
    shift 3
    "$@"
    try "$service: $case" --service "$service"
    said "$service" "$case" "$what"
    restore
}

certtool --get-dh-params --bits 2048 --outfile /etc/ldap/tls/dh.pem
ldapmodify -Q -Y EXTERNAL -H ldapi:/// >"$work/none" <<END
dn: cn=config
changetype: modify
replace: olcTLSDHParamFile
olcTLSDHParamFile: /etc/ldap/tls/dh.pem
END
keep

# --- certificates and keys: before any server is started -------------------------------------------

pair /pki/rsa.chain.pem /pki/other.key
each "a key of another certificate" 'does not belong to the certificate' "${all[@]}"
pair /pki/rsa.chain.pem /pki/encrypted.key
each "an encrypted key" 'is encrypted' "${all[@]}"
rm /etc/ssl/host/privkey.pem /etc/ldap/tls/privkey.pem /etc/courier/imapd.pem
each "a missing file" 'there is no such file' "${all[@]}"
pair /pki/rsa.chain.pem /dev/null
each "no key" 'private key|is empty' "${all[@]}"
pair /pki/rsa.pem /pki/rsa.key
each "a missing chain" 'clients will not trust it' "${all[@]}"
pair /pki/expired.chain.pem /pki/expired.key
each "an expired certificate" 'expired' "${all[@]}"
pair /pki/weak.chain.pem /pki/weak.key
each "a key of 1024 bits" '1024 bits' "${all[@]}"
cat /pki/intermediate.pem /pki/rsa.pem >"$work/wrong.pem"
pair "$work/wrong.pem" /pki/rsa.key
each "the wrong order" 'the first certificate is not the server' apache openldap postfix
pair /pki/ec.chain.pem /pki/compressed.key
each "a key that only OpenSSL reads" 'pem: gnutls .* does not take the private key.*openssl pkey' "${gnutls[@]}"
chmod 600 /etc/courier/imapd.pem /etc/ldap/tls/privkey.pem
chown root:root /etc/courier/imapd.pem /etc/ldap/tls/privkey.pem
each "a key that its user cannot read" 'cannot be read by user' "${gnutls[@]}"
openssl dhparam -dsaparam -out "$work/dh.pem" 2048 2>"$work/none"
cat "$work/dh.pem" >>/etc/ssl/host/fullchain.pem
each "DH parameters in the wrong form" 'DH parameters in the X9.42 form' apache postfix
spoil_dh()
{
    tee /etc/ldap/tls/dh.pem /etc/courier/dhparams.pem <"$work/dh.pem" >"$work/none"
    append /etc/postfix/main.cf "smtpd_tls_dh1024_param_file = /etc/courier/dhparams.pem"
}
spoil_dh
try "a DH file in the wrong form" --profile compat-2018 --service courier,openldap,postfix
for service in courier openldap postfix; do
    said "$service" "a DH file in the wrong form" 'DH parameters in the X9.42 form'
done
restore
broken openldap "a DH file in the wrong form, which no suite uses" 'TLS init def ctx failed' spoil_dh
broken postfix "a missing CA file" '/none/ca.pem' append /etc/postfix/main.cf 'smtpd_tls_CAfile = /none/ca.pem'

cat >"$work/ecdsa.json" <<END
{"name": "ecdsa", "title": "ECDSA only", "extends": "strict",
 "tls": {"protocols": ["TLSv1.2"], "suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]}}
END
try "suites for ECDSA, and an RSA key" --profile "$work/ecdsa.json"
for service in "${all[@]}"; do
    said "$service" "suites for ECDSA, and an RSA key" 'no client could use TLSv1.2'
done

# --- what the servers refuse: files that are not ours to change ------------------------------------

broken apache "a syntax error in a file that is only included" 'charset.conf.*(Bogus|no end)|Bogus' \
    append /etc/apache2/conf-available/charset.conf 'Bogus on'
broken courier "a syntax error in a file that is only included" '/etc/courier/imapd.*sh' append /etc/courier/imapd "BROKEN='"
broken courier "a file that sh cannot read" 'imapd-ssl' append /etc/courier/imapd-ssl "BROKEN='"
broken postfix "a line that is none" 'main.cf, line [0-9]+: missing attribute name' append /etc/postfix/main.cf '= nothing'
broken postfix "a syntax error in the other file" 'master.cf.*line [0-9]+' append /etc/postfix/master.cf 'bogus inet n'

schema='/etc/ldap/slapd.d/cn=config/cn=schema/cn={0}core.ldif'
cp -a "$schema" "$work/schema"
broken openldap "a syntax error in a file that is only included" 'core.ldif|cn=schema|does not start' append "$schema" 'bogus'
cp -a "$work/schema" "$schema"

broken apache "a directive that this version lacks" 'SSLFancyMode' append /etc/apache2/apache2.conf 'SSLFancyMode on'
broken apache "an unknown protocol" 'TLSv9' append /etc/apache2/mods-available/ssl.conf 'SSLProtocol TLSv9'
broken apache "a log that nobody can write" '/none/.*shop.example.test.conf' \
    sed -i 's#ErrorLog.*#ErrorLog /none/shop.log#' "$shop"

broken apache "a port that it has twice" '8443|[Aa]ddress already in use|could not bind' \
    append /etc/apache2/ports.conf $'Listen 8443\nListen 127.0.0.1:8443'
broken courier "a port that it has twice" 'port 993: Connection refused.*that was broken before' sed -i 's/^SSLPORT=.*/SSLPORT=143/' /etc/courier/imapd-ssl
broken openldap "a port that it has twice" 'Address already in use' \
    sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap://127.0.0.1/ ldap://127.0.0.1/ ldaps:/// ldapi:///"|' /etc/default/slapd
broken postfix "an unknown listener" 'startup failed|no.such.host' \
    append /etc/postfix/master.cf 'no.such.host:2527 inet n - y - - smtpd'

# Postfix takes the second for the first, or both: no reason to refuse what works.
append /etc/postfix/master.cf $'2525 inet n - y - - smtpd\n127.0.0.1:2525 inet n - y - - smtpd'
run tlsharden rehearse --profile strict --service postfix
status_is 0 "postfix: a port that it has twice is no failure"
restore

append "$shop" 'Bogus on'
try "what was broken before" --service apache
said apache "what was broken before" 'that was broken before'
restore

# --- what the servers refuse: files that we write ---------------------------------------------------
# The templates of a service are made to say what no server takes, so that nothing but the rehearsal can catch it.

export TLSHARDEN_DATADIR=$work/data
install -d "$TLSHARDEN_DATADIR"
cp -r /src/profiles "$TLSHARDEN_DATADIR"

# templates EXPRESSION...   of sed, for each service in turn: apache, courier, openldap, postfix; the wait for what will
# not come is short
templates()
{
    rm -rf "$TLSHARDEN_DATADIR/templates"
    cp -r /src/templates "$TLSHARDEN_DATADIR"
    (
        cd "$TLSHARDEN_DATADIR/templates" || exit
        sed -i -E 's/"seconds": [0-9]+/"seconds": 12/' ./*/service.json
        sed -i -E "$1" apache/tlsharden.conf
        sed -i -E "$2" courier/imapd-ssl
        sed -i -E "$3" openldap/config.ldif
        sed -i -E "$4" postfix/main.cf
    )
}

templates 's/(SSLCipherSuite) \{\{openssl.ciphers\}\}/\1 BOGUS/' 's/^(TLS_PRIORITY=).*/\1NORMAL:+BOGUS/' \
    's/^(olcTLSCipherSuite:) \{\{g.*/\1 NORMAL:+BOGUS/' 's/^(tls_high_cipherlist =).*/\1 BOGUS/'
try "an unknown suite"
said apache "an unknown suite" 'AH01898|no cipher match|BOGUS'
said courier "an unknown suite" 'TLSv1.2 has to work, but' # it says nothing itself
said openldap "an unknown suite" 'TLS init def ctx failed'
said postfix "an unknown suite" 'TLSv1.2 has to work, but.*no cipher match'

templates 's/(Groups|Curves)(.*) \{\{openssl.groups\}\}/\1\2 BOGUS/' 's/^(TLS_PRIORITY=).*/\1NORMAL:+GROUP-BOGUS/' \
    's/^(olcTLSCipherSuite:) \{\{g.*/\1 NORMAL:+GROUP-BOGUS/' 's/^(tls_eecdh_auto_curves =).*/\1 bogus/'
try "an unknown group"
said apache "an unknown group" 'AH02407|BOGUS'
said courier "an unknown group" 'TLSv1.2 has to work, but'
said openldap "an unknown group" 'TLS init def ctx failed'
said postfix "an unknown group" '^postfix +works' # it warns, and takes no notice

templates 's/(SSLProtocol -all)/\1 +TLSv9/' 's/^(TLS_PRIORITY=).*/\1NORMAL:+VERS-TLS9/' \
    's/^(olcTLSCipherSuite:) \{\{g.*/\1 NORMAL:+VERS-TLS9/' 's/^(smtpd_tls(_mandatory)?_protocols =).*/\1 TLSv9/'
try "an unknown protocol"
said apache "an unknown protocol" 'TLSv9'
said courier "an unknown protocol" 'TLSv1.2 has to work, but'
said openldap "an unknown protocol" 'TLS init def ctx failed'
said postfix "an unknown protocol" '454 .*Invalid TLS protocol list'

templates 's/(SSLCompression off)/\1\n{{! x | y }}\nSSLFancyMode on/' '' '' ''
try "a directive that this version lacks, in a template" --service apache
said apache "a directive that this version lacks, in a template" 'SSLFancyMode'
unset TLSHARDEN_DATADIR

# --- the clients of the running servers ------------------------------------------------------------

pair /pki/rsa.chain.pem /pki/rsa.key
append /etc/postfix/master.cf 'no.such.host:2527 inet n - y - - smtpd'
append "$shop" 'Bogus on'
python3 /src/tests/server/clients.py "$work/stop" >"$work/clients.json" &
clients=$!
run tlsharden rehearse --profile strict
status_is 1 "what does not work, while clients connect"
touch "$work/stop"
wait "$clients"
restore
check "they notice nothing" python3 -c '
import json, sys
it = json.load(open(sys.argv[1]))
assert all(one["tried"] > 20 and not one["failed"] for one in it.values()), it' "$work/clients.json"
done_testing
