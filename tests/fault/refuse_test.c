/*
 * What is refused before anything is touched, each with the file and what to do about it.
 *
 * In a mount namespace of its own, as root: read-only and full file systems, something mounted on a file,
 * immutable files, other owners, directories that others may change, locks of other editors.
 */
#include "fault/bed.h"

#include <linux/fs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

struct place_of {
    struct bed bed;
    char *main_cf, *a, *small;
};

static void own_mounts(void)
{
    ck_assert_msg(unshare(CLONE_NEWNS) == 0,
                  "a mount namespace of one's own: %s: run as root", strerror(errno));
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

static void make(struct place_of *p, bool live)
{
    own_mounts();
    bed_make(&p->bed, bed_tree(), live);
    p->a = file_join(p->bed.dir, "/etc/a");
    p->small = file_join(p->bed.dir, "/etc/new");
    p->main_cf = file_join(p->bed.dir, "/etc/a/main.cf");
}

static void end(struct place_of *p)
{
    umount2(p->small, MNT_DETACH);
    free(p->small);
    free(p->a);
    free(p->main_cf);
    bed_end(&p->bed);
}

#define PLACE(live)                                                                      \
    CLEANUP(end) struct place_of p;                                                      \
    make(&p, live)

/* In this process: the error is at hand. */
static void refused(struct place_of *p, enum err_kind kind, const char *text)
{
    unsigned id;
    struct bed *b = &p->bed;
    CLEANUP(buf_release) struct buf before = BUF_INIT;
    CLEANUP(buf_release) struct buf after = BUF_INIT;
    bed_describe(b, true, &before);
    b->err = (struct err)ERR_INIT;
    ck_assert_int_eq(txn_apply(b->plan, &b->opts, &id, &b->err), -1);
    bed_describe(b, true, &after);
    if (b->err.kind != kind || !strstr(b->err.text, text))
        ck_abort_msg("kind %d, '%s' lacks '%s'", (int)b->err.kind, b->err.text, text);
    ck_assert_str_eq(buf_str(&before), buf_str(&after));
    json_auto_t *history = txn_history(&b->opts, &b->err);
    ck_assert_uint_eq(json_array_size(history), 0);
}

static void applied(struct place_of *p)
{
    bed_do(&p->bed, bed_apply);
}

/* --- the file ---------------------------------------------------------------------------- */

static void set_flag(const char *path, unsigned flag)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY);
    unsigned flags = flag;
    ck_assert_msg(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0, "chattr '%s': %s", path,
                  strerror(errno));
}

START_TEST(immutable)
{
    PLACE(false);
    set_flag(p.main_cf, FS_IMMUTABLE_FL);
    refused(&p, ERR_REFUSED, "/etc/a/main.cf' is immutable (chattr -i)");
    set_flag(p.main_cf, FS_APPEND_FL);
    refused(&p, ERR_REFUSED, "/etc/a/main.cf' is append-only (chattr -a)");
    set_flag(p.main_cf, 0);
    set_flag(p.a, FS_IMMUTABLE_FL);
    refused(&p, ERR_REFUSED, "the directory of '/etc/a/main.cf' is immutable");
    set_flag(p.a, 0);
    applied(&p);
}
END_TEST

START_TEST(mounted_over)
{
    PLACE(false);
    ck_assert_int_eq(mount(p.main_cf, p.main_cf, NULL, MS_BIND, NULL), 0);
    refused(&p, ERR_REFUSED, "something is mounted on '/etc/a/main.cf'");
    ck_assert_int_eq(umount(p.main_cf), 0);
    applied(&p);
}
END_TEST

