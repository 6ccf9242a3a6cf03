/*
 * Paths, walked one name at a time: each directory is opened beneath the one before, without following
 * a link (openat2), and looked at while it is held. The plan has resolved the links that may stand
 * there; one that appeared since is not followed.
 *
 * Who may own a directory on the way: root, we, the owner of a --root tree; or one other, when the
 * file at the end is theirs, too (live.c compares). Nobody else may write there; a sticky directory
 * such as /tmp is fine further up, since what is in it can't be renamed by others.
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
#include "txn/guard.h"

#define ATTEMPTS 16 /* while others rename directories under us */

static void dir_release(struct place_dir *d)
{
    if (--d->users)
        return;
    fd_close(&d->fd);
    free(d->path);
    free(d);
}

static void forget(struct root *root)
{
    for (size_t i = 0; i < root->count; i++)
        dir_release(root->dirs[i]);
    root->count = root->next = 0;
}

void root_release(struct root *root)
{
    forget(root);
    fd_close(&root->fd);
}

int root_open(const char *path, struct root *ret, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(err, errno, "open '%s'", path);
        fd_close(&fd);
        return -1;
    }
    *ret = (struct root){.fd = fd, .live = strcmp(path, "/") == 0, .owner = st.st_uid};
    return 0;
}

void place_release(struct place *p)
{
    if (p->at)
        dir_release(p->at);
    else
        fd_close(&p->dir);
    free(p->name);
    free(p->shown);
    *p = (struct place)PLACE_INIT;
}

struct spot place_spot(const struct place *p)
{
    return place_beside(p, p->name);
}

struct spot place_beside(const struct place *p, const char *name)
{
    return (struct spot){.dir = p->dir, .name = name, .shown = p->shown};
}

/* --- one step ---------------------------------------------------------------------------- */

/* For kernels, and for checkers, without openat2: of one name it promises the same. */
static int open_one(int dir, const char *name)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        errno = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)
                    ? ELOOP
                    : ENOTDIR;
    return fd;
}

