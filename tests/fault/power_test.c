/*
 * Does a change survive the power cord?
 *
 * On an ext4 file system of our own, mounted so that nothing is made safe behind our back (noauto_da_alloc,
 * data=writeback), the file system is shut down (EXT4_IOC_SHUTDOWN) before each call that changes
 * state: once with its journal flushed and data not, once with neither. Then it is mounted again, recover
 * runs, and all must be old or all new; new, when the change had been reported as done.
 *
 * Negative controls: this program is linked with a guard.c of its own, which leaves out one of the syncs
 * at a time; each must be noticed.
 *
 * Only ever shut down: the loop mount made here. Needs root and loop devices, and fails without.
 */
#include "fault/bed.h"
#include "fault/left_out.h"

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#define SHUTDOWN                                                                         \
    _IOR('X', 125, uint32_t) /* EXT4_IOC_SHUTDOWN; linux/ext4.h is not exported */
#define FLAG_FLUSH   1u      /* the journal is written, data is not */
#define FLAG_NOFLUSH 2u      /* nothing is */
#define IMAGE_SIZE   ((off_t)8 << 20)
#define EXT4_MAGIC   0xEF53
#define MANY         24 /* so many files that they are synced at once */

/* --- a file system of our own ------------------------------------------------------------ */

struct disk {
    char *dir;   /* where image and mount point are */
    char *image; /* what is mounted */
    char *pristine;
    char *mount;
    char loop[32];
    int loop_fd;
    bool mounted;
};

struct power {
    struct bed bed; /* first: it is the context of its work */
    struct disk disk;
    uint32_t flag;
};

static void copy_image(const struct disk *d, const char *from, const char *to)
{
    (void)d;
    CLEANUP(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
    CLEANUP(fd_close) int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t left = IMAGE_SIZE;
    while (left > 0) {
        ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)left, 0);
        ck_assert_msg(n > 0, "copy '%s': %s", from, strerror(errno));
        left -= n;
    }
}

static void disk_attach(struct disk *d)
{
    for (int attempt = 0; attempt < 50; attempt++) {
        CLEANUP(fd_close) int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        ck_assert_msg(control >= 0, "/dev/loop-control: %s", strerror(errno));
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        ck_assert_msg(number >= 0, "no free loop device: %s", strerror(errno));
        snprintf(d->loop, sizeof d->loop, "/dev/loop%d", number);
        CLEANUP(fd_close) int file = open(d->image, O_RDWR | O_CLOEXEC);
        d->loop_fd = open(d->loop, O_RDWR | O_CLOEXEC);
        ck_assert_msg(d->loop_fd >= 0, "%s: %s", d->loop, strerror(errno));
        struct loop_config config = {.fd = (uint32_t)file,
                                     .info.lo_flags = LO_FLAGS_AUTOCLEAR};
        if (ioctl(d->loop_fd, LOOP_CONFIGURE, &config) == 0)
            return;
        ck_assert_msg(errno == EBUSY, "%s: %s", d->loop, strerror(errno));
        fd_close(&d->loop_fd); /* somebody else was faster */
    }
    ck_abort_msg("no loop device could be had");
}

static void disk_mount(struct disk *d)
{
    disk_attach(d);
    ck_assert_msg(mount(d->loop, d->mount, "ext4", MS_NOATIME,
                        "noauto_da_alloc,data=writeback") == 0,
                  "mount %s: %s: power loss cannot be tried here", d->loop,
                  strerror(errno));
    d->mounted = true;
    fd_close(&d->loop_fd); /* the mount holds it; it goes with the mount */
}

static void disk_unmount(struct disk *d)
{
    if (d->mounted)
        ck_assert_msg(umount(d->mount) == 0, "umount: %s", strerror(errno));
    d->mounted = false;
}

