/*
 * A private tree for tests: made beneath $TMPDIR, removed at the end; and what a tree is, as one text, so
 * that "everything is as it was" can be asserted.
 */
#ifndef UNIT_TREE_H
#define UNIT_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "unit/unit.h"

static inline char *tree_make(void)
{
    const char *base = getenv("TMPDIR");
    CLEANUP(mem_freep)
    char *name = mem_printf("%s/tlsharden-XXXXXX", base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(name));
    char *real = realpath(name, NULL);
    ck_assert_ptr_nonnull(real);
    return real;
}

static inline int tree_unlink(const char *path, const struct stat *st, int flag,
                              struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int tree_open_up(const char *path, const struct stat *st, int flag,
                               struct FTW *ftw)
{
    (void)ftw;
    if (flag == FTW_D || flag == FTW_DNR)
        chmod(path, st->st_mode | 0700);
    return 0;
}

static inline void tree_remove(char **root)
{
    nftw(*root, tree_open_up, 16, FTW_PHYS);
    ck_assert_int_eq(nftw(*root, tree_unlink, 16, FTW_PHYS | FTW_DEPTH), 0);
    free(*root);
}

/* Writes a file, its directories made as needed. */
static inline void tree_write(const char *root, const char *path, const char *text,
                              mode_t mode)
{
    struct err err = ERR_INIT;
    CLEANUP(mem_freep) char *real = file_join(root, path);
    CLEANUP(mem_freep) char *dir = mem_strdup(real);
    *strrchr(dir, '/') = '\0';
    ck_assert_int_eq(file_mkdirs(dir, 0755, &err), 0);
    CLEANUP(fd_close) int fd = open(real, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, text, strlen(text), real, &err), 0);
    ck_assert_int_eq(fchmod(fd, mode), 0);
}

static inline void tree_link(const char *root, const char *path, const char *target)
{
    CLEANUP(mem_freep) char *real = file_join(root, path);
    ck_assert_int_eq(symlink(target, real), 0);
}

/* Gives a file an age that no test run has. */
static inline void tree_age(const char *root, const char *path)
{
    CLEANUP(mem_freep) char *real = file_join(root, path);
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT},
                               {.tv_sec = 1000000000, .tv_nsec = 123456789}};
    ck_assert_int_eq(utimensat(AT_FDCWD, real, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* The content of a file, or NULL when there is none; owned by the caller (free). */
static inline char *tree_read(const char *root, const char *path)
{
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    CLEANUP(mem_freep) char *real = file_join(root, path);
    if (!file_exists(real))
        return NULL;
    ck_assert_int_eq(file_read(real, FILE_LIMIT, &text, NULL, &err), 0);
    return buf_take(&text);
}

static inline void tree_describe_content(const char *real, const struct stat *st,
                                         struct buf *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    char sum[DIGEST_SIZE], target[PATH_MAX], names[4096];
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlink(real, target, sizeof target);
        buf_addf(out, " -> %.*s", (int)n, target);
        return;
    }
    ck_assert_int_eq(file_read(real, FILE_LIMIT, &content, NULL, &err), 0);
    digest_sha256(bytes_buf(&content), sum);
    buf_addf(out, " %s", sum);
    ssize_t n = listxattr(real, names, sizeof names);
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
        char value[256];
        ssize_t m = getxattr(real, names + i, value, sizeof value);
        if (strncmp(names + i, "user.", 5) == 0)
            buf_addf(out, " %s=%.*s", names + i, (int)m, value);
    }
}

/* Everything beneath `dir` but `except`: name, type, mode, owner, content, and with `times` the time of
 * change but for directories. Entries in the order of their names. */
static inline void tree_describe_all(const char *dir, const char *except, bool times,
                                     struct buf *out)
{
    struct dirent **names;
    int n = scandir(dir, &names, NULL, alphasort);
    ck_assert_int_ge(n, 0);
    for (int i = 0; i < n; i++) {
        CLEANUP(mem_freep) char *real = file_join(dir, names[i]->d_name);
        struct stat st;
        bool dots =
            strcmp(names[i]->d_name, ".") == 0 || strcmp(names[i]->d_name, "..") == 0;
        free(names[i]);
        if (dots || strcmp(real, except) == 0)
            continue;
        ck_assert_int_eq(lstat(real, &st), 0);
        buf_addf(out, "%s %o %u:%u", real, st.st_mode, st.st_uid, st.st_gid);
        if (S_ISDIR(st.st_mode)) {
            buf_addc(out, '\n');
            tree_describe_all(real, except, times, out);
            continue;
        }
        if (times)
            buf_addf(out, " %ld.%09ld", (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
        tree_describe_content(real, &st, out);
        buf_addc(out, '\n');
    }
    free(names);
}

static inline void tree_describe(const char *dir, const char *except, struct buf *out)
{
    tree_describe_all(dir, except, true, out);
}

#endif
