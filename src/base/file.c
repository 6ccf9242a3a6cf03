/*
 * Files, read whole: every input is bounded (FILE_LIMIT), so one buffer is the simplest stream.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void file_closep(FILE **f)
{
    if (*f)
        fclose(*f);
    *f = NULL;
}

static int read_all(int fd, const char *path, size_t limit, struct buf *out,
                    struct err *err)
{
    size_t start = out->len;
    for (;;) {
        if (out->cap - out->len < 2) /* what the size promised is there, and more comes */
            buf_reserve(out, 4096);
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "read '%s'", path);
        if (n == 0)
            return 0;
        out->len += (size_t)n;
        if (out->len - start > limit)
            return err_set(err, ERR_INPUT, "read '%s': larger than %zu bytes", path,
                           limit);
    }
}

int file_read_fd(int fd, const char *path, size_t limit, struct buf *out, struct stat *st,
                 struct err *err)
{
    struct stat own;
    if (!st)
        st = &own;
    if (fstat(fd, st) < 0)
        return err_sys(err, errno, "stat '%s'", path);
    if (!S_ISREG(st->st_mode))
        return err_sys(err, S_ISDIR(st->st_mode) ? EISDIR : EINVAL,
                       "read '%s': not a regular file", path);
    size_t start = out->len;
    if ((size_t)st->st_size <=
        limit) /* a larger one is an error of read_all(), not a reason to
                                         ask for memory */
        buf_reserve(out, (size_t)st->st_size + 1);
    int rc = read_all(fd, path, limit, out, err);
    if (rc < 0)
        out->len = start;
    buf_reserve(out, 0);
    out->data[out->len] = '\0';
    return rc;
}

int file_read(const char *path, size_t limit, struct buf *out, struct stat *st,
              struct err *err)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", path);
    return file_read_fd(fd, path, limit, out, st, err);
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

char *file_join(const char *root, const char *path)
{
    size_t n = strlen(root);
    while (n && root[n - 1] == '/')
        n--;
    while (path[0] == '/' && path[1] == '/')
        path++;
    return mem_printf("%.*s%s%s", (int)n, root, path[0] == '/' ? "" : "/", path);
}

int file_write_all(int fd, const void *data, size_t len, const char *path,
                   struct err *err)
{
    const char *p = data;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "write '%s'", path);
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_mkdirs(const char *path, mode_t mode, struct err *err)
{
    CLEANUP(mem_freep) char *copy = mem_strdup(path);
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return err_sys(err, errno, "create directory '%s'", copy);
        *p = '/';
    }
    if (mkdir(copy, mode) < 0 && errno != EEXIST)
        return err_sys(err, errno, "create directory '%s'", copy);
    return 0;
}