/* One name, or ".". */
static int open_beneath(int dir, const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        fd = syscall(SYS_openat2, dir, name, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd < 0 && errno == ENOSYS ? open_one(dir, name) : (int)fd;
}

static int check_owner(const struct root *root, struct place *p, const struct stat *st,
                       const char *dir, struct err *err)
{
    if (st->st_uid == 0 || st->st_uid == geteuid() ||
        (!root->live && st->st_uid == root->owner) || st->st_uid == p->foreign)
        return 0;
    if (p->foreign)
        return err_set(
            err, ERR_REFUSED,
            "'%s', on the way to '%s', belongs to uid %u, the one above to uid "
            "%u: give them to root",
            dir, p->shown, (unsigned)st->st_uid, (unsigned)p->foreign);
    p->foreign = st->st_uid;
    return 0;
}

static int check_directory(const struct root *root, struct place *p, const char *dir,
                           bool last, struct err *err)
{
    struct stat st;
    if (fstat(p->dir, &st) < 0)
        return err_sys(err, errno, "stat '%s'", dir);
    bool others = (st.st_mode & S_IWOTH) && (last || !(st.st_mode & S_ISVTX));
    bool group = root->live && (st.st_mode & S_IWGRP) && st.st_gid != 0 &&
                 (last || !(st.st_mode & S_ISVTX));
    if (others || group)
        return err_set(err, ERR_REFUSED,
                       "'%s', on the way to '%s', is writable by %s: take that right "
                       "away (chmod go-w)",
                       dir, p->shown, others ? "everybody" : "its group");
    return check_owner(root, p, &st, dir, err);
}

/* Goes on to `name`; `dir` is its path, for messages. 1: there is no such directory. */
static int step(struct place *p, const char *name, const char *dir, struct err *err)
{
    int next = open_beneath(p->dir, name);
    if (next < 0 && errno == ENOENT)
        return 1;
    if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(err, ERR_REFUSED, "a %s is on the way to '%s': plan again",
                       errno == ELOOP ? "symbolic link" : "file", p->shown);
    if (next < 0)
        return err_sys(err, errno, "open '%s'", dir);
    fd_close(&p->dir);
    p->dir = next;
    return 0;
}

/* --- the whole way ----------------------------------------------------------------------- */

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

/* From the root to `dir` ("": the root itself). 1: it does not exist; p->dir is then -1. */
static int walk(const struct root *root, const char *dir, bool last_counts,
                struct place *p, struct err *err)
{
    p->dir = open_beneath(root->fd, ".");
    if (p->dir < 0)
        return err_sys(err, errno, "open the root");
    if (check_directory(root, p, "/", last_counts && !*dir, err) < 0)
        return -1;
    for (const char *at = dir; *at;) {
        size_t n = strcspn(++at, "/");
        CLEANUP(mem_freep) char *name = mem_strndup(at, n);
        CLEANUP(mem_freep) char *shown = mem_strndup(dir, (size_t)(at - dir) + n);
        at += n;
        int rc = step(p, name, shown, err);
        if (rc > 0)
            fd_close(&p->dir);
        if (rc)
            return rc;
        if (check_directory(root, p, shown, last_counts && !*at, err) < 0)
            return -1;
    }
    return 0;
}

static void share(struct place *p, struct place_dir *d)
{
    d->users++;
    p->at = d;
    p->dir = d->fd;
    p->foreign = d->foreign;
}

static bool recall(const struct root *root, const char *dir, struct place *p)
{
    for (size_t i = 0; i < root->count; i++) {
        if (strcmp(root->dirs[i]->path, dir) != 0)
            continue;
        share(p, root->dirs[i]);
        return true;
    }
    return false;
}

static void remember(struct root *root, const char *dir, struct place *p)
{
    struct place_dir *d = mem_alloc(sizeof *d);
    *d = (struct place_dir){
        .fd = p->dir, .foreign = p->foreign, .path = mem_strdup(dir), .users = 1};
    if (root->next < root->count)
        dir_release(root->dirs[root->next]);
    else
        root->count++;
    root->dirs[root->next] = d;
    root->next = (root->next + 1) % ROOT_DIRS;
    share(p, d);
}

static int enter(struct root *root, const char *path, struct place *p, struct err *err)
{
    const char *slash = strrchr(path, '/');
    CLEANUP(mem_freep) char *dir = mem_strndup(path, (size_t)(slash - path));
    p->name = mem_strdup(slash + 1);
    if (recall(root, dir, p))
        return 0;
    int rc = walk(root, dir, true, p, err);
    if (rc == 0)
        remember(root, dir, p);
    return rc < 0 ? -1 : 0;
}

int place_find(struct root *root, const char *path, struct place *ret, struct err *err)
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

/* 0: `dir` exists and may be passed; 1: it does not exist. */
static int look_for(const struct root *root, const char *dir, const char *path,
                    struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    p.shown = visible(bytes_str(path));
    return walk(root, dir, false, &p, err);
}

/* A directory can be made only where files can be. */
static int check_above(struct root *root, const char *dir, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    return place_find(root, dir, &p, err);
}

int place_missing(struct root *root, const char *path, json_t *list, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir >= 0)
        return 0;
    for (const char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        CLEANUP(mem_freep) char *dir = mem_strndup(path, (size_t)(slash - path));
        int missing = look_for(root, dir, path, err);
        if (missing < 0)
            return -1;
        if (missing && check_above(root, dir, err) < 0)
            return -1;
        CLEANUP(mem_freep) char *text = escape_bytes(bytes_str(dir));
        if (missing && !is_listed(list, text))
            json_array_append_new(list, json_string(text));
    }
    return 0;
}

int place_make(struct root *root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir < 0)
        return err_sys(err, ENOENT, "create directory '%s'", p.shown);
    if (mkdirat(p.dir, p.name, 0755) < 0)
        return errno == EEXIST ? 0
                               : err_sys(err, errno, "create directory '%s'", p.shown);
    if (fchmodat(p.dir, p.name, 0755, 0) < 0 || guard_fsync(p.dir, GUARD_STAGED_DIR) < 0)
        return err_sys(err, errno, "create directory '%s'", p.shown);
    return 0;
}

int place_unmake(struct root *root, const char *path, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    forget(root); /* it may be this one */
    if (place_find(root, path, &p, err) < 0)
        return -1;
    if (p.dir < 0)
        return 0;
    if (unlinkat(p.dir, p.name, AT_REMOVEDIR) < 0)
        return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST
                   ? 0
                   : err_sys(err, errno, "remove directory '%s'", p.shown);
    return guard_fsync(p.dir, GUARD_SWAPPED) < 0
               ? err_sys(err, errno, "sync the directory of '%s'", p.shown)
               : 0;
}
