#!/bin/bash
# What servers answer is never read by root: in a network where only nobody can connect to their ports, rehearse, apply,
# confirm and rollback work as ever, and nobody else has tried. The one who asks can do nothing else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"

# --- a network where only nobody can connect ------------------------------------------------------

# The kernel has no route for others' connections (ip-rule(8)) and counts that. It sends resets as root, which pass: those
# of IPv4 have their source address already, and those of IPv6 their interface. Servers' answers go to higher ports.
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

# Each rehearsal has a network of its own, in which nobody listens before one of these scripts has run. It tells
# through a pipe, since all else that is written there is gone with it.
host_network=$(readlink /proc/self/ns/net)
cat >/usr/local/sbin/rehearsed <<END
#!/bin/sh -e
network=\$(readlink /proc/self/ns/net)
[ "\$network" != '$host_network' ] || exit 0
[ -z "\$(ip rule list pref 2)" ] || exit 0
/usr/local/sbin/only-nobody
echo "\$1 \$network" >/srv/rehearsed
END
chmod 755 /usr/local/sbin/rehearsed

watch_rehearsals()
{
    sed -i '1a /usr/local/sbin/rehearsed apache || exit 1' /usr/sbin/apache2ctl
    sed -i '1a /usr/local/sbin/rehearsed postfix || exit 1' /usr/lib/postfix/sbin/postfix-script
    sed -i '1a /usr/local/sbin/rehearsed openldap || exit 1' /etc/init.d/slapd
    sed -i '1a /usr/local/sbin/rehearsed courier || exit 1' /etc/init.d/courier-imap /etc/init.d/courier-imap-ssl
    mkfifo /srv/rehearsed
    cat <>/srv/rehearsed >>"$work/rehearsed" &
}

# rehearsed NAME   since the last time: each service on its new files and as it is
rehearsed()
{
    is "$(sort -u "$work/rehearsed" | cut -d ' ' -f 1 | uniq -c | xargs)" \
        "2 apache 2 courier 2 openldap 2 postfix" "$1: the same is so in every rehearsal"
    : >"$work/rehearsed"
}

# count "made" of TCP connections, and the "refused" ones of all but nobody, so far
connections()
{
    python3 -c '
import sys
def table(path):
    lines = [line.split() for line in open(path)]
    return {(name[0], key): int(value) for name, row in zip(lines[::2], lines[1::2]) for key, value in zip(name, row)
            if key != name[0]}
four = table("/proc/net/snmp")
six = dict(line.split() for line in open("/proc/net/snmp6"))
print(four["Tcp:", "ActiveOpens"], four["Ip:", "OutNoRoutes"] + int(six["Ip6OutNoRoutes"]))'
}

# asked BY   what has been asked since the last time was asked by nobody
asked()
{
    local before_made=$made before_refused=$refused
    read -r made refused < <(connections)
    check "$1: nobody has connected to the servers" test "$made" -gt "$before_made"
    is "$((refused - before_refused))" 0 "$1: no other user has tried to"
}

# connects USER ADDRESS PORT
connects()
{
    setpriv --reuid "$1" --regid 65534 --clear-groups timeout 5 \
        python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], sys.argv[2]))' "$2" "$3"
}

: >/etc/resolv.conf
start_scenario
watch_rehearsals
/usr/local/sbin/only-nobody
read -r made refused < <(connections)
for address in 127.0.0.1 ::1; do
    check "nobody connects to $address" connects 65534 "$address" 443
    fails "root does not" connects 0 "$address" 443
    fails "nor do others" connects 33 "$address" 443
done
read -r now_made now_refused < <(connections)
is "$((now_made - made)) $((now_refused - refused))" "2 4" "the kernel counts both"
made=$now_made refused=$now_refused

# --- the commands ---------------------------------------------------------------------------------

run tlsharden rehearse --profile strict
status_is 0 "rehearse"
for port in 443 143 993 389 636 25 587 465; do
    out_has ":$port.*: TLSv1 .*TLSv1.3 -> TLSv1.2 TLSv1.3" "rehearse: port $port is asked before and after"
done
rehearsed "rehearse"
is "$(connections)" "$made $refused" "rehearse: the running servers are not asked"

run tlsharden apply --profile strict --yes --confirm 300
status_is 0 "apply"
out_has '9 endpoints proven by handshake' "apply: proves every port"
rehearsed "apply"
asked "apply"
run tlsharden confirm --verify --profile strict
status_is 0 "confirm --verify"
asked "confirm"
run tlsharden rollback
status_is 0 "rollback"
asked "rollback"
done_testing
