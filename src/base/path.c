/*
 * Opening beneath a root. The kernel resolves links (openat2), so that neither an absolute link in
 * an image nor one swapped while we look leads out of it.
 */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

void path_root_close(struct path_root *root)
{
    fd_close(&root->fd);
    free(root->name);
    root->name = NULL;
}

int path_root_open(const char *name, struct path_root *ret, struct err *err)
{
    int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", name);
    char *real = realpath(name, NULL);
    if (!real) {
        close(fd);
        return err_sys(err, errno, "resolve '%s'", name);
    }
    *ret = (struct path_root){.name = real, .fd = fd};
    return 0;
}

bool path_root_is_host(const struct path_root *root)
{
    return strcmp(root->name, "/") == 0;
}

/* A ".." while anybody renames or mounts anything is answered by EAGAIN: ask again. Ref: openat2(2) */
#define TRIES 1000

static int open_beneath(const struct path_root *root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int fd = -1;
    for (int i = 0; i < TRIES && fd < 0; i++) {
        fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
        sched_yield();
    }
    return fd;
}

bool path_exists(const struct path_root *root, const char *path)
{
    CLEANUP(fd_close) int fd = open_beneath(root, path, O_PATH);
    return fd >= 0;
}

/* The path on the host of an open file: what /proc says, less the root. */
static char *resolved_path(const struct path_root *root, int fd)
{
    char link[64], real[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof real - 1);
    if (n <= 0 || n == (ssize_t)sizeof real - 1)
        return NULL;
    real[n] = '\0';
    size_t skip = path_root_is_host(root) ? 0 : strlen(root->name);
    if (strncmp(real, root->name, skip) != 0 || (real[skip] && real[skip] != '/'))
        return NULL;
    return mem_strdup(real[skip] ? real + skip : "/");
}

char *path_resolve(const struct path_root *root, const char *path)
{
    CLEANUP(fd_close) int fd = open_beneath(root, path, O_PATH);
    return fd < 0 ? NULL : resolved_path(root, fd);
}

int path_read(const struct path_root *root, const char *path, struct buf *out,
              struct stat *st, char **ret_resolved, struct err *err)
{
    CLEANUP(fd_close) int fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 1;
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", path);
    CLEANUP(mem_freep) char *resolved = NULL;
    if (ret_resolved && !(resolved = resolved_path(root, fd)))
        return err_set(err, ERR_SYSTEM, "open '%s': cannot tell its real path", path);
    if (file_read_fd(fd, path, FILE_LIMIT, out, st, err) < 0)
        return -1;
    if (ret_resolved)
        *ret_resolved = TAKE_PTR(resolved);
    return 0;
}

static int glob_directory(const struct path_root *root, const char *dir,
                          const char *pattern, struct strv *ret, struct err *err)
{
    int fd = open_beneath(root, dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream)
        return err_sys(err, errno, "open directory '%s'", dir);
    CLEANUP(strv_release) struct strv found = STRV_INIT;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0)
            strv_take(&found, mem_printf("%s/%s", dir, entry->d_name));
    closedir(stream);
    strv_sort(&found);
    for (size_t i = 0; i < found.count; i++)
        strv_take(ret, TAKE_PTR(found.items[i]));
    found.count = 0;
    return 0;
}

int path_glob(const struct path_root *root, const char *pattern, struct strv *ret,
              struct err *err)
{
    if (!strpbrk(pattern, "*?[")) {
        if (path_exists(root, pattern))
            strv_add(ret, pattern);
        return 0;
    }
    const char *slash = strrchr(pattern, '/');
    if (!slash || slash == pattern)
        return 0;
    CLEANUP(mem_freep) char *dir = mem_strndup(pattern, (size_t)(slash - pattern));
    if (!strpbrk(dir, "*?["))
        return glob_directory(root, dir, slash + 1, ret, err);
    CLEANUP(strv_release) struct strv dirs = STRV_INIT;
    if (path_glob(root, dir, &dirs, err) < 0)
        return -1;
    for (size_t i = 0; i < dirs.count; i++)
        if (glob_directory(root, dirs.items[i], slash + 1, ret, err) < 0)
            return -1;
    return 0;
}

char *path_readlink(const struct path_root *root, const char *path)
{
    CLEANUP(fd_close) int fd = open_beneath(root, path, O_PATH | O_NOFOLLOW);
    char target[PATH_MAX];
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target);
    return n < 0 || n == (ssize_t)sizeof target ? NULL : mem_strndup(target, (size_t)n);
}
