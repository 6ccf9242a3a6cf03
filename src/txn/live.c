/* Looking before leaping: the name is examined first, then opened without following a link. */
#include "txn/live.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"

void live_release(struct live *l)
{
    buf_release(&l->content);
    attrs_release(&l->attrs);
    *l = (struct live)LIVE_INIT;
}

static int read_link(struct spot at, const struct stat *st, struct live *l,
                     struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(at.dir, at.name, target, sizeof target);
    if (n < 0)
        return err_sys(err, errno, "read the link '%s'", at.shown);
    buf_add(&l->content, target, (size_t)n);
    l->kind = PLAN_SYMLINK;
    attrs_of_link(st, &l->attrs);
    return 0;
}

static int read_regular(struct spot at, bool attrs, struct live *l, struct err *err)
{
    CLEANUP(fd_close)
    int fd = openat(at.dir, at.name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", at.shown);
    struct stat st;
    if (file_read_fd(fd, at.shown, FILE_LIMIT, &l->content, &st, err) < 0)
        return -1;
    l->kind = PLAN_FILE;
    return attrs ? attrs_read(fd, at.shown, &l->attrs, err) : 0;
}

static int read_name(struct spot at, bool attrs, struct live *l, struct err *err)
{
    struct stat st;
    if (at.dir < 0)
        return 0;
    if (fstatat(at.dir, at.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "stat '%s'", at.shown);
    l->present = true;
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    l->links = st.st_nlink;
    l->changed = st.st_ctim;
    if (S_ISLNK(st.st_mode))
        return read_link(at, &st, l, err);
    if (S_ISREG(st.st_mode))
        return read_regular(at, attrs, l, err);
    return err_set(err, ERR_REFUSED, "'%s' is neither a file nor a symbolic link",
                   at.shown);
}

static int look(struct spot at, bool attrs, struct live *ret, struct err *err)
{
    struct live l = LIVE_INIT;
    if (read_name(at, attrs, &l, err) < 0) {
        live_release(&l);
        return -1;
    }
    digest_sha256(bytes_buf(&l.content), l.sum);
    *ret = l;
    return 0;
}

int live_at(struct spot at, struct live *ret, struct err *err)
{
    return look(at, false, ret, err);
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool live_is_untouched(struct spot at, struct timespec mtime, struct timespec changed,
                       size_t size)
{
    struct stat st;
    return at.dir >= 0 && fstatat(at.dir, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(st.st_mode) && same_time(st.st_mtim, mtime) &&
           same_time(st.st_ctim, changed) && (size_t)st.st_size == size;
}

/* --- may it be changed? ------------------------------------------------------------------ */

/* Of the name, or with "" and its descriptor of the directory: what chattr has set, and whether a mount
 * begins there. 0 where the file system can't tell. */
static unsigned long long marks(int dir, const char *name, const char **ret_what)
{
    struct statx sx;
    int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
    if (statx(dir, name, flags, STATX_TYPE, &sx) < 0)
        return 0;
    unsigned long long set = sx.stx_attributes & sx.stx_attributes_mask;
    *ret_what =
        set & STATX_ATTR_IMMUTABLE ? "immutable (chattr -i)" : "append-only (chattr -a)";
    return set;
}

static int check_marks(const struct place *p, struct err *err)
{
    struct statvfs fs;
    if (fstatvfs(p->dir, &fs) == 0 && (fs.f_flag & ST_RDONLY))
        return err_set(err, ERR_REFUSED,
                       "'%s' is on a read-only file system: remount it read-write",
                       p->shown);
    const char *what = NULL;
    unsigned long long hard = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
    unsigned long long set = marks(p->dir, p->name, &what);
    if (set & hard)
        return err_set(err, ERR_REFUSED, "'%s' is %s", p->shown, what);
    if (set & STATX_ATTR_MOUNT_ROOT)
        return err_set(
            err, ERR_REFUSED,
            "something is mounted on '%s', so that it cannot be replaced: change "
            "what is mounted there, or unmount it",
            p->shown);
    if (marks(p->dir, "", &what) & hard)
        return err_set(err, ERR_REFUSED, "the directory of '%s' is %s", p->shown, what);
    return 0;
}

static int check_file(const struct place *p, const struct live *l, struct err *err)
{
    if (p->foreign && (!l->present || l->attrs.uid != p->foreign))
        return err_set(err, ERR_REFUSED,
                       "the way to '%s' belongs to uid %u, who could put another file "
                       "there: give the directory to root",
                       p->shown, (unsigned)p->foreign);
    if (l->present && l->kind == PLAN_FILE && l->links > 1)
        return err_set(err, ERR_REFUSED,
                       "'%s' has %lu hard links: copy it to a file of its own first",
                       p->shown, (unsigned long)l->links);
    return p->dir < 0 ? 0 : check_marks(p, err);
}

int live_read(struct root *root, const char *path, struct live *ret, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    struct live l = LIVE_INIT;
    if (place_find(root, path, &p, err) < 0 || look(place_spot(&p), true, &l, err) < 0)
        return -1;
    if (check_file(&p, &l, err) < 0) {
        live_release(&l);
        return -1;
    }
    *ret = l;
    return 0;
}
