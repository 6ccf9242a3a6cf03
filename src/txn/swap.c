/*
 * Staging and exchanging. The staged file is made with O_EXCL and mode 0600; what it may become (owner,
 * access control list, mode) comes after its content, and fsync last. Ref: renameat2(2).
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
#include "txn/live.h"

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

/* --- staging ----------------------------------------------------------------------------- */

static int stage_link(const struct place *p, const char *temp,
                      const struct swap_new *what, struct err *err)
{
    CLEANUP(mem_freep) char *to = bytes_dup(what->content);
    if (symlinkat(to, p->dir, temp) < 0)
        return err_sys(err, errno, "create link");
    return attrs_give_link(p->dir, temp, p->shown, what->attrs, what->time, err);
}

static int reread(int fd, const struct place *p, struct bytes content, struct err *err)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    if (!guard_looks(GUARD_REREAD))
        return 0;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "read again");
    if (file_read_fd(fd, p->shown, FILE_LIMIT, &now, NULL, err) < 0)
        return -1;
    return bytes_eq(bytes_buf(&now), content)
               ? 0
               : err_set(err, ERR_SYSTEM, "what was written does not read back the same");
}

static int stage_file(const struct place *p, const char *temp,
                      const struct swap_new *what, struct err *err)
{
    CLEANUP(fd_close)
    int fd =
        openat(p->dir, temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create");
    if (file_write_all(fd, what->content.data, what->content.len, p->shown, err) < 0 ||
        attrs_give(fd, p->shown, what->attrs, what->time, err) < 0 ||
        reread(fd, p, what->content, err) < 0)
        return -1;
    if (what->sync != GUARD_NONE && guard_fsync(fd, what->sync) < 0)
        return err_sys(err, errno, "fsync");
    return 0;
}

int swap_stage(const struct place *p, const char *temp, const struct swap_new *what,
               struct err *err)
{
    if (p->dir < 0)
        return err_sys(err, ENOENT, "stage '%s'", p->shown);
    int rc = what->kind == PLAN_SYMLINK ? stage_link(p, temp, what, err)
                                        : stage_file(p, temp, what, err);
    return rc < 0 ? err_context(err, "stage '%s'", p->shown) : 0;
}

/* --- exchanging -------------------------------------------------------------------------- */

static int move(const struct place *p, const char *from, const char *to, unsigned flags,
                struct err *err)
{
    if (renameat2(p->dir, from, p->dir, to, flags) == 0)
        return 0;
    if (errno == EEXIST)
        return err_set(err, ERR_REFUSED, "'%s' has appeared since the plan was made",
                       p->shown);
    if (errno == ENOENT)
        return err_set(err, ERR_REFUSED, "'%s' has vanished since the plan was made",
                       p->shown);
    if (errno == EINVAL)
        return err_set(
            err, ERR_REFUSED,
            "the file system of '%s' cannot exchange two names, so that nothing "
            "can be replaced there safely",
            p->shown);
    return err_sys(err, errno, "replace '%s'", p->shown);
}

int swap_turn(const struct place *p, const char *temp, bool has_temp, bool has_name,
              struct err *err)
{
    if (p->dir < 0)
        return err_set(err, ERR_REFUSED,
                       "the directory of '%s' has vanished since the plan was made",
                       p->shown);
    if (has_temp && has_name)
        return move(p, temp, p->name, RENAME_EXCHANGE, err);
    if (has_temp)
        return move(p, temp, p->name, RENAME_NOREPLACE, err);
    return move(p, p->name, temp, RENAME_NOREPLACE, err);
}