static void disk_make(struct disk *d)
{
    *d = (struct disk){.dir = bed_tree(), .loop_fd = -1};
    d->image = file_join(d->dir, "/image");
    d->pristine = file_join(d->dir, "/pristine");
    d->mount = file_join(d->dir, "/mount");
    ck_assert_int_eq(mkdir(d->mount, 0755), 0);
    CLEANUP(fd_close) int fd = open(d->image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(ftruncate(fd, IMAGE_SIZE), 0);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/sbin/mkfs.ext4", "mkfs.ext4", "-q", "-F", "-O", "^resize_inode", "-J",
              "size=1", d->image, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "mkfs.ext4 failed: is e2fsprogs installed?");
}

static void disk_end(struct disk *d)
{
    disk_unmount(d);
    free(d->image);
    free(d->pristine);
    free(d->mount);
    tree_remove(&d->dir);
}

/* The power fails. Refuses anything but the mount that disk_mount() made. */
static void disk_shut_down(const struct disk *d, uint32_t flag)
{
    struct stat here, above;
    struct statfs fs;
    CLEANUP(fd_close) int fd = open(d->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &here), 0);
    ck_assert_int_eq(stat(d->dir, &above), 0);
    ck_assert_int_eq(fstatfs(fd, &fs), 0);
    ck_assert(d->mounted && here.st_dev != above.st_dev && fs.f_type == EXT4_MAGIC &&
              fs.f_blocks * (unsigned long)fs.f_bsize <= (unsigned long)IMAGE_SIZE);
    ck_assert_msg(ioctl(fd, SHUTDOWN, &flag) == 0, "EXT4_IOC_SHUTDOWN: %s",
                  strerror(errno));
}

/* --- one loss ---------------------------------------------------------------------------- */

static void power_make(struct power *p, int (*prepared)(void *), int more)
{
    *p = (struct power){.flag = FLAG_NOFLUSH};
    disk_make(&p->disk);
    disk_mount(&p->disk);
    bed_make_more(&p->bed, file_join(p->disk.mount, "/host"), false, more);
    if (prepared)
        bed_do(&p->bed, prepared);
    disk_unmount(&p->disk);
    copy_image(&p->disk, p->disk.image, p->disk.pristine);
}

static void power_end(struct power *p)
{
    disk_unmount(&p->disk);
    mkdir(p->bed.dir, 0755); /* bed_end() removes its tree, which is on the disk */
    bed_end(&p->bed);
    disk_end(&p->disk);
}

static void power_begin(struct power *p)
{
    disk_unmount(&p->disk);
    copy_image(&p->disk, p->disk.pristine, p->disk.image);
    disk_mount(&p->disk);
}

static void cut(void *ctx)
{
    struct power *p = ctx;
    disk_shut_down(&p->disk, p->flag);
}

enum verdict { ALL_OLD, ALL_NEW, HALF, NO_SUCH_POINT };

/* The file system does not come back by itself: what runs on after the cut fails, and is none of our
 * business. `at` beyond the last call: the power fails when the change has been reported as done. */
static enum verdict lose_power(struct power *p, int (*work)(void *), long at,
                               char name[static 32])
{
    power_begin(p);
    struct trace_result r = trace_run(&(struct trace){
        .work = work, .ctx = p, .at = at, .strike = STRIKE_HOOK, .hook = cut});
    snprintf(name, 32, "%s", r.name);
    if (!r.struck && at > r.calls + 1)
        return NO_SUCH_POINT;
    if (!r.struck)
        cut(p);
    CLEANUP(mem_freep) char *said = bed_message(&p->bed);
    disk_unmount(&p->disk);
    disk_mount(&p->disk);
    int status = bed_run(&p->bed, bed_recover);
    CLEANUP(mem_freep) char *drained = bed_message(&p->bed);
    if (status != 0 || !bed_is_clean(&p->bed))
        return HALF;
    return bed_is_old(&p->bed) ? ALL_OLD : bed_is_new(&p->bed) ? ALL_NEW : HALF;
}

/* --- everywhere -------------------------------------------------------------------------- */

struct losses {
    long points, bad;
    char first_bad[96];
};

