#!/bin/bash
# OpenLDAP: what becomes of cn=config offline, of slapd.conf, and of the client's ldap.conf.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh's
ldap=$root/etc/ldap
config=$ldap/slapd.d/cn=config.ldif
database="$ldap/slapd.d/cn=config/olcDatabase={1}mdb.ldif"

# values FILE ATTRIBUTE   its values, folded lines joined, one a line
values()
{
    sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g' "$1" | sed -n "s/^$2: //p"
}

# sealed FILE   the checksum in its second line is that of what follows
sealed()
{
    python3 -c 'import sys, zlib
head, seal, rest = open(sys.argv[1], "rb").read().split(b"\n", 2)
assert seal == b"# CRC32 %08x" % zlib.crc32(rest), (seal, zlib.crc32(rest))' "$1"
}

# seal FILE   writes that checksum, as slapd would
seal()
{
    python3 -c 'import sys, zlib
head, seal, rest = open(sys.argv[1], "rb").read().split(b"\n", 2)
open(sys.argv[1], "wb").write(head + b"\n# CRC32 %08x\n" % zlib.crc32(rest) + rest)' "$1"
}

# attribute FILE LINE...   adds lines to an entry, before slapd's own
attribute()
{
    local file=$1 line
    shift
    for line; do
        sed -i "s|^structuralObjectClass:|$line\n&|" "$file"
    done
    seal "$file"
}

# applied NAME [ARGUMENT...]   apply ends well, and a second diff has nothing to change
applied()
{
    local name=$1
    shift
    run on_root --service openldap "$@" apply --yes
    status_is 0 "$name: applied"
    run on_root --service openldap "$@" diff
    status_is 0 "$name: a second diff has nothing to change"
}

# refused NAME PATTERN   exit status 3, named, nothing touched
refused()
{
    # shellcheck disable=SC2154 # lib.sh's
    tree "$work/before"
    run on_root --service openldap --profile strict apply --yes
    status_is 3 "$1: refused"
    err_has "$2" "$1: is named"
    tree "$work/now"
    same "$work/now" "$work/before" "$1: nothing is touched"
}

# --- cn=config ---------------------------------------------------------------------------------

sample_root
applied "stock" --profile strict
is "$(values "$config" olcTLSCipherSuite | cut -c 1-31)" 'NONE:+VERS-TLS1.3:+VERS-TLS1.2:' "stock: versions and suites in one string"
is "$(values "$config" olcTLSVerifyClient) $(values "$config" olcLocalSSF)" 'never 128' "stock: the local socket is strong enough"
is "$(values "$config" olcSecurity)" '' "stock: nothing global, which would lock the socket out"
is "$(values "$database" olcSecurity)" ssf=128 "stock: the data is for strong connections only"
is "$(grep -sl olcSecurity "$ldap"/slapd.d/cn=config/*)" "$database" "stock: and no other database"
is "$(values "$config" olcTLSCertificateFile) $(values "$config" olcTLSCACertificateFile)" \
    '/etc/ldap/tls/fullchain.pem /etc/ssl/host/ca.pem' "stock: the certificate stays"
is "$(values "$config" olcTLSProtocolMin)" '' "stock: nothing that GnuTLS builds ignore"
check "stock: cn=config is sealed" sealed "$config"
check "stock: the database is sealed" sealed "$database"

sample_root
attribute "$config" 'olcTLSVerifyClient: demand' 'olcLocalSSF: 256' 'olcTLSCRLCheck: peer' \
    'olcTLSCACertificatePath: "/etc/ldap/my cas"' 'olcTLSProtocolMin: 3.3' 'olcTLSCipherSuite: NORMAL'
attribute "$database" 'olcSecurity: ssf=256'
cp "$database" "$work/database"
applied "stricter" --profile strict
is "$(values "$config" olcTLSVerifyClient) $(values "$config" olcLocalSSF)" 'demand 256' "stricter: stays"
is "$(values "$config" olcTLSCRLCheck) $(values "$config" olcTLSCACertificatePath) $(values "$config" olcTLSProtocolMin)" \
    'peer "/etc/ldap/my cas" 3.3' "stricter: what is no business of ours stays"
