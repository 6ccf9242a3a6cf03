#!/bin/bash
# A renewed certificate: every server serves it, keys stay readable by whom they were, and what goes wrong is told.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../server/scenario.sh"
hook=/src/packaging/renewal-hook
lineage=/etc/letsencrypt/live/www.example.test

# renewed NAME   what an ACME client does
renewed()
{
    install -d "$lineage"
    install -m 644 "/pki/$1.chain.pem" "$lineage/fullchain.pem"
    install -m 600 "/pki/$1.key" "$lineage/privkey.pem"
}

served()
{
    local port starttls
    for port in 443 25:smtp 587:smtp 465 143:imap 993 389:ldap 636; do
        starttls=
        [ "${port#*:}" = "$port" ] || starttls="-starttls ${port#*:}"
        # shellcheck disable=SC2086 # words
        timeout 10 openssl s_client -connect "127.0.0.1:${port%:*}" -servername www.example.test $starttls </dev/null \
            2>/dev/null | openssl x509 -noout -fingerprint -sha256
    done | sort | uniq -c | awk '{ print $1, $NF }'
}

fingerprint()
{
    openssl x509 -noout -fingerprint -sha256 -in "/pki/$1.pem" | sed 's/.*[ =]//; s/^/Fingerprint=/'
}

modes()
{
    stat -c '%n %a %U %G' /etc/courier/imapd.pem /etc/ldap/tls/*
}

host_configure
renewed rsa
for file in fullchain privkey; do
    ln -sf "$lineage/$file.pem" "/etc/ssl/host/$file.pem"
done
install -D /dev/stdin /etc/tlsharden/renewal.conf <<'END'
# Courier wants both in one; slapd may not read root's
combined /etc/courier/imapd.pem

chain    /etc/ldap/tls/fullchain.pem
key      /etc/ldap/tls/privkey.pem
END
start_servers
modes >"$work/before"
is "$(served)" "8 $(fingerprint rsa)" "eight ports serve the old certificate"
renewed second
run env RENEWED_LINEAGE="$lineage" "$hook"
status_is 0 "the hook, as certbot calls it"
err_has '8 ports serve the new certificate' "says what it has proven"
is "$(served)" "8 $(fingerprint second)" "all of them do"
modes >"$work/after"
same "$work/after" "$work/before" "owners and modes of the copies are as before"
is "$(find /etc -name '*.new')" '' "nothing is left over"

renewed rsa
cp /pki/other.key "$lineage/privkey.pem"
run "$hook" "$lineage"
status_is 4 "a key that belongs to another certificate"
err_has 'nothing was changed' "is refused"
is "$(served)" "8 $(fingerprint second)" "and nothing has changed"

renewed rsa
sed -i '/^combined/d' /etc/tlsharden/renewal.conf
run "$hook" "$lineage"
status_is 1 "a server that was forgotten"
err_has 'port 993 still serves another certificate' "is told"
is "$(served)" "$(printf '%s\n' "2 $(fingerprint second)" "6 $(fingerprint rsa)" | sort -k 2)" "the others have it"

echo 'combined /etc/courier/nosuch.pem' >>/etc/tlsharden/renewal.conf
run "$hook" "$lineage"
status_is 4 "a copy that does not exist"
err_has 'nosuch.pem: there is no such file' "is named"
run "$hook" /etc/nosuch
status_is 4 "no such directory"
run "$hook"
status_is 4 "no directory"
done_testing
