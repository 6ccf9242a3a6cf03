#!/bin/bash
# `render`: a profile in each service's words, for its versions, held against tests/golden; no host is read.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

golden=$top/tests/golden
check "every service, profile and version is rendered" "$golden/update" "$work/golden"
while read -r service for; do
    for profile in strict intermediate modern old compat-2018; do
        name=$service/${for:+$for/}$profile
        same "$work/golden/$name" "$golden/$name" "$name"
    done
done < <(grep -v '^#' "$golden/list")
(cd "$golden" && find . -mindepth 2 -type f | sort) >"$work/kept"
(cd "$work/golden" && find . -mindepth 2 -type f | sort) >"$work/made"
same "$work/made" "$work/kept" "no golden is left over"

run tlsharden render --service apache --format json
status_is 0 "render --format json"
check "render --format json: is JSON with files and grants" json "$OUT" \
    'it[0]["service"] == "apache" and "/etc/apache2/conf-available/tlsharden.conf" in it[0]["files"] and it[0]["grants"]'
run tlsharden render --for postfix=3.7.6,openssl=3.0.11
out_has '^# postfix: /etc/postfix/main.cf' "--for names the services"
is "$(grep -cE '^# (apache|courier|nginx|openldap):' "$OUT")" 0 "and no others are rendered"

run tlsharden render --output "$work/rendered"
status_is 0 "render --output"
is "$(cat "$OUT")" '' "prints nothing"
check "and writes the files" grep -q '^tls_high_cipherlist' "$work/rendered/etc/postfix/main.cf"
check "and links" test "$(readlink "$work/rendered/etc/apache2/conf-enabled/tlsharden.conf")" = ../conf-available/tlsharden.conf
run tlsharden render --output "$work/rendered"
status_is 4 "what is there is not overwritten"
err_has "$work/rendered/etc/" "and is named"

for list in apache apache= =1 'apache=2.4;x' nosuch=1; do
    run tlsharden render --for "$list"
    status_is 2 "--for $list: usage"
done
run tlsharden render --service nosuch
status_is 3 "an unknown service"
run tlsharden render --for courier=5.2.0,gnutls=3.6.7 --profile modern --service courier
check "an old GnuTLS has TLS 1.3" grep -q 'VERS-TLS1.3' "$OUT"

done_testing
