#!/bin/bash
# The power fails when a change of the directory server has just been reported as done. slapd does not sync what
# it writes of an entry; on an ext4 that makes nothing safe behind our back it must be there nevertheless. The
# loop mount that is shut down (EXT4_IOC_SHUTDOWN) is made here. Negative control: without the sync of slapd's
# folder (strace makes syncfs(2) do nothing) the entry is lost.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237

# The folders that are on the disk.
places=(/etc/ldap/slapd.d /var/lib/tlsharden)

# loop FILE   a device for it, in $device
loop()
{
    device=$(losetup --find) || return
    [ -e "$device" ] || mknod "$device" b 7 "${device#/dev/loop}"
    losetup "$device" "$1"
}

disk_mount()
{
    loop /root/image && mount -t ext4 -o noatime,noauto_da_alloc,data=writeback "$device" /disk || return
    losetup -d "$device" # as soon as it is unmounted
    local place
    for place in "${places[@]}"; do
        mount --bind "/disk$place" "$place" || return
    done
}

disk_unmount()
{
    umount "${places[@]}" && umount /disk
}

# The power fails; what is in the journal's memory is lost, too.
cut_power()
{
    python3 -c 'import fcntl, os, struct
os.stat("/disk").st_dev != os.stat("/").st_dev or exit("not our disk")
fd = os.open("/disk", os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587D, struct.pack("I", 2))'
}

slapd_start()
{
    /etc/init.d/slapd start >/dev/null 2>&1
    host_until 50 host_listens 389
}

# As after the power: not asked to end.
slapd_kill()
{
    local pid
    pid=$(cat /run/slapd/slapd.pid)
    kill -KILL "$pid"
    host_until 50 eval '! host_listens 389'
}

# once COMMAND...   applies by way of the command, loses power, starts again
once()
{
    cp /root/pristine /root/image
    disk_mount && slapd_start || return
    "$@" "$program" apply --profile strict --service openldap --yes >"$work/out" 2>&1 || return
    cut_power && slapd_kill && disk_unmount && disk_mount
}

as_it_is()
{
    "$@"
}

without_syncfs()
{
    strace -f -o /dev/null -e trace=syncfs -e inject=syncfs:retval=0 "$@"
}

# new   slapd starts, and has the policy
new()
{
    slapd_start && tlsharden recover >/dev/null &&
        ldapsearch -Q -LLL -Y EXTERNAL -H ldapi:/// -b cn=config -s base olcTLSCipherSuite 2>/dev/null |
        grep -q '^olcTLSCipherSuite: NONE:'
}

# --- a disk with slapd's configuration and the records -------------------------------------------

install -d /disk "${places[@]}"
chmod 700 /var/lib/tlsharden
truncate -s 32M /root/image
mkfs.ext4 -q -F /root/image
loop /root/image && mount "$device" /disk && losetup -d "$device"
for place in "${places[@]}"; do
    install -d "/disk$(dirname "$place")"
    cp -a "$place" "/disk$place"
done
umount /disk
cp /root/image /root/pristine

# --- losing power --------------------------------------------------------------------------------

check "applied; the power fails" once as_it_is
check "the directory server starts, and has the policy" new
check "clients are served" timeout 20 ldapsearch -x -ZZ -LLL -H ldap://ldap.example.test -b dc=nodomain -s base dn
slapd_kill
disk_unmount
check "the same without the sync of what slapd wrote" once without_syncfs
fails "the entry is lost: somebody would miss that sync" new
done_testing
