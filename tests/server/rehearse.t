#!/bin/bash
# The rehearsal leaves no trace: files, times, logs, processes, namespaces, mounts and mail are the same before and after,
# whether it works or is killed, what is not its business it does not see, and clients of the running servers notice nothing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
# shellcheck source=trace.sh
. /src/tests/server/trace.sh
start_scenario

sleep 3 # the servers have said all that they say when they start

# --- a good plan ----------------------------------------------------------------------------------

remember
run tlsharden rehearse --profile strict
status_is 0 "a good plan"
out_has '^apache +works: 2 endpoints proven' "is proven on every port"
out_has 'shop.example.test: TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 -> TLSv1.2 TLSv1.3' "and what clients lose is told"
untouched "a good plan"
run tlsharden rehearse --profile strict --format json
check "the same in JSON" python3 -c '
import json, sys
it = {s["service"]: s for s in json.load(open(sys.argv[1]))}
one = [c for c in it["postfix"]["clients"] if c["port"] == 25][0]
assert sorted(one["then"]) == ["TLSv1.2", "TLSv1.3"] and "TLSv1" in one["now"], one' "$OUT"

worked=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    tlsharden rehearse --profile strict >"$work/once" 2>&1 && worked=$((worked + 1))
done
is "$worked" 20 "twenty in a row work"
tlsharden rehearse --profile strict --service apache >"$work/one" 2>&1 &
one=$!
tlsharden rehearse --profile strict --service apache,postfix >"$work/two" 2>&1
status=$?
wait "$one"
is "$? $status" "0 0" "and two at once"
untouched "twenty, and two at once"

# --- killed ---------------------------------------------------------------------------------------

gone()
{
    ! pgrep -x tlsharden >"$work/none"
}

# kill_at TENTHS [NTH]   kills the program after that time, or the NTH of the processes that it has started
kill_at()
{
    "$program" rehearse --profile strict >"$work/killed" 2>&1 &
    local pid=$! victim
    sleep "$(($1 / 10)).$(($1 % 10))"
    victim=$pid
    [ -z "${2:-}" ] || victim=$(pgrep -x tlsharden | grep -vx "$pid" | sed -n "$2p")
    kill -KILL "${victim:-$pid}" 2>"$work/none"
    wait "$pid" 2>"$work/none"
    host_until 100 gone
}

for tenths in 0 2 4 6 8 10 13 16; do
    kill_at "$tenths"
done
untouched "killed at eight moments"
for nth in 1 2 3 5 8; do
    kill_at 7 "$nth"
done
untouched "with one of its processes killed, five times another"

# --- what it does not see -------------------------------------------------------------------------

# Whoever starts the daemon tells what there is to be read. The last file shows that this would be told.
install -d -m 755 /home/alice/Maildir/new
for file in /root/secret /var/mail/root /home/alice/Maildir/new/1 /var/spool/mbox/root; do
    install -D -m 600 <(echo sesame) "$file"
done
cp -a /etc/apache2/envvars "$work/envvars"
echo 'cat /[r]oot/* /[v]ar/mail/* /[h]ome/alice/Maildir/*/* /[v]ar/spool/*/* /etc/hostname; exit 3' >>/etc/apache2/envvars
remember
run tlsharden rehearse --profile strict --service apache
status_is 1 "a daemon that reads what is not its business"
out_has 'it said: .*testhost' "what it reads is told"
out_has "cat: '?/\[r\]oot/\*" "it finds nothing beneath /root"
fails "and no mail, at home or in the spool" grep -q sesame "$OUT" "$ERR"
untouched "a daemon that reads what is not its business"
cp -a "$work/envvars" /etc/apache2/envvars

shop=/etc/apache2/sites-available/shop.example.test.conf
cp -a "$shop" "$work/shop"
install -d -m 700 /home/alice/keys /root/keys /home/alice/logs
cp -a /etc/ssl/host/privkey.pem /home/alice/keys/privkey.pem
cp -a /etc/ssl/host/fullchain.pem /root/keys/fullchain.pem
ln -s /root/keys/fullchain.pem /home/alice/keys/fullchain.pem
echo yesterday >/home/alice/logs/shop.log
sed -i -e 's#/etc/ssl/host/privkey.pem#/home/alice/keys/privkey.pem#' -e 's#ErrorLog.*#ErrorLog /home/alice/logs/shop.log#' \
    -e 's#/etc/ssl/host/fullchain.pem#/home/alice/keys/fullchain.pem#' "$shop"
remember
run tlsharden rehearse --profile strict --service apache
status_is 0 "a key, a certificate and a log at somebody's home, which the configuration names"
untouched "a key, a certificate and a log at somebody's home"
cp -a "$work/shop" "$shop"

# --- what is not there ----------------------------------------------------------------------------

install -d -o openldap -g openldap -m 750 /srv/ldap2
ldapmodify -Q -Y EXTERNAL -H ldapi:/// >"$work/none" <<END
dn: olcDatabase=mdb,cn=config
changetype: add
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: mdb
olcSuffix: dc=second,dc=test
olcDbDirectory: /srv/ldap2
END
remember
run tlsharden rehearse --profile strict --service openldap
status_is 0 "a second database, elsewhere"
untouched "a second database, elsewhere"

# needs WHAT   Postfix, which asks somebody who is not there in a rehearsal, is rehearsed without
needs()
{
    sleep 1 # it looks at what has just changed
    remember
    run tlsharden rehearse --profile strict --service postfix
    status_is 0 "postfix with $1"
    out_has "^postfix +works: 3 endpoints proven, without $1, which no rehearsal has" "is told to be rehearsed without $1"
    untouched "postfix with $1"
}

cp -a /etc/postfix/main.cf /etc/postfix/master.cf "$work"
postconf -e smtpd_milters=inet:127.0.0.1:8891,unix:/run/opendkim/opendkim.sock non_smtpd_milters=inet:127.0.0.1:8891
needs milters
cp -a "$work/main.cf" /etc/postfix/main.cf
postconf -P submission/inet/smtpd_milters=inet:127.0.0.1:8891 \
    submissions/inet/smtpd_sasl_type=dovecot submissions/inet/smtpd_sasl_path=private/auth
needs 'milters and authentication by another server'
cp -a "$work/master.cf" /etc/postfix/master.cf
postconf -e smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_sasl_auth_enable=yes
needs 'authentication by another server'
cp -a "$work/main.cf" /etc/postfix/main.cf
postfix reload 2>"$work/none"

# --- the clients of the running servers ------------------------------------------------------------

python3 /src/tests/server/clients.py "$work/stop" >"$work/clients.json" &
clients=$!
sleep 0.5
run tlsharden rehearse --profile strict
status_is 0 "while clients connect: rehearse"
run tlsharden apply --profile strict --yes
status_is 0 "while clients connect: apply"
out_has '^# courier: is restarted, since it cannot reload' "what clients of courier will notice is said beforehand"
run tlsharden rollback
status_is 0 "while clients connect: rollback"
touch "$work/stop"
wait "$clients"
sed 's/^/# clients: /' "$work/clients.json"
check "nobody but clients of courier noticed" python3 -c '
import json, sys
it = json.load(open(sys.argv[1]))
assert all(one["tried"] > 20 for one in it.values()), it
lost = {port: one for port, one in it.items() if one["failed"] and port not in ("143", "993")}
assert not lost, lost' "$work/clients.json"
done_testing
