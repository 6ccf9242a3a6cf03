#!/bin/bash
# nginx, the only web server of its host: two sites on one address, the first of which says for itself what an old
# article advised. What nginx makes of that, and that it is hardened, held against real handshakes, and put back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_certificates rsa
host_nginx 80 443
host_nginx_start 443 || { echo "Bail out! nginx does not start"; exit 1; }
shop=/etc/nginx/sites-available/shop.example.test

# hello NAME OPTION...   what openssl's own client agrees on with that site: "VERSION SUITE", or "refused"
hello()
{
    local name=$1
    shift
    timeout 10 openssl s_client -connect "127.0.0.1:${port:-443}" -servername "$name" -CAfile /pki/ca.pem "$@" \
        -cipher "${cipher:-ALL:COMPLEMENTOFALL:@SECLEVEL=0}" </dev/null >"$work/hello" 2>&1
    sed -n 's/^New, [^,]*, Cipher is \(.*\)/\1/p' "$work/hello" | grep -v NONE || echo refused
}

# serves_again NAME OPTION...   as hello, but old workers that still accept get 10 s to end
serves_again()
{
    local deadline=$((SECONDS + 10)) said
    while said=$(hello "$@") && [ "$said" = refused ] && [ "$SECONDS" -lt "$deadline" ]; do
        sleep 0.2
    done
    echo "$said"
}

# files FILE   every file of nginx, with owner, mode, link target and content
files()
{
    {
        find /etc/nginx \( -type l -printf '%p %y %U %G -> %l\n' -o -printf '%p %y %m %U %G\n' \) | sort
        find /etc/nginx -type f -print0 | sort -z | xargs -0 sha256sum
    } >"$1"
}

workers()
{
    pgrep -x nginx | sort
}

# --- what nginx does ---------------------------------------------------------------------------

run nginx -T
out_has 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; # Dropping SSLv3' "stock: Debian allows TLS 1.0 in the http block"
is "$(hello shop.example.test -tls1)" ECDHE-RSA-AES256-SHA "a server's own word replaces the http block's: TLS 1.0 is let in"
is "$(hello shop.example.test -tls1_3)" refused "and TLS 1.3 kept out"
is "$(hello www.example.test -tls1_3)" refused "by the first server of an address for all others, which allow it"
is "$(cipher=DHE-RSA-AES128-GCM-SHA256 hello shop.example.test -tls1_2)" refused \
    "without a file of DH parameters there is no DHE, whatever ssl_ciphers says"
run ask https shop.example.test /api/x
is "$(grep -c '^X-Host' "$OUT")" 0 "a block with a field of its own sends none of those around it"
echo 'ssl_protocols TLSv1.2;' >/etc/nginx/conf.d/twice.conf
check "protocol versions said twice in one block add up" nginx -t -q
cat >"$work/inherit.conf" <<'END'
pid /run/inherit.pid;
error_log /dev/null;
events {}
http {
    ssl_certificate /etc/ssl/host/fullchain.pem;
    ssl_certificate_key /etc/ssl/host/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3; # this version's own list ends before 1.3
    ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
    server { listen 8444 ssl; }
    server { listen 8445 ssl; ssl_conf_command Options NoRenegotiation; }
}
END
nginx -c "$work/inherit.conf"
is "$(port=8444 hello www.example.test -tls1_3)" TLS_CHACHA20_POLY1305_SHA256 "a command of the library is inherited"
is "$(port=8445 hello www.example.test -tls1_3)" TLS_AES_256_GCM_SHA384 "but not by a server with any command of its own"
nginx -c "$work/inherit.conf" -s quit 2>"$work/none"
for line in 'ssl_ciphers HIGH;' 'ssl_ecdh_curve X25519;' 'ssl_session_tickets off;'; do
    echo "$line $line" >/etc/nginx/conf.d/twice.conf
    fails "twice in one block keeps nginx from starting: $line" nginx -t -q
done
echo 'ssl_conf_command Bogus x;' >/etc/nginx/conf.d/twice.conf
fails "so does a command that the library does not know" nginx -t -q
rm /etc/nginx/conf.d/twice.conf
check "the set-up itself is fine" nginx -t -q

# --- before anything is changed ----------------------------------------------------------------

files "$work/before"
run tlsharden services
out_has '^nginx +nginx +1\.22\.1 .*openssl 3' "services: found, with its version and library"
run tlsharden diff --profile strict --service nginx
status_is 1 "diff: there is something to change"
for file in nginx.conf sites-available/shop.example.test sites-available/www.example.test snippets/old.conf; do
    out_has "^\+\+\+ .*/etc/nginx/$file" "diff: shows what changes in $file"
