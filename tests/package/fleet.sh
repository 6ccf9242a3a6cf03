# tests/package/fleet.sh   sourced first by a test of many hosts: runs it again in namespaces of its own, where test hosts
# with the real servers hang on a bridge and are reached by ssh. Network, processes and mounts vanish with the test,
# whatever ends it; this machine's own network is never touched.
#
#     fleet_start N             hosts 1 to N, all servers running; host K is 10.77.K.2
#     on K COMMAND...           runs a shell command line on host K, as root, over ssh
#     fleet_ssh_options         what ssh needs to know to get there, words for a command line
#
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR

if [ -z "${FLEET_INSIDE:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "Bail out! needs root: namespaces"; exit 1; }
    FLEET_INSIDE=1 exec unshare --mount --net --pid --ipc --fork --kill-child --mount-proc --propagation private \
        "$BASH" "$0" "$@"
fi
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../tap.sh
. "$top/tests/tap.sh"
work=$TAP_DIR
fleet_user='admin'

fleet_ssh_options()
{
    echo -F none -i "$work/key" -o "UserKnownHostsFile=$work/known_hosts" -o GlobalKnownHostsFile=/dev/null \
        -o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=10
}

on()
{
    local host=$1
    shift
    # shellcheck disable=SC2046 # words
    timeout 60 ssh $(fleet_ssh_options) "$fleet_user@10.77.$host.2" sudo -n bash -c "$(printf '%q' "$*")"
}

fleet_bridge()
{
    mount -t tmpfs fleet /run
    ip link set lo up
    ip link add fleet type bridge
    ip address add 10.77.0.1/16 dev fleet
    ip link set fleet up
}

# fleet_cable K   the network of host K: an end of a cable to the bridge, with many addresses
fleet_cable()
{
    local host=$1 address
    ip netns add "host$host"
    ip link add "cable$host" type veth peer name eth0 netns "host$host"
    ip link set "cable$host" master fleet up
    for address in $(seq 2 199); do
        echo "address add 10.77.$host.$address/16 dev eth0"
    done | ip -netns "host$host" -batch -
    ip -netns "host$host" link set eth0 up
}

fleet_ready()
{
    local host
    for host in $(seq "$1"); do
        grep -q '^ready$' "$work/host$host.log" || return 1
    done
}

fleet_start()
{
    local host count=$1 left=600
    ssh-keygen -q -t ed25519 -N '' -f "$work/key"
    fleet_bridge
    for host in $(seq "$count"); do
        fleet_cable "$host"
        TESTHOST_NET=/run/netns/host$host "$top/tests/server/testhost" run \
            bash /src/tests/package/fleet-host "$fleet_user" "$(cat "$work/key.pub")" </dev/null >"$work/host$host.log" 2>&1 &
    done
    until fleet_ready "$count"; do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            tail -n 20 "$work"/host*.log | sed 's/^/# /'
            echo "Bail out! the hosts do not come up"
            exit 1
        fi
        sleep 0.1
    done
    for host in $(seq "$count"); do
        sed -n "s/^hostkey /10.77.$host.* /p" "$work/host$host.log"
    done >"$work/known_hosts"
}
