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

int swap_drop(struct spot temp, struct err *err)
{
    if (temp.dir >= 0 && unlinkat(temp.dir, temp.name, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove what is staged for '%s'", temp.shown);
    return 0;
}

/* --- staging ----------------------------------------------------------------------------- */

static int stage_link(struct spot at, const struct swap_new *what, struct err *err)
{
    CLEANUP(mem_freep) char *to = bytes_dup(what->content);
    if (symlinkat(to, at.dir, at.name) < 0)
        return err_sys(err, errno, "create link");
    return attrs_give_link(at.dir, at.name, at.shown, what->attrs, what->time, err);
}

static int reread(int fd, const char *shown, struct bytes content, struct err *err)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    if (!guard_looks(GUARD_REREAD))
        return 0;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "read again");
    if (file_read_fd(fd, shown, FILE_LIMIT, &now, NULL, err) < 0)
        return -1;
    return bytes_eq(bytes_buf(&now), content)
               ? 0
               : err_set(err, ERR_SYSTEM, "what was written does not read back the same");
}

static int stage_file(struct spot at, const struct swap_new *what, struct err *err)
{
    CLEANUP(fd_close)
    int fd =
        openat(at.dir, at.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create");
    if (file_write_all(fd, what->content.data, what->content.len, at.shown, err) < 0 ||
        attrs_give(fd, at.shown, what->attrs, what->time, err) < 0 ||
        reread(fd, at.shown, what->content, err) < 0)
        return -1;
    if (what->sync != GUARD_NONE && guard_fsync(fd, what->sync) < 0)
        return err_sys(err, errno, "fsync");
    return 0;
}

int swap_stage(struct spot temp, const struct swap_new *what, struct err *err)
{
    if (temp.dir < 0)
        return err_sys(err, ENOENT, "stage '%s'", temp.shown);
    int rc = what->kind == PLAN_SYMLINK ? stage_link(temp, what, err)
                                        : stage_file(temp, what, err);
    return rc < 0 ? err_context(err, "stage '%s'", temp.shown) : 0;
}

/* --- exchanging -------------------------------------------------------------------------- */

static int move(struct spot from, struct spot to, unsigned flags, struct err *err)
{
    if (renameat2(from.dir, from.name, to.dir, to.name, flags) == 0)
        return 0;
    if (errno == EEXIST)
        return err_set(err, ERR_REFUSED, "'%s' has appeared since the plan was made",
                       to.shown);
    if (errno == ENOENT)
        return err_set(err, ERR_REFUSED, "'%s' has vanished since the plan was made",
                       to.shown);
    if (errno == EINVAL)
        return err_set(
            err, ERR_REFUSED,
            "the file system of '%s' cannot exchange two names, so that nothing "
            "can be replaced there safely",
            to.shown);
    return err_sys(err, errno, "replace '%s'", to.shown);
}

int swap_turn(struct spot name, struct spot temp, bool has_temp, bool has_name,
              struct err *err)
{
    if (name.dir < 0)
        return err_set(err, ERR_REFUSED,
                       "the directory of '%s' has vanished since the plan was made",
                       name.shown);
    if (has_temp && has_name)
        return move(temp, name, RENAME_EXCHANGE, err);
    if (has_temp)
        return move(temp, name, RENAME_NOREPLACE, err);
    return move(name, temp, RENAME_NOREPLACE, err);
}
