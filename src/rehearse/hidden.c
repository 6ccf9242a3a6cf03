/*
 * Each hidden directory becomes an empty one in memory, with owner and mode of the original. What the configuration names
 * beneath it is mounted there again, with the directories on the way and nothing else that is in these.
 */
#include "rehearse/hidden.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "plan/rehearsable.h"

/* Whose files nobody is to see here; what is private is empty anyway. */
void hidden_find(const struct grounds *private, struct grounds *ret)
{
    static const char *const always[] = {REHEARSABLE_HIDDEN};
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        char *real CLEANUP(mem_freep) = realpath(always[i], NULL);
        if (real && !grounds_have(private, real))
            grounds_add(ret, real);
    }
    DIR *spool = opendir(REHEARSABLE_SPOOL);
    for (struct dirent *e = spool ? readdir(spool) : NULL; e; e = readdir(spool)) {
        CLEANUP(mem_freep) char *path = file_join(REHEARSABLE_SPOOL, e->d_name);
        struct stat st;
        if (e->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
            !grounds_have(private, path))
            grounds_add(ret, path);
    }
    if (spool)
        closedir(spool);
}

/* One directory of `g`'s way, whose path ends after `len` bytes. */
static bool make_step(const struct ground *hidden, const struct ground *g, size_t len)
{
    CLEANUP(mem_freep) char *dir = mem_strndup(g->path, len);
    const char *inside = dir + strlen(hidden->path) + 1;
    struct stat st = {.st_mode = 0755};
    if (file_exists(dir))
        return true;
    if (fstatat(hidden->fd, inside, &st, 0) < 0 && g->fd < 0)
        return false;
    return mkdir(dir, 0700) == 0 && chown(dir, st.st_uid, st.st_gid) == 0 &&
           chmod(dir, st.st_mode & 07777) == 0;
}

/* The directories between `hidden` and `g`, as they are there; one takes the place of a link to one. False: not there. */
static bool make_way(const struct ground *hidden, const struct ground *g)
{
    const char *slash = strchr(g->path + strlen(hidden->path) + 1, '/');
    for (; slash; slash = strchr(slash + 1, '/'))
        if (!make_step(hidden, g, (size_t)(slash - g->path)))
            return false;
    return true;
}

static bool make_place(const struct ground *g)
{
    if (S_ISDIR(g->st.st_mode))
        return mkdir(g->path, 0700) == 0;
    CLEANUP(fd_close)
    int fd = open(g->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0;
}

/* What is named by the configuration, read-only as all the rest. Where there is no place for it the daemon will miss it. */
static int show(const struct ground *hidden, const struct ground *g, struct err *err)
{
    CLEANUP(mem_freep) char *from = mem_printf("/proc/self/fd/%d", g->fd);
    bool way = make_way(hidden, g);
    if (!way || g->fd < 0 || file_exists(g->path) || !make_place(g))
        return 0;
    if (mount(from, g->path, NULL, MS_BIND | MS_REC, NULL) < 0) {
        err_sys(err, errno, "show '%s'", g->path);
        return 1;
    }
    return 0;
}

/* Memory over a directory, and in it what stays; `memory` becomes that mount. */
static int hide(struct ground *hidden, const struct grounds *visible, int *memory,
                struct err *err)
{
    if (hidden->fd < 0)
        return 0;
    int rc = ground_memory(hidden->path, hidden->st.st_mode & 07777, err);
    if (rc != 0)
        return rc;
    *memory = open(hidden->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*memory < 0 || chown(hidden->path, hidden->st.st_uid, hidden->st.st_gid) < 0)
        return err_sys(err, errno, "prepare '%s'", hidden->path);
    for (size_t i = 0; rc == 0 && i < visible->count; i++)
        if (ground_lies_in(hidden->path, visible->items[i].path))
            rc = show(hidden, &visible->items[i], err);
    return rc;
}

int hidden_mount(struct grounds *hidden, const struct grounds *visible, struct err *err)
{
    for (size_t i = 0; i < hidden->count; i++) {
        int memory = -1, rc = hide(&hidden->items[i], visible, &memory, err);
        fd_close(&hidden->items[i].fd);
        hidden->items[i].fd = memory; /* until it is sealed */
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* When everything is in its place. */
int hidden_seal(const struct grounds *hidden, struct err *err)
{
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    for (size_t i = 0; i < hidden->count; i++)
        if (hidden->items[i].fd >= 0 &&
            mount_setattr(hidden->items[i].fd, "", AT_EMPTY_PATH, &readonly,
                          sizeof readonly) < 0) {
            err_sys(err, errno, "make '%s' read-only", hidden->items[i].path);
            return 1;
        }
    return 0;
}
