# tests/server/boots.sh   sourced first by a scenario that boots its host by systemd, and boots it again: runs it
# beside a copy of the test host ($TESTHOST_ROOT) and gives it
#
#     chrooted COMMAND...   runs a command in the host while it is switched off
#     boot                  starts systemd, and waits until it has started what it starts
#     inside COMMAND...     runs a command in the host while it is up
#     cut_power             everything in it is gone at once
#
# systemd is the first process of namespaces of its own (processes, IPC, mounts, control groups); that needs a cgroup2
# file system, and fails where there is none.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR

if [ -z "${TESTHOST_ROOT:-}" ]; then
    exec "$(dirname "${BASH_SOURCE[0]}")/testhost" beside bash "$(realpath "$0")"
fi
# shellcheck source=../tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

environment=(/usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    HOME=/root LANG=C.UTF-8 TERM=dumb TESTHOST_INSIDE=1)
work=$(mktemp -d)
init=

# Groups are counted for this scenario alone, and go with it.
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$groups" ] || { echo "Bail out! there is no cgroup2 file system: systemd cannot be booted here"; exit 1; }
group=$groups/tlsharden-$$
mkdir "$group"
echo $$ >"$group/cgroup.procs"

end()
{
    [ -z "$init" ] || cut_power
    echo $$ >"$groups/cgroup.procs"
    find "$group" -depth -type d -exec rmdir {} \;
    rm -rf "$work"
}
trap end EXIT

chrooted()
{
    unshare --pid --ipc --mount --propagation private --fork --kill-child --mount-proc="$TESTHOST_ROOT/proc" \
        chroot "$TESTHOST_ROOT" "${environment[@]}" timeout 300 "$@"
}

# Its first process mounts what systemd does not mount in a container, then becomes systemd. The host is the root of its
# mounts (not only a chroot): servers have mounts of their own, and their programs are to be found by the same paths.
boot()
{
    # shellcheck disable=SC2016 # $1: the inner shell's
    unshare --pid --ipc --cgroup --mount --propagation private --fork --kill-child --mount-proc="$TESTHOST_ROOT/proc" \
        sh -c 'mount -t sysfs -o ro sysfs "$1/sys" && mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup" &&
            mount -t tmpfs -o mode=755 run "$1/run" &&
            cd "$1" && pivot_root . mnt && exec chroot . /bin/sh -c "umount -l /mnt &&
                exec /usr/bin/env -i container=testhost /lib/systemd/systemd --log-target=console"' \
        sh "$TESTHOST_ROOT" </dev/null >>"$work/console" 2>&1 &
    outer=$!
    init=

    for _ in $(seq 100); do
        init=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null)
        init=${init%% *}
        [ -n "$init" ] && inside systemctl is-system-running >"$work/state" 2>/dev/null && return
        grep -qxE 'running|degraded' "$work/state" 2>/dev/null && return
        sleep 0.3
    done
    sed 's/^/# /' "$work/console"
    return 1
}

inside()
{
    nsenter -t "$init" --pid --mount --ipc --cgroup --root --wd -- "${environment[@]}" timeout 120 "$@"
}

cut_power()
{
    kill -KILL "$init"
    wait "$outer" 2>/dev/null
    init=
}
