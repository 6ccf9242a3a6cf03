/*
 * Staging and renaming. The staged file is made with O_EXCL and mode 0600; what it may become (owner,
 * access control list, mode) comes after its content, and fsync last.
 */
#include "txn/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

char *swap_name(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char random[10];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* cannot be: so few bytes are never interrupted */
    char text[sizeof random + 1];
    for (size_t i = 0; i < sizeof random; i++)
        text[i] = letters[random[i] % 32];
    text[sizeof random] = '\0';
    return mem_printf(".tlsharden.%s", text);
}

int swap_drop(const struct place *p, const char *temp, struct err *err)
{
    if (p->dir >= 0 && unlinkat(p->dir, temp, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove what is staged for '%s'", p->shown);
    return 0;
}

static int stage_link(const struct place *p, const char *temp, struct bytes target,
                      const struct attrs *attrs, bool time, struct err *err)
{
    CLEANUP(mem_freep) char *to = bytes_dup(target);
    if (symlinkat(to, p->dir, temp) < 0)
        return err_sys(err, errno, "stage link '%s'", p->shown);
    return attrs_give_link(p->dir, temp, p->shown, attrs, time, err);
}

static int stage_file(const struct place *p, const char *temp, struct bytes content,
                      const struct attrs *attrs, bool time, struct err *err)
{
    CLEANUP(fd_close)
    int fd =
        openat(p->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create");
    if (file_write_all(fd, content.data, content.len, p->shown, err) < 0 ||
        attrs_give(fd, p->shown, attrs, time, err) < 0)
        return -1;
    return fsync(fd) < 0 ? err_sys(err, errno, "fsync") : 0;
}

int swap_stage(const struct place *p, const char *temp, enum plan_kind kind,
               struct bytes content, const struct attrs *attrs, bool time,
               struct err *err)
{
    if (p->dir < 0)
        return err_sys(err, ENOENT, "stage '%s'", p->shown);
    if (swap_drop(p, temp, err) < 0)
        return -1;
    int rc = kind == PLAN_SYMLINK ? stage_link(p, temp, content, attrs, time, err)
                                  : stage_file(p, temp, content, attrs, time, err);
    return rc < 0 ? err_context(err, "stage '%s'", p->shown) : 0;
}

/* link(2) refuses an existing name, too; for file systems whose rename cannot. */
static int link_and_drop(const struct place *p, const char *temp)
{
    if (linkat(p->dir, temp, p->dir, p->name, 0) < 0)
        return -1;
    return unlinkat(p->dir, temp, 0);
}

int swap_put(const struct place *p, const char *temp, bool replace, struct err *err)
{
    unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    int rc = renameat2(p->dir, temp, p->dir, p->name, flags);
    if (rc < 0 && errno == EINVAL && !replace)
        rc = link_and_drop(p, temp);
    if (rc < 0 && errno == EEXIST)
        return err_set(err, ERR_REFUSED, "'%s' has appeared since the plan was made",
                       p->shown);
    return rc < 0 ? err_sys(err, errno, "replace '%s'", p->shown) : 0;
}

int swap_remove(const struct place *p, struct err *err)
{
    if (p->dir >= 0 && unlinkat(p->dir, p->name, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove '%s'", p->shown);
    return 0;
}