START_TEST(read_only)
{
    PLACE(false);
    ck_assert_int_eq(mount(p.a, p.a, NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount(NULL, p.a, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
    refused(&p, ERR_REFUSED, "'/etc/a/main.cf' is on a read-only file system: remount");
    ck_assert_int_eq(umount(p.a), 0);
    applied(&p);
}
END_TEST

/* --- room -------------------------------------------------------------------------------- */

static void small_etc(struct place_of *p, const char *options)
{
    ck_assert_int_eq(mkdir(p->small, 0755), 0);
    ck_assert_int_eq(mount("none", p->small, "tmpfs", 0, options), 0);
}

START_TEST(full)
{
    PLACE(false);
    small_etc(&p, "size=64k,mode=755");
    refused(&p, ERR_SYSTEM, "the file system of '/etc/new/dir/tlsharden.conf' is full: ");
}
END_TEST

START_TEST(no_inodes)
{
    PLACE(false);
    small_etc(&p, "nr_inodes=4,mode=755");
    refused(&p, ERR_SYSTEM, "has no inodes left: remove some files");
}
END_TEST

START_TEST(records_elsewhere)
{
    PLACE(false);
    CLEANUP(mem_freep) char *var = file_join(p.bed.dir, "/var");
    ck_assert_int_eq(mkdir(var, 0755), 0);
    ck_assert_int_eq(mount("none", var, "tmpfs", 0, "size=1m,mode=755"), 0);
    applied(&p); /* old files cannot move there by a rename */
    ck_assert(bed_is_new(&p.bed));
    bed_do(&p.bed, bed_rollback);
    ck_assert(bed_is_old(&p.bed));
    ck_assert_int_eq(umount2(var, MNT_DETACH), 0);
}
END_TEST

/* --- who may have changed it ------------------------------------------------------------- */

START_TEST(writable_by_others)
{
    PLACE(true);
    ck_assert_int_eq(chmod(p.a, 0757), 0);
    refused(&p, ERR_REFUSED,
            "is writable by everybody: take that right away (chmod go-w)");
    ck_assert_int_eq(chmod(p.a, 0775), 0);
    ck_assert_int_eq(chown(p.a, 0, 12345), 0);
    refused(&p, ERR_REFUSED, "is writable by its group: take that right away");
    ck_assert_int_eq(chown(p.a, 0, 0), 0);
    ck_assert_int_eq(chmod(p.a, 0755), 0);
    CLEANUP(mem_freep) char *etc = file_join(p.bed.dir, "/etc");
    ck_assert_int_eq(chmod(etc, 0777), 0);
    refused(&p, ERR_REFUSED, "is writable by everybody");
    ck_assert_int_eq(chmod(etc, 01777), 0);
    refused(&p, ERR_REFUSED,
            "is writable by everybody"); /* a directory would be made there */
    ck_assert_int_eq(chmod(etc, 0755), 0);
    ck_assert_int_eq(chmod(p.bed.dir, 01777), 0);
    applied(&p); /* as /tmp: what is in it cannot be renamed by others */
}
END_TEST

START_TEST(of_another_owner)
{
    PLACE(true);
    CLEANUP(mem_freep) char *etc = file_join(p.bed.dir, "/etc");
    ck_assert_int_eq(chown(p.a, 12345, 0), 0);
    refused(&p, ERR_REFUSED, "belongs to uid 12345, who could put another file there");
    ck_assert_int_eq(chown(etc, 23456, 0), 0);
    refused(&p, ERR_REFUSED,
            "belongs to uid 12345, the one above to uid 23456: give them");
    ck_assert_int_eq(chown(etc, 0, 0), 0);
    ck_assert_int_eq(chown(p.main_cf, 12345, 0), 0);
    CLEANUP(mem_freep) char *gone = file_join(p.bed.dir, "/etc/a/gone.conf");
    ck_assert_int_eq(chown(gone, 12345, 0), 0);
    applied(&p); /* theirs in theirs: they can do so anyway */
    struct stat st;
    ck_assert_int_eq(stat(p.main_cf, &st), 0);
    ck_assert_uint_eq(st.st_uid, 12345);
}
END_TEST

START_TEST(where_configuration_is_not)
{
    PLACE(true);
    static const char *const allowed[] = {"/etc", NULL};
    p.bed.opts.allowed = allowed;
    refused(&p, ERR_REFUSED,
            "is not where configuration files are: move it beneath /etc");
}
END_TEST

/* --- others at work ---------------------------------------------------------------------- */

START_TEST(another_editor)
{
    PLACE(false);
    json_t *locks = json_pack("[s, s]", "/etc/a/main.cf.tmp", "/etc/none/x.tmp");
    p.bed.plan->services[0].locks = locks;
    CLEANUP(mem_freep) char *path = file_join(p.bed.dir, "/etc/a/main.cf.tmp");
    CLEANUP(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    refused(&p, ERR_REFUSED,
            "another program is editing and has locked '/etc/a/main.cf.tmp'");
    ck_assert_int_eq(flock(fd, LOCK_UN), 0);
    applied(&p);
    ck_assert_int_eq(access(path, F_OK), -1); /* it was empty: nobody's work */
    ck_assert(bed_is_new(&p.bed));
    bed_do(&p.bed, bed_rollback);
    ck_assert(bed_is_old(&p.bed));
}
END_TEST

/* --- what is kept ------------------------------------------------------------------------ */

START_TEST(access_control_lists)
{
    PLACE(false);
    /* user::rw-, user:12345:r--, group::r--, mask::r--, other::--- */
    static const unsigned char acl[] = {
        2, 0,    0,    0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
        0, 0x39, 0x30, 0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16, 0,
        4, 0,    255,  255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
    ck_assert_msg(setxattr(p.main_cf, "system.posix_acl_access", acl, sizeof acl, 0) == 0,
                  "%s", strerror(errno));
    ck_assert_int_eq(lchown(p.main_cf, 12345, 23456), 0);
    ck_assert_int_eq(chmod(p.main_cf, 0640), 0);
    struct stat before, after;
    ck_assert_int_eq(stat(p.main_cf, &before), 0);
    applied(&p);
    unsigned char now[sizeof acl];
    ck_assert_int_eq(stat(p.main_cf, &after), 0);
    ck_assert_int_eq((int)getxattr(p.main_cf, "system.posix_acl_access", now, sizeof now),
                     (int)sizeof acl);
    ck_assert_uint_eq(after.st_uid, 12345);
    ck_assert_uint_eq(after.st_gid, 23456);
    ck_assert_uint_eq(after.st_mode, before.st_mode);
    ck_assert_uint_ne(after.st_ino, before.st_ino);
    bed_do(&p.bed, bed_rollback);
    ck_assert_int_eq(stat(p.main_cf, &after), 0);
    ck_assert_uint_eq(after.st_ino, before.st_ino); /* the very same file */
    ck_assert_int_eq((int)after.st_nlink, 1);
}
END_TEST

UNIT_MAIN("refuse", immutable, mounted_over, read_only, full, no_inodes,
          records_elsewhere, writable_by_others, of_another_owner,
          where_configuration_is_not, another_editor, access_control_lists)
