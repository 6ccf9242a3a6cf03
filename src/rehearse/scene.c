/*
 * Mounts. Directories that get something laid over them are opened first, so that the order of mounts does
 * not matter: each directory with candidate files becomes an overlay whose lower layer is that descriptor and
 * whose upper layer is memory, with the owner and mode of the original, since a daemon may check.
 *
 * People's files, their mail and the spool are not seen at all, but for what the configuration names.
 *
 * Not hidden: devices, /proc of the new process namespace, /sys.
 */
#include "rehearse/scene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strv.h"
#include "rehearse/ground.h"
#include "rehearse/hidden.h"
#include "rehearse/loopback.h"

#define LAYERS      SCENE_PRIVATE /* upper layers */
#define DEPTH_LIMIT 8

/* 1 with the reason: what could not be had. */
static int impossible(struct err *err, const char *what)
{
    err_sys(err, errno, "%s", what);
    return 1;
}

/* --- memory ------------------------------------------------------------------------------ */

/* Subdirectories, with owner and mode; what is in them stays behind. */
static int mirror(int from, int to, int depth)
{
    int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return -1;
    int rc = 0;
    for (struct dirent *e = readdir(d); rc == 0 && e; e = readdir(d)) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISDIR(st.st_mode))
            continue;
        if ((mkdirat(to, e->d_name, 0700) < 0 && errno != EEXIST) ||
            fchownat(to, e->d_name, st.st_uid, st.st_gid, 0) < 0 ||
            fchmodat(to, e->d_name, st.st_mode & 07777, 0) < 0)
            rc = -1;
        CLEANUP(fd_close)
        int in = openat(from, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        CLEANUP(fd_close)
        int out = openat(to, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (rc == 0 && depth > 0 && in >= 0 && out >= 0)
            rc = mirror(in, out, depth - 1);
    }
    closedir(d);
    return rc;
}

/* A directory that does not exist, and cannot be made, is left for the daemon to miss. */
static int make_private(const struct ground *g, struct err *err)
{
    struct err ignored = ERR_INIT;
    if (file_mkdirs(g->path, 0755, &ignored) < 0)
        return 0;
    int rc = ground_memory(g->path, 0755, err);
    if (rc != 0 || g->fd < 0)
        return rc;
    CLEANUP(fd_close) int to = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0 || fchown(to, g->st.st_uid, g->st.st_gid) < 0 ||
        fchmod(to, g->st.st_mode & 07777) < 0 || mirror(g->fd, to, DEPTH_LIMIT) < 0)
        return err_sys(err, errno, "prepare '%s'", g->path);
    return 0;
}