done
err_has 'www.example.test speaks plain HTTP as well' "diff: what speaks both is told"
run tlsharden rehearse --profile strict --service nginx
status_is 0 "rehearse: would work"
out_has '^nginx +works: [2-9] endpoints proven' "rehearse: by handshake"
files "$work/now"
same "$work/now" "$work/before" "diff and the rehearsal change nothing"
install -d /srv/logs
echo yesterday >/srv/logs/shop.log
sed -i 's#/var/log/nginx/shop.log#/srv/logs/shop.log#' /etc/nginx/sites-available/shop.example.test
run tlsharden rehearse --profile strict --service nginx
status_is 0 "rehearse: with a log elsewhere"
is "$(cat /srv/logs/shop.log)" yesterday "rehearse: nothing is written to it"
sed -i 's#/srv/logs/shop.log#/var/log/nginx/shop.log#' /etc/nginx/sites-available/shop.example.test

# --- apply -------------------------------------------------------------------------------------

run tlsharden apply --profile strict --service nginx --yes
status_is 0 "apply: done"
for name in www.example.test shop.example.test; do
    for version in tls1 tls1_1; do
        is "$(hello "$name" -$version)" refused "$name: $version is refused"
    done
    is "$(hello "$name" -tls1_2)" ECDHE-RSA-AES128-GCM-SHA256 "$name: TLS 1.2, by the server's preference"
    is "$(hello "$name" -tls1_3)" TLS_AES_128_GCM_SHA256 "$name: TLS 1.3, by the server's preference"
    for suite in AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-SHA DHE-RSA-AES128-GCM-SHA256; do
        is "$(cipher=$suite hello "$name" -tls1_2)" refused "$name: $suite is refused"
    done
    for suite in ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305; do
        is "$(cipher=$suite hello "$name" -tls1_2)" "$suite" "$name: $suite is accepted"
    done
    is "$(hello "$name" -tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256)" refused "$name: TLS_AES_128_CCM_SHA256 is refused"
    is "$(hello "$name" -tls1_3 -groups secp521r1)" refused "$name: secp521r1 is refused"
    is "$(hello "$name" -tls1_2 -sigalgs RSA+SHA1)" refused "$name: SHA-1 is not signed with"
    is "$(hello "$name" -tls1_2 >"$work/none"; grep -c 'TLS session ticket:' "$work/hello")" 0 \
        "$name: no ticket"

    run ask http "$name" /page?a=b
    out_has '^301 ' "$name: plain HTTP is redirected for good"
    out_has "^Location: https://$name/page\?a=b" "$name: to the same page"
    run ask http "$name" /.well-known/acme-challenge/token
    out_has '^200 ' "$name: certificate renewal is not redirected"
    for path in / /missing /api/x; do
        run ask https "$name" "$path"
        is "$(grep -ci '^strict-transport-security:' "$OUT")" 1 "$name: HSTS is sent exactly once for $path"
    done
    run ask https "$name" /
    out_has '^200 ' "$name: the site is there"
    out_has '^X-Host: testhost' "$name: with the fields of the http block, which it inherited"
done
run ask https shop.example.test /api/x
out_has '^X-Api: 1' "a location keeps its own fields"
run ask http shop.example.test /page
is "$(grep -ci '^strict-transport-security:' "$OUT")" 0 "HSTS is not sent over plain HTTP"
run tlsharden verify --profile strict --service nginx
status_is 0 "verify: conforms"
for link in shop.example.test www.example.test; do
    check "$link is still a link" test -L "/etc/nginx/sites-enabled/$link"
done
check "what is not policy stays: a command" grep -q 'ssl_conf_command Options NoRenegotiation;' /etc/nginx/sites-available/www.example.test
check "and a comment" grep -q '# an old till needs these' /etc/nginx/snippets/old.conf
fails "the override is gone" grep -q '^ssl_' /etc/nginx/snippets/old.conf

# --- a second time -----------------------------------------------------------------------------

sleep 1 # workers of before may still end
workers >"$work/workers"
run tlsharden diff --profile strict --service nginx
status_is 0 "diff: nothing to change any more"
run tlsharden apply --profile strict --service nginx --yes
status_is 0 "a second apply has nothing to do"
workers >"$work/workers.now"
same "$work/workers.now" "$work/workers" "and does not disturb the server"

# --- rollback ----------------------------------------------------------------------------------

run tlsharden rollback
status_is 0 "rollback"
files "$work/now"
same "$work/now" "$work/before" "every byte is as it was"
is "$(serves_again shop.example.test -tls1)" ECDHE-RSA-AES256-SHA "and served as it was"

# --- stopped, and started since ----------------------------------------------------------------

