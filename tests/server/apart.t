#!/bin/bash
# What servers answer is never read by root: where only the user nobody can connect to their ports, rehearse, apply,
# confirm and rollback work as ever, and no other user has tried. The process that asks can do nothing else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"

# --- only the user nobody can connect -------------------------------------------------------------

# The kernel has no route for others' connections (ip-rule(8)) and counts that. It sends resets as root, which pass: those
# of IPv4 have their source address already, and those of IPv6 their interface. So would who binds a socket to 127.0.0.1
# before it connects, which we never do. Servers' answers go to higher ports.
cat >/usr/local/sbin/only-nobody <<'END'
#!/bin/sh -e
limit()
{
    ip "$1" rule add pref 1 uidrange 65534-65534 lookup local
    ip "$1" rule add pref 2 "$2" "$3" lookup local
    ip "$1" rule add pref 3 ipproto tcp dport 1-1023 unreachable
    ip "$1" rule add pref 4 lookup local
    ip "$1" rule del pref 0
}
limit -4 from 127.0.0.0/8
limit -6 oif lo
END
chmod 755 /usr/local/sbin/only-nobody

# Each rehearsal has a network of its own, in which nothing listens before one of these scripts has run. They tell
# through a pipe: what else is written there is gone with it.
mkfifo /srv/told
exec {told}<>/srv/told
cat >/usr/local/sbin/rehearsed <<END
#!/bin/sh -e
[ "\$(readlink /proc/self/ns/net)" != '$(readlink /proc/self/ns/net)' ] || exit 0
[ -z "\$(ip rule list pref 4)" ] || exit 0
/usr/local/sbin/only-nobody
echo "\$1" >/srv/told
END
chmod 755 /usr/local/sbin/rehearsed

watch_rehearsals()
{
    sed -i '1a /usr/local/sbin/rehearsed apache || exit 1' /usr/sbin/apache2ctl
    sed -i '1a /usr/local/sbin/rehearsed postfix || exit 1' /usr/lib/postfix/sbin/postfix-script
    sed -i '1a /usr/local/sbin/rehearsed openldap || exit 1' /etc/init.d/slapd
    sed -i '1a /usr/local/sbin/rehearsed courier || exit 1' /etc/init.d/courier-imap /etc/init.d/courier-imap-ssl
}

# told   what they told since the last time
told()
{
    local service
    while read -rt 0.1 -u "$told" service; do
        echo "$service"
    done
}

# rehearsed NAME   since the last time: each service on its new files and on those that it has
rehearsed()
{
    is "$(told | sort | uniq -c | xargs)" "2 apache 2 courier 2 openldap 2 postfix" \
        "$1: in every rehearsal only the user nobody can connect"
}

# connections   how many of TCP were made so far, and how many the kernel had no route for
connections()
{
    nstat -asz TcpActiveOpens IpOutNoRoutes Ip6OutNoRoutes |
        awk '{ n[$1] = $2 } END { print n["TcpActiveOpens"], n["IpOutNoRoutes"] + n["Ip6OutNoRoutes"] }'
}

# asked NAME   since the last time: by the user nobody, and by no other
asked()
{
    local before_made=$made before_refused=$refused
    read -r made refused < <(connections)
    check "$1: the user nobody has connected" test "$made" -gt "$before_made"
    is "$((refused - before_refused))" 0 "$1: no other user has tried to"
}

# connects USER ADDRESS PORT
connects()
{
    setpriv --reuid "$1" --regid 65534 --clear-groups timeout 5 \
        python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], sys.argv[2]), 3)' "$2" "$3"
}

# waits   there is a process of the user nobody, $asker, that has connected
waits()
{
    asker=$(pgrep -u 65534 -x tlsharden) && [ -n "$(find "/proc/$asker/fd" -lname 'socket:*')" ]
}

# There is no route to a name server either.
: >/etc/resolv.conf
start_scenario
watch_rehearsals
/usr/local/sbin/only-nobody
read -r made refused < <(connections)
for address in 127.0.0.1 ::1; do
    check "the user nobody connects to $address" connects 65534 "$address" 443
    fails "root does not" connects 0 "$address" 443
    fails "nor do others" connects 33 "$address" 443
done
read -r now_made now_refused < <(connections)
is "$((now_made - made)) $((now_refused - refused))" "2 4" "the kernel counts both"
made=$now_made refused=$now_refused

# --- the commands ---------------------------------------------------------------------------------

run tlsharden rehearse --profile strict
status_is 0 "rehearse"
is "$(grep -c ': TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 -> TLSv1.2 TLSv1.3$' "$OUT")" 8 "rehearse: both answers of every port are told"
rehearsed "rehearse"
is "$(connections)" "$made $refused" "rehearse: the running servers are not asked"

run tlsharden apply --profile strict --yes --confirm 300
status_is 0 "apply"
out_has '9 endpoints proven by handshake' "apply: proves every port"
rehearsed "apply"
asked "apply"

# A server that does not answer yet shows who waits for it.
pkill -STOP -x apache2
tlsharden confirm --verify --profile strict >"$work/confirm" 2>&1 &
confirm=$!
asker=none
check "confirm: a process of the user nobody waits for the answer" host_until 100 waits
is "$(awk '/^(Uid|Gid|Groups|Cap...|NoNewPrivs):/ && !/^CapBnd/ { $1 = $1; print }' "/proc/$asker/status")" \
    'Uid: 65534 65534 65534 65534
Gid: 65534 65534 65534 65534
Groups: 65534
CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapAmb: 0000000000000000
NoNewPrivs: 1' "it is not root in any way, nor can it become so"
is "$(find "/proc/$asker/fd" -type l -printf '%f %l\n' | sed 's/:\[.*//' | sort -n | xargs)" \
    "0 /dev/null 1 /dev/null 2 /dev/null 3 pipe 4 socket" "it has nothing open but a pipe and the connection"
pkill -CONT -x apache2
wait "$confirm"
is "$?: $(cat "$work/confirm")" "0: generation 0001 is confirmed" "confirm --verify"
asked "confirm"

run tlsharden rollback
status_is 0 "rollback"
asked "rollback"
done_testing