static int make_memory(const struct grounds *private, struct err *err)
{
    static const struct {
        const char *path;
        mode_t mode;
    } always[] = {
        {"/run", 0755}, {"/tmp", 01777}, {"/var/tmp", 01777}, {"/dev/shm", 01777}};
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        struct stat st;
        if (stat(always[i].path, &st) < 0)
            continue;
        int rc = ground_memory(always[i].path, always[i].mode, err);
        if (rc != 0)
            return rc;
    }
    if (mkdir(LAYERS, 0700) < 0 || mkdir("/run/lock", 01777) < 0 ||
        chmod("/run/lock", 01777) < 0)
        return err_sys(err, errno, "prepare '/run'");
    for (size_t i = 0; i < private->count; i++) {
        int rc = make_private(&private->items[i], err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* --- overlays ---------------------------------------------------------------------------- */

/* The directory of a path, or the nearest one above that exists. Owned (free). */
static char *directory_of(const char *path)
{
    char *dir = mem_strdup(path);
    do {
        char *slash = strrchr(dir, '/');
        slash[slash == dir] = '\0';
    } while (!file_exists(dir));
    return dir;
}

static void find_grounds(const struct plan *plan, const char *service, struct grounds *g)
{
    for (size_t i = 0; plan && i < plan->file_count; i++) {
        if (strcmp(plan->files[i].service, service) != 0)
            continue;
        CLEANUP(mem_freep) char *dir = directory_of(plan->files[i].path);
        grounds_add(g, dir);
    }
    for (size_t i = 0; plan && i < plan->entry_count; i++) {
        if (strcmp(plan->entries[i].service, service) != 0 || !plan->entries[i].file)
            continue;
        CLEANUP(mem_freep) char *dir = directory_of(plan->entries[i].file);
        grounds_add(g, dir);
    }
    grounds_sort(g);
}

static int overlay(const struct ground *g, size_t index, struct err *err)
{
    CLEANUP(mem_freep) char *upper = mem_printf(LAYERS "/%zu", index);
    CLEANUP(mem_freep) char *work = mem_printf(LAYERS "/%zu.work", index);
    CLEANUP(mem_freep)
    char *options = mem_printf("lowerdir=/proc/self/fd/%d,upperdir=%s,workdir=%s", g->fd,
                               upper, work);
    if (g->fd < 0)
        return err_set(err, ERR_SYSTEM, "cannot open '%s'", g->path);
    if (mkdir(upper, 0700) < 0 || mkdir(work, 0700) < 0 ||
        chown(upper, g->st.st_uid, g->st.st_gid) < 0 ||
        chmod(upper, g->st.st_mode & 07777) < 0)
        return err_sys(err, errno, "prepare a layer over '%s'", g->path);
    if (file_mkdirs(g->path, 0755, err) <
        0) /* where /tmp and the like have become empty */
        return -1;
    if (mount("overlay", g->path, "overlay", 0, options) < 0) {
        err_sys(err, errno, "lay candidate files over '%s'", g->path);
        return 1;
    }
    return 0;
}

/* --- candidates -------------------------------------------------------------------------- */

static int put_file(const struct plan_file *f, const struct stat *old, struct err *err)
{
    CLEANUP(fd_close)
    int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create '%s'", f->path);
    if (file_write_all(fd, f->after.data, f->after.len, f->path, err) < 0)
        return -1;
    if (fchown(fd, old ? old->st_uid : f->uid, old ? old->st_gid : f->gid) < 0 ||
        fchmod(fd, (old ? old->st_mode : f->mode) & 07777) < 0)
        return err_sys(err, errno, "give '%s' owner and mode", f->path);
    return 0;
}

static int put_candidate(const struct plan_file *f, struct err *err)
{
    struct stat st;
    bool there = lstat(f->path, &st) == 0;
    if (there && unlink(f->path) < 0)
        return err_sys(err, errno, "remove '%s'", f->path);
    if (!f->present_after)
        return 0;
    CLEANUP(mem_freep) char *dir = mem_strdup(f->path);
    *strrchr(dir, '/') = '\0';
    if (*dir && file_mkdirs(dir, 0755, err) < 0)
        return -1;
    if (f->kind == PLAN_FILE)
        return put_file(f, there && S_ISREG(st.st_mode) ? &st : NULL, err);
    if (symlink(buf_str(&f->after), f->path) < 0)
        return err_sys(err, errno, "link '%s'", f->path);
    return 0;
}

/* The server's own file of a directory entry, with its owner and mode. */
static int put_entry(const struct plan_entry *e, struct err *err)
{
    if (!e->file)
        return 0;
    CLEANUP(fd_close) int fd = open(e->file, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", e->file);
    return file_write_all(fd, e->file_after.data, e->file_after.len, e->file, err);
}

static int overlay_all(const struct grounds *g, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < g->count; i++)
        rc = overlay(&g->items[i], i, err);
    return rc;
}

static int put_candidates(const struct plan *plan, const char *service, struct err *err)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].service, service) == 0 &&
            put_candidate(&plan->files[i], err) < 0)
            return -1;
    for (size_t i = 0; i < plan->entry_count; i++)
        if (strcmp(plan->entries[i].service, service) == 0 &&
            put_entry(&plan->entries[i], err) < 0)
            return -1;
    return 0;
}

/* --- files that begin empty -------------------------------------------------------------- */

/* What is empty and in memory already, and where nothing can be laid over. */
static bool needs_no_layer(const struct grounds *private, const char *dir)
{
    static const char *const trees[] = {"/dev", "/proc", "/run", "/sys"};
    for (size_t i = 0; i < ARRAY_LEN(trees); i++)
        if (strcmp(dir, trees[i]) == 0 || ground_lies_in(trees[i], dir))
            return true;
    for (size_t i = 0; i < private->count; i++)
        if (strcmp(dir, private->items[i].path) == 0 ||
            ground_lies_in(private->items[i].path, dir))
            return true;
    return strcmp(dir, "/tmp") == 0 || strcmp(dir, "/var/tmp") == 0;
}