/etc/init.d/nginx stop >"$work/none" 2>&1
run tlsharden apply --profile strict --service nginx --yes
status_is 0 "stopped: applied"
check "stopped: it starts with what was written" host_nginx_start 443
is "$(hello shop.example.test -tls1)" refused "stopped: which is the profile's"
run tlsharden rollback
status_is 0 "stopped: rollback"
is "$(serves_again shop.example.test -tls1)" ECDHE-RSA-AES256-SHA "stopped: it has taken notice, though it was started after the change"
files "$work/now"
same "$work/now" "$work/before" "stopped: every byte is as it was"

# --- what would not work -----------------------------------------------------------------------

# broken CASE FILE LINE WHAT   with the line at its end, the rehearsal fails, says so, and touches nothing
broken()
{
    cp -a "$2" "$work/saved"
    printf '%s\n' "$3" >>"$2"
    files "$work/spoilt"
    run tlsharden rehearse --profile strict --service nginx
    case $STATUS in
    1 | 3 | 5) tap_result 0 "$1: does not pass" ;;
    *)
        tap_result 1 "$1: does not pass"
        tap_show_run
        ;;
    esac
    cat "$OUT" "$ERR" >"$work/said"
    check "$1: says what and where" grep -qE "$4" "$work/said"
    run tlsharden apply --profile strict --service nginx --yes
    check "$1: is not applied" test "$STATUS" -ne 0
    files "$work/now"
    same "$work/now" "$work/spoilt" "$1: nothing is touched"
    cp -a "$work/saved" "$2"
}

broken "a directive that there is not" /etc/nginx/conf.d/fields.conf 'bogus on;' 'unknown directive "bogus"'
broken "a block without end" "$shop" 'server {' 'shop.example.test.*a block is not closed'
broken "a close too many" /etc/nginx/nginx.conf '}' "nginx.conf.*closes nothing"
broken "a key that is none" /etc/nginx/conf.d/fields.conf \
    'server { listen 8444 ssl; ssl_certificate /etc/ssl/host/fullchain.pem; ssl_certificate_key /etc/ssl/host/ca.pem; }' \
    'ca.pem'
broken "a command that the library does not know" /etc/nginx/conf.d/fields.conf 'ssl_conf_command Bogus x;' 'Bogus'
broken "DH parameters that are none" /etc/nginx/conf.d/fields.conf 'ssl_dhparam /etc/ssl/host/ca.pem;' 'ca.pem'
broken "a log that nobody can write" "$shop" 'error_log /none/x.log;' '/none/x.log|error_log'

# --- suites with DHE ---------------------------------------------------------------------------

run tlsharden apply --profile compat-2018 --service nginx --yes
status_is 0 "compat-2018: applied"
is "$(cipher=DHE-RSA-AES128-GCM-SHA256 hello www.example.test -tls1_2)" DHE-RSA-AES128-GCM-SHA256 \
    "compat-2018: DHE is there, by parameters of our own"
check "compat-2018: in a file that everyone can read" grep -q 'BEGIN DH PARAMETERS' /etc/nginx/tlsharden-ffdhe.pem
run tlsharden diff --profile compat-2018 --service nginx
status_is 0 "compat-2018: nothing to change any more"
run tlsharden rollback
status_is 0 "compat-2018: rollback"
files "$work/now"
same "$work/now" "$work/before" "compat-2018: the file is gone again"

# --- a renewed certificate ---------------------------------------------------------------------

mkdir /etc/renewed
cp /pki/second.chain.pem /etc/renewed/fullchain.pem
cp /pki/second.key /etc/renewed/privkey.pem
ln -sf /etc/renewed/fullchain.pem /etc/renewed/privkey.pem /etc/ssl/host
run /src/packaging/renewal-hook /etc/renewed
status_is 0 "renewal: the hook makes the running server serve the new certificate"
err_has '1 ports serve the new certificate' "renewal: and proves it"

# --- what is stricter --------------------------------------------------------------------------

sed -i 's/ssl_protocols .*; #/ssl_protocols TLSv1.3; #/' /etc/nginx/nginx.conf
sed -i 's/^ssl_protocols.*/ssl_protocols TLSv1.3;/; s/^ssl_ciphers.*/ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;/' \
    /etc/nginx/snippets/old.conf
run tlsharden apply --profile strict --service nginx --yes
status_is 0 "stricter: applied"
for name in www.example.test shop.example.test; do
    is "$(hello "$name" -tls1_2)" refused "stricter: $name: TLS 1.2 is still refused"
    is "$(hello "$name" -tls1_3)" TLS_AES_128_GCM_SHA256 "stricter: $name: TLS 1.3 is there"
done
check "stricter: a server with fewer suites keeps them" grep -qx 'ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;' \
    /etc/nginx/snippets/old.conf
run tlsharden diff --profile strict --service nginx
status_is 0 "stricter: nothing to change any more"
done_testing
