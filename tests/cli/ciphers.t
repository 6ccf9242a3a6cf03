#!/bin/bash
# `ciphers`: a profile in the libraries' words, and names in each other's.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run tlsharden ciphers
status_is 0 "ciphers"
out_has '^# openssl [0-9.]+, read back by libssl [0-9.]+$' "OpenSSL was asked itself"
out_has '^# gnutls [0-9.]+, read back by libgnutls [0-9.]+$' "GnuTLS too"
out_has '^ciphers +ECDHE-ECDSA-AES128-GCM-SHA256:' "a cipher list"
out_has '^priority +NONE:\+VERS-TLS1\.3:' "a priority string"
check "openssl(1) takes the list" openssl ciphers -s "$(sed -n 's/^ciphers  *//p' "$OUT")"
check "gnutls-cli takes the string" gnutls-cli -l --priority "$(sed -n 's/^priority  *//p' "$OUT")"
run tlsharden ciphers --dialect gnutls --profile modern
status_is 0 "one dialect"
is "$(grep -c '^# .*read back' "$OUT")" 1 "only that one"
run tlsharden ciphers --dialect nss
status_is 2 "an unknown dialect: exit status 2"

run tlsharden ciphers --profile old --for openssl=1.0.2u,gnutls=3.6.7
status_is 0 "ciphers of versions that are not here"
out_has '^# openssl 1\.0\.2u, read back by tables for openssl 1\.0\.2u$' "says that tables were asked"
out_has '^# table of 1\.0\.2: .*1\.0\.' "and where these are from"
out_has '^ciphers +.*:DES-CBC3-SHA$' "1.0.2 has 3DES, and no security levels"
out_has '^max_protocol +TLSv1\.2$' "and no TLS 1.3"
for wrong in openssl openssl= nss=3 openssl=x openssl=3..1 ','; do
    run tlsharden ciphers --for "$wrong"
    status_is 2 "--for $wrong: exit status 2"
done

cat >"$work/own.json" <<'EOF'
{"name": "own", "extends": "strict", "scopes": {"postfix": {"tls": {"groups": ["secp384r1"]}}}}
EOF
run tlsharden ciphers --profile "$work/own.json" --scope postfix.inbound
out_has '^groups +secp384r1$' "a scope"

run tlsharden ciphers ECDHE-RSA-AES128-GCM-SHA256 0xC0,0x2B TLS_RSA_3DES_EDE_CBC_SHA1 DES-CBC3-SHA
status_is 0 "suites by any name"
out_has '^0xC02F  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256$' "OpenSSL's"
out_has '^0xC02B  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256$' "by number"
is "$(grep -c '^0x000A  TLS_RSA_WITH_3DES_EDE_CBC_SHA$' "$OUT")" 2 "GnuTLS's, and one that only old OpenSSLs have"
run tlsharden ciphers X25519 prime256v1 GROUP-X448
status_is 3 "what is no name: exit status 3"
err_has "unknown suite, group or signature scheme 'GROUP-X448'" "and is named"
run tlsharden ciphers prime256v1 X25519-MLKEM768 ECDSA+SHA256 ECDSA-SHA384 0x0804
status_is 0 "groups and signature schemes"
out_has '^0x0017  secp256r1$' "a group by OpenSSL's name"
out_has '^0x11EC  X25519MLKEM768$' "a group by GnuTLS's"
out_has '^0x0403  ecdsa_secp256r1_sha256$' "a scheme by OpenSSL's older name"
out_has '^0x0503  ecdsa_secp384r1_sha384$' "a scheme by GnuTLS's second name"
out_has '^  openssl  X25519MLKEM768 \(since 3\.5\)$' "since when"
run tlsharden ciphers TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265
status_is 3 "a misspelt suite: exit status 3"
err_has "did you mean 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'" "and what was meant"
run tlsharden ciphers ed25591
err_has "did you mean 'ed25519'" "of schemes too"

tlsharden ciphers --all --format json >"$work/all.json"
check "--all: every name, each once" json "$work/all.json" \
    'len(it) == len({(i["kind"], i["id"]) for i in it}) and
     {i["kind"] for i in it} == {"suite", "group", "signature scheme"} and len(it) > 240'
check "0xC0,0x2B and C02B as JSON" bash -c "'$program' ciphers C02B --format json | grep -q '\"id\": \"0xC02B\"'"

done_testing
