#!/bin/bash
# Policies for one role and one virtual host; names that nobody answers to; keys that a policy has nothing for; what would
# fall back to plain text; what a library cannot leave out.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

profile()
{
    printf '{"name": "own", "title": "a test", "extends": "strict", %s}\n' "$1" >"$work/own.json"
}

# --- a virtual host's own policy -----------------------------------------------------------------
profile '"scopes": {"apache/www.example.test": {"tls": {"protocols": ["TLSv1.3"]}, "http": {"hsts": {"max_age": 300}}}}'
sample_root
vhost=$root/etc/apache2/sites-available/www.example.test.conf
run on_root apply --profile "$work/own.json" --service apache
status_is 0 "a virtual host with a policy of its own"
check "has its own versions" grep -qE '^\s*SSLProtocol -all \+TLSv1.3$' "$vhost"
check "its own suites" grep -qE '^\s*SSLCipherSuite TLSv1.3 TLS_AES_128' "$vhost"
is "$(grep -cE '^\s*SSLCipherSuite ECDHE' "$vhost")" 0 "and none of TLS 1.2, which it has not"
check "its own promise" grep -q 'max-age=300"' "$vhost"
check "the others keep the common policy" grep -q 'SSLProtocol -all +TLSv1.2 +TLSv1.3' \
    "$root/etc/apache2/conf-available/tlsharden.conf"
is "$(grep -c SSLProtocol "$root/etc/apache2/sites-available/shop.example.test.conf")" 0 "and no line of their own"
run on_root diff --profile "$work/own.json" --service apache
status_is 0 "and a second run changes nothing"
run on_root diff --profile "$work/own.json" --service apache --format json
check "what its library grants is told for it alone" json "$OUT" \
    '[g["name"] for g in it["services"][0]["grants"]["apache/www.example.test"]["asked"] if g["kind"] == "protocol"] == ["TLSv1.3"]'
run on_root apply --profile strict --service apache
status_is 0 "without the scope"
check "fewer versions stay" grep -q 'SSLProtocol -all +TLSv1.3' "$vhost"
is "$(grep -c 'SSLCipherSuite' "$vhost")" 0 "and the rest goes"

profile '"scopes": {"apache/www.example.test": {"tls": {"groups": ["secp384r1"]}}}'
run on_root diff --profile "$work/own.json" --service apache
status_is 3 "groups of its own, which no server can have"
err_has 'share the groups of the first one' "are refused with the reason"

# --- names that nobody answers to ----------------------------------------------------------------
profile '"scopes": {"apache/ww.example.test": {"tls": {"protocols": ["TLSv1.3"]}}}'
run on_root diff --profile "$work/own.json" --service apache
err_has 'warning: .*scope apache/ww.example.test, but there is no such virtual host' "a virtual host that is not there"
for scope in postfx.inbound=postfix postfix.inbond=inbound courir=courier; do
    profile "\"scopes\": {\"${scope%=*}\": {\"tls\": {\"protocols\": [\"TLSv1.3\"]}}}"
    for command in "diff --root $root" render explain "profile check $work/own.json"; do
        # shellcheck disable=SC2086
        run tlsharden $command --profile "$work/own.json"
        status_is 3 "${command%% *}: scope ${scope%=*}"
        err_has "did you mean '${scope#*=}'" "is told with the nearest name"
    done
done
profile '"scopes": {"courier.imap": {"tls": {"protocols": ["TLSv1.3"]}}}'
run on_root diff --profile "$work/own.json"
status_is 3 "a role of a service without roles"
profile '"scopes": {"courier/www.example.test": {"tls": {"protocols": ["TLSv1.3"]}}}'
run on_root diff --profile "$work/own.json"
status_is 3 "a virtual host of a service without any"
err_has 'courier has no virtual hosts' "is told"

# --- keys ------------------------------------------------------------------------------------------
ecdsa='"suites": ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]'
profile "\"tls\": {$ecdsa}"
sample_root
run on_root diff --profile "$work/own.json" --format json
status_is 3 "suites for EC keys only, and an RSA key"
check "are an error for every service, before it is a dead server" json "$OUT" \
    '{n["service"] for n in it["notes"] if n["severity"] == "error" and "no client could use TLSv1.2" in n["what"]
      and "RSA" in n["what"] and "EC secp256r1" in n["remedy"]} == {"apache", "courier", "openldap", "postfix"}'
