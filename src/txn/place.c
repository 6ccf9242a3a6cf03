/*
 * Paths, resolved by the kernel in one call (openat2): beneath the root, no symbolic links. The plan
 * has resolved the links that may stand there; one that appeared since is not followed.
 */
#include "txn/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/visible.h"
#include "txn/escape.h"

#define ATTEMPTS 16 /* while others rename directories under us */

void place_release(struct place *p)
{
    fd_close(&p->dir);
    free(p->name);
    free(p->shown);
    *p = (struct place)PLACE_INIT;
}

int place_root(const char *root, struct err *err)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(err, errno, "open '%s'", root) : fd;
}

static int open_beneath(int root, const char *relative)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        fd = syscall(SYS_openat2, root, relative, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

/* Absolute, and every component a name. */
static bool is_plain(const char *path)
{
    if (path[0] != '/')
        return false;
    for (const char *p = path; *p;) {
        size_t n = strcspn(++p, "/");
        if (n == 0 || n > 255 || (n == 1 && p[0] == '.') ||
            (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += n;
    }
    return true;
}

static int check_directory(const struct place *p, struct err *err)
{
    struct stat st;
    if (fstat(p->dir, &st) < 0)
        return err_sys(err, errno, "stat the directory of '%s'", p->shown);
    if (st.st_mode & S_IWOTH)
        return err_set(
            err, ERR_REFUSED,
            "the directory of '%s' is writable by everybody: take that right away",
            p->shown);
    return 0;
}

static int enter(int root, const char *path, struct place *p, struct err *err)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 0 : (size_t)(slash - path) - 1;
    CLEANUP(mem_freep) char *parent = mem_strndup(path + 1, length);
    p->name = mem_strdup(slash + 1);
    p->dir = open_beneath(root, *parent ? parent : ".");
    if (p->dir >= 0)
        return check_directory(p, err);
    if (errno == ENOENT)
        return 0;
    if (errno == ELOOP)
        return err_set(err, ERR_REFUSED,
                       "a symbolic link is on the way to '%s': plan again", p->shown);
    return err_sys(err, errno, "open the directory of '%s'", p->shown);
}

int place_find(int root, const char *path, struct place *ret, struct err *err)
{
    struct place p = PLACE_INIT;
    p.shown = visible(bytes_str(path));
    int rc = 0;
    if (!is_plain(path))
        rc = err_set(err, ERR_REFUSED,
                     "'%s' is not an absolute path without '.' and '..'", p.shown);
    if (rc == 0)
        rc = enter(root, path, &p, err);
    if (rc < 0)
        place_release(&p);
    else
        *ret = p;
    return rc;
}

/* --- directories ------------------------------------------------------------------------- */

static bool is_listed(const json_t *list, const char *text)
{
    for (size_t i = json_array_size(list); i > 0; i--)
        if (strcmp(json_string_value(json_array_get(list, i - 1)), text) == 0)
            return true;
    return false;
}

static int exists(int root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    struct stat st;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    return p.dir >= 0 && fstatat(p.dir, p.name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int place_missing(int root, const char *path, json_t *list, struct err *err)
{
    for (const char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        CLEANUP(mem_freep) char *dir = mem_strndup(path, (size_t)(slash - path));
        int there = exists(root, dir, err);
        if (there < 0)
            return -1;
        CLEANUP(mem_freep) char *text = escape_bytes(bytes_str(dir));
        if (!there && !is_listed(list, text))
            json_array_append_new(list, json_string(text));
    }
    return 0;
}

int place_make(int root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir < 0)
        return err_sys(err, ENOENT, "create directory '%s'", p.shown);
    if (mkdirat(p.dir, p.name, 0755) < 0)
        return errno == EEXIST ? 0
                               : err_sys(err, errno, "create directory '%s'", p.shown);
    if (fchmodat(p.dir, p.name, 0755, 0) < 0 || fsync(p.dir) < 0)
        return err_sys(err, errno, "create directory '%s'", p.shown);
    return 0;
}

int place_unmake(int root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir < 0)
        return 0;
    if (unlinkat(p.dir, p.name, AT_REMOVEDIR) < 0)
        return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST
                   ? 0
                   : err_sys(err, errno, "remove directory '%s'", p.shown);
    return fsync(p.dir) < 0 ? err_sys(err, errno, "sync the directory of '%s'", p.shown)
                            : 0;
}

int place_sync(int root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir >= 0 && fsync(p.dir) < 0)
        return err_sys(err, errno, "sync the directory of '%s'", p.shown);
    return 0;
}
