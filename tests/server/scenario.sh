# tests/server/scenario.sh   sourced first by every scenario: runs it again inside the test host, where it
# finds the host's functions, TAP and what follows here.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR

if [ -z "${TESTHOST_INSIDE:-}" ]; then
    here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
    self=$(realpath "$0")
    exec "$here/testhost" run bash "/src/${self#"${here%/tests/server}/"}"
fi
# shellcheck source=../tap.sh
. /src/tests/tap.sh
# shellcheck source=host.sh
. /src/tests/server/host.sh

program=/src/build/tlsharden
work=$(mktemp -d)

tlsharden()
{
    timeout 180 "$program" "$@"
}

need_program()
{
    [ -x "$program" ] || { echo "Bail out! there is no build/tlsharden; 'make' builds it"; exit 1; }
}

start_servers()
{
    host_start || { echo "Bail out! the servers do not start"; exit 1; }
}

# start_scenario   a configured host with everything running, or an end without a plan: failed
start_scenario()
{
    need_program
    host_configure
    start_servers
}

ask()
{
    timeout 30 python3 /src/tests/server/ask.py "$@"
}

# probe FILE [ENDPOINT...]   what is served, by handshake, into a file
probe()
{
    local file=$1
    shift
    timeout 240 python3 /src/tests/server/probe.py "$@" >"$file"
}

# conforms PROBE PROFILE [ARGUMENTS of compare.py]
conforms()
{
    local seen=$1 name=$2
    shift 2
    tlsharden profile show "$name" --format json >"$work/profile.json" || return
    PYTHONDONTWRITEBYTECODE=1 timeout 60 python3 /src/tests/server/compare.py "$work/profile.json" "$seen" "$@"
}

# snapshot FILE   every file beneath /etc with owner, mode, link target and content, and cn=config apart from
# its time stamps, which slapd sets on each change
snapshot()
{
    {
        find /etc -xdev \( -path /etc/ldap/slapd.d -prune \) -o \
            \( -type l -printf '%p %y %U %G -> %l\n' -o -printf '%p %y %m %U %G\n' \) | sort
        find /etc/ldap/slapd.d -printf '%p %y %m %U %G\n' | sort
        find /etc -xdev -path /etc/ldap/slapd.d -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
        slapcat -n 0 -o ldif-wrap=no 2>/dev/null | grep -vE '^(entryCSN|modifyTimestamp|modifiersName):' |
            awk 'BEGIN { RS = "" } { n = split($0, line, "\n"); asort_lines(line, n) }
                 function asort_lines(a, n,   i, j, t) {
                     for (i = 3; i <= n; i++) { t = a[i]
                         for (j = i - 1; j >= 2 && a[j] > t; j--) a[j + 1] = a[j]
                         a[j + 1] = t }
                     for (i = 1; i <= n; i++) print a[i]; print "" }'
    } >"$1"
}

# times FILE   when each file beneath /etc was last written
times()
{
    find /etc -xdev -printf '%p %T@ %i\n' | sort >"$1"
}

# processes FILE   what shows a restart or a reload: main processes, Apache's children, Postfix's own log
processes()
{
    {
        host_pids
        pgrep -x apache2 | sort
        grep -cE 'postfix-script.*(refreshing|starting)' /var/log/mail.log
    } >"$1"
}
