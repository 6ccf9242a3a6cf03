/* Looking before leaping: the name is examined first, then opened without following a link. */
#include "txn/live.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "txn/place.h"

void live_release(struct live *l)
{
    buf_release(&l->content);
    attrs_release(&l->attrs);
    *l = (struct live)LIVE_INIT;
}

static int read_link(const struct place *p, const struct stat *st, struct live *l,
                     struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(p->dir, p->name, target, sizeof target);
    if (n < 0)
        return err_sys(err, errno, "read the link '%s'", p->shown);
    buf_add(&l->content, target, (size_t)n);
    l->kind = PLAN_SYMLINK;
    attrs_of_link(st, &l->attrs);
    return 0;
}

static int read_regular(const struct place *p, struct live *l, struct err *err)
{
    CLEANUP(fd_close)
    int fd = openat(p->dir, p->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", p->shown);
    struct stat st;
    if (file_read_fd(fd, p->shown, FILE_LIMIT, &l->content, &st, err) < 0)
        return -1;
    if (st.st_nlink > 1)
        return err_set(err, ERR_REFUSED,
                       "'%s' has %lu hard links: copy it to a file of its own first",
                       p->shown, (unsigned long)st.st_nlink);
    l->kind = PLAN_FILE;
    return attrs_read(fd, p->shown, &l->attrs, err);
}

static int read_place(const struct place *p, struct live *l, struct err *err)
{
    struct stat st;
    if (p->dir < 0)
        return 0;
    if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "stat '%s'", p->shown);
    l->present = true;
    if (S_ISLNK(st.st_mode))
        return read_link(p, &st, l, err);
    if (S_ISREG(st.st_mode))
        return read_regular(p, l, err);
    return err_set(err, ERR_REFUSED, "'%s' is neither a file nor a symbolic link",
                   p->shown);
}

int live_read(int root, const char *path, struct live *ret, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    struct live l = LIVE_INIT;
    if (read_place(&p, &l, err) < 0) {
        live_release(&l);
        return -1;
    }
    digest_sha256(bytes_buf(&l.content), l.sum);
    *ret = l;
    return 0;
}