is "$(values "$config" olcTLSCipherSuite | wc -l)" 1 "stricter: one policy"
same "$database" "$work/database" "stricter: a stronger database stays as it is"

sample_root
attribute "$database" 'olcSecurity: tls=1 SSF=56' 'olcSecurity: update_ssf=112 simple_bind=64'
applied "other factors" --profile strict
is "$(values "$database" olcSecurity)" 'ssf=128 tls=1 update_ssf=112 simple_bind=64' "other factors: are kept"
check "other factors: sealed" sealed "$database"

sample_root
cat >"$ldap/slapd.d/cn=config/olcDatabase={2}monitor.ldif" <<'END'
# AUTO-GENERATED FILE - DO NOT EDIT!! Use ldapmodify.
# CRC32 00000000
dn: olcDatabase={2}monitor
objectClass: olcDatabaseConfig
objectClass: olcMonitorConfig
olcDatabase: {2}monitor
structuralObjectClass: olcMonitorConfig
END
sed 's/{1}/{3}/g; s/dc=nodomain/dc=other/' "$database" >"$ldap/slapd.d/cn=config/olcDatabase={3}mdb.ldif"
seal "$ldap/slapd.d/cn=config/olcDatabase={3}mdb.ldif"
chown --reference="$database" "$ldap/slapd.d/cn=config"/*.ldif
applied "more databases" --profile strict
is "$(cd "$ldap/slapd.d/cn=config" && grep -sl '^olcSecurity: ssf=128' ./*)" \
    "./olcDatabase={1}mdb.ldif
./olcDatabase={3}mdb.ldif" "more databases: those with data, not the monitor"

sample_root
mkdir "$ldap/my tls"
cp "$ldap/tls"/*.pem "$ldap/my tls"
sed -i 's|/etc/ldap/tls/\(.*\)$|"/etc/ldap/my tls/\1"|' "$config"
seal "$config"
applied "a path with a space" --profile strict
is "$(values "$config" olcTLSCertificateKeyFile)" '"/etc/ldap/my tls/privkey.pem"' "a path with a space: keeps its quotes"
rm "$ldap/my tls/privkey.pem"
refused "a path with a space that leads nowhere" '/etc/ldap/my tls/privkey\.pem'

sample_root
sed -i '/^olcTLSCert/d' "$config"
seal "$config"
refused "no certificate" 'site\.json.*"openldap"'
echo '{"services": {"openldap": {"certificate": {"chain": "/etc/ldap/tls/fullchain.pem", "key": "/etc/ldap/tls/privkey.pem"}}}}' \
    >"$work/site.json"
applied "a site's certificate" --profile strict --site "$work/site.json"
is "$(values "$config" olcTLSCertificateFile) $(values "$config" olcTLSCertificateKeyFile)" \
    '/etc/ldap/tls/fullchain.pem /etc/ldap/tls/privkey.pem' "a site's certificate: is set"

sample_root
applied "no minimum" --profile intermediate
is "$(grep -rlE 'olc(Security|LocalSSF)' "$ldap/slapd.d")" '' "no minimum: no factors"

echo '{"name": "ask", "title": "", "extends": "strict", "ldap": {"client_certificate": "try"}}' >"$work/ask.json"
sample_root
attribute "$config" 'olcTLSVerifyClient: allow'
applied "clients' certificates" --profile "$work/ask.json"
is "$(values "$config" olcTLSVerifyClient)" try "clients' certificates: the stricter word counts"

# --- where it is ---------------------------------------------------------------------------------

sample_root
sed -i 's|^SLAPD_CONF=.*|SLAPD_CONF=/srv/slapd.d|' "$root/etc/default/slapd"
refused "a configuration elsewhere" '/etc/default/slapd.*SLAPD_CONF'

# conf LINE...   an installation by slapd.conf with these lines in its second database
conf()
{
    sample_root
    rm -r "$ldap/slapd.d"
    {
        printf '%s\n' '# a host of old' 'include /etc/ldap/schema/core.schema' 'pidfile /run/slapd/slapd.pid' \
            'TLSCertificateFile /etc/ldap/tls/fullchain.pem' 'TLSCertificateKeyFile /etc/ldap/tls/privkey.pem' \
            'TLSVerifyClient allow' 'tlsciphersuite NORMAL' 'moduleload back_mdb' '' 'database config' '' 'database mdb' \
            'suffix "dc=one"' 'directory /var/lib/ldap' '' 'database monitor' '' 'database mdb' 'suffix "dc=two"'
        printf '%s\n' "$@"
    } >"$ldap/slapd.conf"
}

conf 'directory /var/lib/two' 'security tls=1' '  simple_bind=64'
applied "slapd.conf" --profile strict
cat >"$work/wanted" <<END
# a host of old
include /etc/ldap/schema/core.schema
pidfile /run/slapd/slapd.pid
TLSCertificateFile /etc/ldap/tls/fullchain.pem
TLSCertificateKeyFile /etc/ldap/tls/privkey.pem
TLSVerifyClient allow
tlsciphersuite PRIORITY
moduleload back_mdb
localSSF 128

database config

database mdb
suffix "dc=one"
directory /var/lib/ldap
security ssf=128

database monitor

database mdb
suffix "dc=two"
directory /var/lib/two
security ssf=128 tls=1 simple_bind=64
END
sed -E 's/^(tlsciphersuite) NONE:.*/\1 PRIORITY/i' "$ldap/slapd.conf" >"$work/now"
same "$work/now" "$work/wanted" "slapd.conf: line by line"