is "$(on_root apply --profile "$work/own.json" 2>/dev/null >"$work/none"; echo $?)" 3 "apply refuses"
profile "\"tls\": {\"protocols\": [\"TLSv1.3\"], \"signature_algorithms\": [\"ecdsa_secp256r1_sha256\"]}"
run on_root diff --profile "$work/own.json" --service courier
status_is 3 "signatures for EC keys only, in TLS 1.3"
err_has 'no client could use TLSv1.3: the key is RSA, for which the profile has no signature scheme' "likewise"

ec=$root/etc/ssl/host/ec
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$ec.key" -out "$ec.pem" -days 90 \
    -subj /CN=mail.example.test -addext 'subjectAltName=DNS:mail.example.test' \
    -addext 'extendedKeyUsage=serverAuth' -addext 'keyUsage=digitalSignature' 2>"$work/openssl"
printf 'smtpd_tls_eccert_file = /etc/ssl/host/ec.pem\nsmtpd_tls_eckey_file = /etc/ssl/host/ec.key\n' \
    >>"$root/etc/postfix/main.cf"
profile "\"tls\": {$ecdsa, \"signature_algorithms\": [\"ecdsa_secp256r1_sha256\"]}"
run on_root diff --profile "$work/own.json" --service postfix
status_is 1 "with a certificate of the other type beside it, the host can be hardened"
err_has 'warning: .*is never used: its key is RSA' "and the one that nobody will see is told"
run on_root diff --profile strict --service postfix
is "$(grep -c 'never used' "$ERR")" 0 "where both are used, nothing is told"

# --- what would fall back to plain text -----------------------------------------------------------
profile '"scopes": {"postfix.outbound": {"tls": {"protocols": ["TLSv1.3"]}}}'
sample_root
run on_root diff --profile "$work/own.json" --service postfix
status_is 3 "outbound mail with TLS 1.3 only, where that is opportunistic"
err_has 'would be sent in the clear' "is refused with the reason"
profile '"scopes": {"postfix.outbound": {"tls": {"protocols": ["TLSv1.3"]}, "smtp": {"outbound": "encrypt"}}}'
run on_root diff --profile "$work/own.json" --service postfix
status_is 1 "where it is mandatory, it may be had"
out_has '^\+smtp_tls_mandatory_protocols = >=TLSv1.3$' "and is written"
echo 'smtp_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1, !TLSv1.2' >>"$root/etc/postfix/main.cf"
run on_root diff --service postfix
err_has 'warning: .*mail to peers without TLS 1.3 is sent in the clear' "what falls back at present is told"
sed -i 's/, !TLSv1.2$//' "$root/etc/postfix/main.cf"
run on_root diff --service postfix
is "$(grep -c 'in the clear' "$ERR")" 0 "and what does not, is not"

# --- what a library cannot leave out --------------------------------------------------------------
suites='"suites": ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]'
profile "\"tls\": {$suites}"
sample_root
run on_root diff --profile "$work/own.json" --service courier
status_is 5 "suites that are no product, on GnuTLS"
err_has 'would bring TLS_AES_256_GCM_SHA384 along, which "accepted" in the profile may name' "are refused, with the way out"
profile "\"tls\": {$suites, \"accepted\": [\"TLS_AES_256_GCM_SHA384\"]}"
run on_root diff --profile "$work/own.json" --service courier
status_is 5 "one of three names is not enough"
profile "\"tls\": {$suites, \"accepted\": [\"TLS_AES_256_GCM_SHA384\", \"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\",
    \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}"
run on_root diff --profile "$work/own.json" --service courier
status_is 1 "all of them are"
out_has 'courier: gnutls 3.7.9 cannot leave out TLS_AES_256_GCM_SHA384 \(accepted\)' "and told"
run on_root diff --profile "$work/own.json" --service courier --format json
check "in JSON as well" json "$OUT" \
    'sorted(a["name"] for a in it["services"][0]["grants"]["courier"]["asked"] if a["verdict"] == "widened") ==
     ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]'
run on_root diff --profile "$work/own.json" --service postfix --format json
check "OpenSSL, which can, leaves them out" json "$OUT" \
    'not [a for g in it["services"][0]["grants"].values() for a in g["asked"] if a["verdict"] == "widened"]'
done_testing
