#!/bin/bash
# nginx: found, shown, changed where it stands and put back, on an image of a host.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh's
nginx=$root/etc/nginx
site=$nginx/sites-available/www.example.org

# nginx_root   the sample host with the stock configuration of nginx, its site a link as Debian has it
nginx_root()
{
    sample_root
    mkdir -p "$nginx/sites-available"
    cp -r "$top/templates/nginx/stock/." "$root"
    mv "$nginx/sites-enabled/www.example.org" "$site"
    ln -s ../sites-available/www.example.org "$nginx/sites-enabled/"
    printf '%s\n' '' 'Package: nginx' 'Status: install ok installed' 'Version: 1.22.1-9+deb12u1' \
        'Depends: libc6 (>= 2.34), libssl3 (>= 3.0.0)' '' >>"$root/var/lib/dpkg/status"
}

nginx_root
run on_root services
out_has '^nginx +nginx +1\.22\.1 +openssl 3' "services: found, with version and library"
is "$(grep -c . "$OUT")" 5 "services: lists all five"
run on_root services --format json
check "services: in JSON" json "$OUT" '[s["name"] for s in it] == ["apache", "courier", "nginx", "openldap", "postfix"]'

# shellcheck disable=SC2154 # lib.sh's
tree "$work/before"
run on_root --service nginx --profile strict diff
status_is 1 "diff: there is something to change"
cp "$OUT" "$work/patch"
cp -a "$root" "$work/patched"
check "diff: is a patch" patch -d "$work/patched" -p1 -i "$work/patch"
run on_root --service nginx --profile strict diff --explain
out_has 'decides for all of them' "diff --explain: says why"
run on_root --service nginx --profile strict apply --yes
status_is 0 "apply"
for file in nginx.conf sites-available/www.example.org; do
    same "$nginx/$file" "$work/patched/etc/nginx/$file" "apply: does to $file what diff shows"
done
check "apply: a link stays one" test -L "$nginx/sites-enabled/www.example.org"
run on_root --service nginx --profile strict diff
status_is 0 "a second diff has nothing to change"
run on_root rollback
status_is 0 "rollback"
tree "$work/now"
same "$work/now" "$work/before" "rollback: every byte is as it was"

# --- other profiles ----------------------------------------------------------------------------

run on_root --service nginx --profile compat-2018 apply --yes
status_is 0 "compat-2018: applied"
check "compat-2018: suites with DHE get parameters" openssl dhparam -in "$nginx/tlsharden-ffdhe.pem" -check -noout
run on_root --service nginx --profile strict apply --yes
status_is 0 "strict after it: applied"
is "$(grep -c 'ssl_protocols' "$nginx/nginx.conf")" 1 "nothing is said twice"
is "$(sed -n 's/^\tssl_protocols //p' "$nginx/nginx.conf")" 'TLSv1.2 TLSv1.3; # Dropping SSLv3, ref: POODLE' \
    "a value is changed where it stands, its comment stays"
run on_root rollback
run on_root rollback
tree "$work/now"
same "$work/now" "$work/before" "both are taken back"

# --- one server's own policy -------------------------------------------------------------------

echo '{"name": "own", "extends": "strict", "scopes": {"nginx/www.example.org": {"tls": {"suites": {"remove": ["*CHACHA20*"]}}}}}' \
    >"$work/own.json"
run on_root --service nginx --profile "$work/own.json" apply --yes
status_is 0 "a scope for a server: applied"
is "$(grep -c 'CHACHA20' "$site")" 0 "a scope for a server: its suites"
check "a scope for a server: stand in it" grep -q '^	ssl_ciphers ' "$site"
run on_root --service nginx --profile "$work/own.json" diff
status_is 0 "a scope for a server: nothing to change any more"
run on_root --service nginx --profile strict apply --yes
status_is 0 "without it: applied"
check "without it: fewer suites stay" grep -q '	ssl_ciphers' "$site"
fails "without it: what has no list goes" grep -q '	ssl_session_tickets' "$site"
run on_root --service nginx --profile strict apply --yes --exact
status_is 0 "without it, --exact: applied"
fails "without it, --exact: the server says nothing itself" grep -q '	ssl_ciphers' "$site"

# --- what cannot be worked on ------------------------------------------------------------------

# refused CASE PATTERN   exit status 3, named, nothing touched
refused()
{
    tree "$work/before"
    run on_root --service nginx --profile strict apply --yes
    status_is 3 "$1: refused"
    err_has "$2" "$1: is named"
    tree "$work/now"
    same "$work/now" "$work/before" "$1: nothing is touched"
}

nginx_root
echo 'server {' >>"$site"
refused "a block without end" 'sites-enabled/www.example.org:16: a block is not closed'
nginx_root
echo '}' >>"$nginx/nginx.conf"
refused "a close too many" "nginx.conf:24: '}' closes nothing"
nginx_root
echo 'server_tokens "off;' >>"$site"
refused "a quote without end" 'www.example.org:16: a quote is not closed'
nginx_root
sed -i '/ssl_certificate/d' "$site"
refused "no certificate" 'server www.example.org has no certificate'
done_testing