conf 'security ssf=256' 'localssf 71'
sed -i 's/^TLSVerifyClient.*/TLSVerifyClient hard/' "$ldap/slapd.conf"
applied "slapd.conf, stricter" --profile strict
is "$(grep -cE '^(security ssf=256|TLSVerifyClient hard)$' "$ldap/slapd.conf")" 2 "slapd.conf, stricter: stays"

conf
cp -R "$top/tests/sample/host/etc/ldap/slapd.d" "$ldap"
echo 'SLAPD_CONF=/etc/ldap/slapd.conf' >>"$root/etc/default/slapd"
refused "two configurations" '/etc/default/slapd.*SLAPD_CONF'

# --- the client --------------------------------------------------------------------------------

sample_root
printf '%s\n' 'tls_reqcert allow' 'TLS_CRLCHECK peer' >>"$ldap/ldap.conf"
applied "client" --profile strict
is "$(grep -i '^tls_reqcert' "$ldap/ldap.conf")" 'tls_reqcert demand' "client: checks the server"
is "$(grep -cE '^(TLS_CACERT	/etc/ssl/certs/ca-certificates.crt|TLS_CRLCHECK peer)$' "$ldap/ldap.conf")" 2 "client: what it knows stays"
is "$(sed -n 's/^TLS_CIPHER_SUITE \(NONE:+VERS-TLS1.3:\).*/\1/p' "$ldap/ldap.conf")" NONE:+VERS-TLS1.3: \
    "client: in the words of its library"

sample_root
echo 'TLS_REQCERT hard' >>"$ldap/ldap.conf"
applied "a strict client" --profile strict
is "$(grep '^TLS_REQCERT' "$ldap/ldap.conf")" 'TLS_REQCERT hard' "a strict client: stays"

sample_root
openssl_build=$(find "$root/usr/lib" -name libssl.so.3)
${CC:-cc} -shared -nostdlib -o "$root/usr/sbin/slapd" -x c /dev/null -x none -Wl,--no-as-needed "$openssl_build"
applied "an OpenSSL build" --profile strict
is "$(values "$config" olcTLSCipherSuite | cut -c 1-29) $(values "$config" olcTLSProtocolMin) $(values "$config" olcTLSECName)" \
    'ECDHE-ECDSA-AES128-GCM-SHA256 3.3 X25519:prime256v1:secp384r1' "an OpenSSL build: cn=config"
is "$(grep -E '^TLS_(PROTOCOL|CIPHER)' "$ldap/ldap.conf" | cut -c 1-46)" "TLS_CIPHER_SUITE ECDHE-ECDSA-AES128-GCM-SHA256
TLS_PROTOCOL_MIN 3.3" "an OpenSSL build: the client"

done_testing