/* What it must be in the end, once it was reported as done. */
static void everywhere(struct power *p, int (*work)(void *), enum verdict when_done,
                       bool stop_at_bad, struct losses *l)
{
    enum verdict last = NO_SUCH_POINT;
    char name[32];
    for (long at = 1;; at++) {
        enum verdict v = lose_power(p, work, at, name);
        bool bad = v == HALF;
        if (v == NO_SUCH_POINT) {
            bad = last != when_done;
            at--;
        } else {
            l->points++;
        }
        if (bad) {
            l->bad++;
            snprintf(l->first_bad, sizeof l->first_bad, "%s, call %ld, flag %u", name, at,
                     p->flag);
        }
        if (v == NO_SUCH_POINT || (bad && stop_at_bad))
            return;
        last = v;
    }
}

#define POWER(prepared, more)                                                            \
    CLEANUP(power_end) struct power p;                                                   \
    power_make(&p, prepared, more)

static void lose_everywhere(const char *what, int (*prepared)(void *),
                            int (*work)(void *), enum verdict when_done, int more)
{
    POWER(prepared, more);
    struct losses l = {.points = 0};
    for (p.flag = FLAG_FLUSH; p.flag <= FLAG_NOFLUSH; p.flag++)
        everywhere(&p, work, when_done, true, &l);
    if (l.bad)
        bed_fail(&p.bed, "%s", l.first_bad);
    bed_count("power lost at %ld points of %s: all old or all new", l.points, what);
}

START_TEST(power_lost_during_apply)
{
    lose_everywhere("apply", NULL, bed_apply, ALL_NEW, 0);
}
END_TEST

START_TEST(power_lost_during_rollback)
{
    lose_everywhere("rollback", bed_apply, bed_rollback, ALL_OLD, 0);
}
END_TEST

START_TEST(power_lost_during_apply_of_many)
{
    lose_everywhere("apply of many files", NULL, bed_apply, ALL_NEW, MANY);
}
END_TEST

START_TEST(power_lost_during_rollback_of_many)
{
    lose_everywhere("rollback of many files", bed_apply, bed_rollback, ALL_OLD, MANY);
}
END_TEST

/* --- negative controls ------------------------------------------------------------------- */

/* Applied, and then the old files are lost from the generation, so that images are needed. */
static int apply_and_forget(void *ctx)
{
    struct bed *b = ctx;
    int rc = bed_apply(ctx);
    for (int i = 0; i < 64; i++) {
        CLEANUP(mem_freep) char *old = mem_printf("%s/gen/0001/before/%d", b->state, i);
        unlink(old);
    }
    CLEANUP(fd_close) int fd = open(b->dir, O_RDONLY | O_CLOEXEC);
    return rc ? rc : syncfs(fd);
}

struct control {
    enum guard which;
    const char *name;
    int (*prepared)(void *);
    int (*work)(void *);
    enum verdict when_done;
    int more;
};

/* Syncs of data. Those of directories ext4's journal makes up for: strict_test.c. */
static const struct control controls[] = {
    {GUARD_RECORD, "the record", NULL, bed_apply, ALL_NEW, 0},
    {GUARD_STAGED, "staged files", NULL, bed_apply, ALL_NEW, 0},
    {GUARD_STAGED_MANY, "many staged files", NULL, bed_apply, ALL_NEW, MANY},
    {GUARD_STATE, "the state", NULL, bed_apply, ALL_NEW, 0},
    {GUARD_BACK, "files staged for the way back", apply_and_forget, bed_rollback, ALL_OLD,
     0},
};

START_TEST(each_sync_of_data_is_missed)
{
    for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
        const struct control *c = &controls[i];
        struct losses l = {.points = 0};
        POWER(c->prepared, c->more);
        left_out = c->which;
        for (p.flag = FLAG_FLUSH; p.flag <= FLAG_NOFLUSH && !l.bad; p.flag++)
            everywhere(&p, c->work, c->when_done, true, &l);
        left_out = GUARD_NONE;
        ck_assert_msg(l.bad, "nobody misses the sync of %s", c->name);
        bed_count("without the sync of %s: half a change (%s)", c->name, l.first_bad);
    }
}
END_TEST

UNIT_MAIN("power", power_lost_during_apply, power_lost_during_rollback,
          power_lost_during_apply_of_many, power_lost_during_rollback_of_many,
          each_sync_of_data_is_missed)
