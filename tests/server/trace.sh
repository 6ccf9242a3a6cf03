# tests/server/trace.sh   sourced behind scenario.sh: everything that a rehearsal could leave behind on the host.
#
#     remember              how it is now
#     untouched CASE        whether it is still so: two tests
# shellcheck shell=bash
# shellcheck disable=SC2154 # $work is scenario.sh's

# trace FILE   everything that a rehearsal could leave behind
trace()
{
    {
        find /etc /usr/lib /usr/share/postfix /var /home /root /srv /tmp -xdev -path /var/log/syslog -prune -o \
            -path "$work" -prune -o -path '/tmp/tmp.*' -prune -o \
            -printf '%p %M %U:%G %s %T@ %C@ %l\n' | sort
        find /etc /var/log /var/mail /var/spool -xdev -type f -not -path /var/log/syslog -print0 | sort -z |
            xargs -0 sha256sum
        cut -d ' ' -f 3- /proc/self/mountinfo
        ls -A /run
        readlink /proc/[0-9]*/ns/{ipc,mnt,net,pid,user} | sort -u
        # slapd's, when a plan reads its configuration
        grep -vE 'deferring operation|no connection!' /var/log/syslog
    } >"$1" 2>&1
}

# daemons FILE   who runs, the programs of this script aside
daemons()
{
    # shellcheck disable=SC2009 # columns are wanted, not process numbers
    ps -eo pid=,ppid=,user=,comm= | grep -vE ' (ps|grep|sort|bash|timeout|cleanup|pickup|postlogd|anvil|scache|tlsmgr|smtpd|imapd|couriertls)$' |
        sort >"$1"
}

untouched()
{
    trace "$work/now"
    daemons "$work/daemons.now"
    same "$work/now" "$work/trace" "$1: no trace in files, times, owners, logs, mounts"
    same "$work/daemons.now" "$work/daemons" "$1: no process is left"
}

remember()
{
    trace "$work/trace"
    daemons "$work/daemons"
}