/* Their directories become writable. One that does not exist is for the daemon to miss. */
static void find_fresh(const struct grounds *private, struct grounds *fresh,
                       struct grounds *writable)
{
    size_t kept = 0;
    for (size_t i = 0; i < fresh->count; i++) {
        struct ground g = fresh->items[i];
        CLEANUP(mem_freep)
        char *dir = mem_strndup(g.path, (size_t)(strrchr(g.path, '/') - g.path));
        bool file = !g.st.st_mode || S_ISREG(g.st.st_mode);
        if (file && *dir && file_exists(dir) && !needs_no_layer(private, dir)) {
            grounds_add(writable, dir);
            fresh->items[kept++] = g;
        } else {
            free(g.path);
        }
    }
    fresh->count = kept;
}

/* An empty one in the place of each that is there, which costs no memory. */
static int make_fresh(const struct grounds *fresh, struct err *err)
{
    for (size_t i = 0; i < fresh->count; i++) {
        const struct ground *g = &fresh->items[i];
        if (!g->st.st_mode || unlink(g->path) < 0)
            continue;
        CLEANUP(fd_close)
        int fd = open(g->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || fchown(fd, g->st.st_uid, g->st.st_gid) < 0 ||
            fchmod(fd, g->st.st_mode & 07777) < 0)
            return err_sys(err, errno, "make '%s'", g->path);
    }
    return 0;
}

/* --- all together ------------------------------------------------------------------------ */

static int close_off(struct err *err)
{
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return impossible(err, "make mounts private");
    if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &readonly, sizeof readonly) < 0)
        return impossible(err, "make the host read-only");
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return impossible(err, "mount '/proc'");
    return 0;
}

#define NOT_OPENED (-1)

/* Thousands of virtual hosts name as many paths, which are open for a while. */
static struct rlimit open_more(void)
{
    struct rlimit before = {.rlim_cur = 0};
    if (getrlimit(RLIMIT_NOFILE, &before) == 0)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){before.rlim_max, before.rlim_max});
    return before;
}

/* Absolute paths; NULL is an empty list. */
static int read_paths(const json_t *how, const char *name, int flags, struct grounds *ret,
                      struct err *err)
{
    const json_t *list = json_object_get(how, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (!path || path[0] != '/')
            return err_set(err, ERR_INPUT, "trial: '%s' is not a list of absolute paths",
                           name);
        if (flags == NOT_OPENED)
            grounds_look(ret, path);
        else
            grounds_open(ret, path, flags);
    }
    grounds_sort(ret);
    return 0;
}

static int build(const struct plan *plan, const char *service, const json_t *how,
                 struct err *err)
{
    CLEANUP(grounds_release) struct grounds private = {.count = 0};
    CLEANUP(grounds_release) struct grounds visible = {.count = 0};
    CLEANUP(grounds_release) struct grounds hidden = {.count = 0};
    CLEANUP(grounds_release) struct grounds writable = {.count = 0};
    CLEANUP(grounds_release) struct grounds fresh = {.count = 0};
    if (read_paths(how, "private", O_RDONLY | O_DIRECTORY, &private, err) < 0 ||
        read_paths(how, "visible", O_PATH, &visible, err) < 0 ||
        read_paths(how, "writable", O_RDONLY | O_DIRECTORY, &writable, err) < 0 ||
        read_paths(how, "fresh", NOT_OPENED, &fresh, err) < 0)
        return -1;
    find_fresh(&private, &fresh, &writable);
    hidden_find(&private, &hidden);
    find_grounds(plan, service, &writable);
    int rc = close_off(err);
    if (rc == 0)
        rc = hidden_mount(&hidden, &visible, err);
    if (rc == 0)
        rc = make_memory(&private, err);
    if (rc == 0)
        rc = overlay_all(&writable, err);
    if (rc == 0)
        rc = make_fresh(&fresh, err);
    if (rc == 0 && plan)
        rc = put_candidates(plan, service, err);
    if (rc == 0)
        rc = hidden_seal(&hidden, err);
    return rc == 0 ? loopback_open(err) : rc;
}

int scene_build(const struct plan *plan, const char *service, const json_t *how,
                struct err *err)
{
    const struct rlimit before = open_more();
    int rc = build(plan, service, how, err);
    if (before.rlim_cur)
        setrlimit(RLIMIT_NOFILE, &before);
    return rc;
}
