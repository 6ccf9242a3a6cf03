/*
 * Owner, mode, time and extended attributes, from one file to another by way of JSON.
 *
 * Access control lists are extended attributes to the kernel (system.posix_acl_access), so they come
 * along; the mode goes last, since its group bits are such a list's mask. What is not kept: birth and
 * access times, inode flags (chattr; a file with +i or +a cannot be replaced anyway).
 */
#include "txn/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "txn/escape.h"

void attrs_release(struct attrs *a)
{
    for (size_t i = 0; i < a->count; i++) {
        free(a->xattrs[i].name);
        buf_release(&a->xattrs[i].value);
    }
    free(a->xattrs);
    *a = (struct attrs){.exact = false};
}

static struct buf *add_xattr(struct attrs *a, const char *name)
{
    MEM_GROW(a->xattrs, a->count, a->cap);
    struct xattr *x = &a->xattrs[a->count++];
    *x = (struct xattr){.name = mem_strdup(name)};
    return &x->value;
}

/* --- reading ----------------------------------------------------------------------------- */

static bool made_by_kernel(const char *name)
{
    return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

/* All names, each with its NUL. A file system without extended attributes has none. */
static int list_names(int fd, struct buf *names)
{
    for (;;) {
        buf_clear(names);
        buf_reserve(names, names->cap + 256);
        ssize_t size = flistxattr(fd, names->data, names->cap);
        if (size < 0 && errno == ERANGE && names->cap <= XATTR_LIST_MAX)
            continue; /* one call is enough for nearly all */
        names->len = size < 0 ? 0 : (size_t)size;
        return size < 0 && errno != ENOTSUP ? -1 : 0;
    }
}

static int read_value(int fd, const char *name, struct buf *out)
{
    buf_reserve(out, XATTR_SIZE_MAX);
    ssize_t size = fgetxattr(fd, name, out->data, out->cap);
    if (size < 0)
        return -1;
    out->len = (size_t)size;
    return 0;
}

static int read_xattr(int fd, const char *name, struct attrs *a)
{
    CLEANUP(buf_release) struct buf value = BUF_INIT;
    if (read_value(fd, name, &value) < 0)
        return -1;
    buf_add(add_xattr(a, name), value.data, value.len);
    return 0;
}

static int read_xattrs(int fd, struct attrs *a)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT;
    if (list_names(fd, &names) < 0)
        return -1;
    for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1) {
        const char *name = names.data + at;
        if (!made_by_kernel(name) && read_xattr(fd, name, a) < 0)
            return -1;
    }
    return 0;
}

int attrs_read(int fd, const char *shown, struct attrs *ret, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "stat '%s'", shown);
    struct attrs a = {.exact = true,
                      .mode = st.st_mode & 07777,
                      .uid = st.st_uid,
                      .gid = st.st_gid,
                      .mtime = st.st_mtim};
    if (read_xattrs(fd, &a) < 0) {
        err_sys(err, errno, "read the extended attributes of '%s'", shown);
        attrs_release(&a);
        return -1;
    }
    *ret = a;
    return 0;
}

void attrs_of_link(const struct stat *st, struct attrs *ret)
{
    *ret = (struct attrs){.exact = true,
                          .mode = st->st_mode & 07777,
                          .uid = st->st_uid,
                          .gid = st->st_gid,
                          .mtime = st->st_mtim};
}

/* --- giving ------------------------------------------------------------------------------ */

static const struct xattr *find_xattr(const struct attrs *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->xattrs[i].name, name) == 0)
            return &a->xattrs[i];
    return NULL;
}

/* What the directory handed down and the file shall not have, but for the security modules' own. */
static int remove_others(int fd, const struct attrs *a)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT;
    if (list_names(fd, &names) < 0)
        return -1;
    for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1) {
        const char *name = names.data + at;
        if (strncmp(name, "security.", 9) == 0 || find_xattr(a, name))
            continue;
        if (fremovexattr(fd, name) < 0)
            return -1;
    }
    return 0;
}

/* What it has already is not set again: labels often may not be. */
static int give_xattr(int fd, const struct xattr *x)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    if (read_value(fd, x->name, &now) == 0 &&
        bytes_eq(bytes_buf(&now), bytes_buf(&x->value)))
        return 0;
    return fsetxattr(fd, x->name, x->value.data, x->value.len, 0);
}

static int give_xattrs(int fd, const struct attrs *a)
{
    if (!a->exact)
        return 0;
    for (size_t i = 0; i < a->count; i++)
        if (give_xattr(fd, &a->xattrs[i]) < 0)
            return -1;
    return remove_others(fd, a);
}

static bool must_chown(const struct stat *st, const struct attrs *a)
{
    bool differs = st->st_uid != a->uid || st->st_gid != a->gid;
    return differs && (a->exact || geteuid() == 0);
}

int attrs_give(int fd, const char *shown, const struct attrs *a, bool time,
               struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "stat '%s'", shown);
    if (must_chown(&st, a) && fchown(fd, a->uid, a->gid) < 0)
        return err_sys(err, errno, "give '%s' its owner", shown);
    if (give_xattrs(fd, a) < 0)
        return err_sys(err, errno, "give '%s' its extended attributes", shown);
    if (fchmod(fd, a->mode) < 0)
        return err_sys(err, errno, "give '%s' its mode", shown);
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, a->mtime};
    if (time && futimens(fd, times) < 0)
        return err_sys(err, errno, "give '%s' its time of change", shown);
    return 0;
}

int attrs_give_link(int dir, const char *name, const char *shown, const struct attrs *a,
                    bool time, struct err *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "stat '%s'", shown);
    if (must_chown(&st, a) &&
        fchownat(dir, name, a->uid, a->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "give '%s' its owner", shown);
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, a->mtime};
    if (time && utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "give '%s' its time of change", shown);
    return 0;
}

/* --- JSON -------------------------------------------------------------------------------- */

void attrs_write(const struct attrs *a, struct buf *out)
{
    buf_addf(
        out,
        "{\"mode\":\"%04o\",\"uid\":%lld,\"gid\":%lld,\"exact\":%s,\"mtime\":[%lld,%ld],"
        "\"xattrs\":{",
        (unsigned)a->mode & 07777, (long long)a->uid, (long long)a->gid,
        a->exact ? "true" : "false", (long long)a->mtime.tv_sec, a->mtime.tv_nsec);
    for (size_t i = 0; i < a->count; i++) {
        buf_adds(out, i ? "," : "");
        escape_quote(bytes_str(a->xattrs[i].name), out);
        buf_addc(out, ':');
        escape_quote(bytes_buf(&a->xattrs[i].value), out);
    }
    buf_adds(out, "}}");
}

static int load_mode(const char *text, mode_t *ret)
{
    unsigned mode = 0;
    if (strlen(text) != 4)
        return -1;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '7')
            return -1;
        mode = mode * 8 + (unsigned)(*p - '0');
    }
    *ret = mode;
    return 0;
}

static int load_xattrs(const json_t *object, struct attrs *a)
{
    for (void *i = json_object_iter((json_t *)(uintptr_t)object); i;
         i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
        CLEANUP(mem_freep) char *name = escape_string(json_object_iter_key(i));
        const char *value = json_string_value(json_object_iter_value(i));
        if (!name || !value || escape_read(value, add_xattr(a, name)) < 0)
            return -1;
    }
    return 0;
}

int attrs_load(const json_t *json, struct attrs *ret)
{
    const char *mode;
    json_int_t uid, gid, seconds, nanoseconds;
    int exact;
    json_t *xattrs;
    struct attrs a = {.exact = false};
    if (json_unpack((json_t *)(uintptr_t)json, "{s:s, s:I, s:I, s:b, s:[I, I], s:o}",
                    "mode", &mode, "uid", &uid, "gid", &gid, "exact", &exact, "mtime",
                    &seconds, &nanoseconds, "xattrs", &xattrs) < 0 ||
        load_mode(mode, &a.mode) < 0 || load_xattrs(xattrs, &a) < 0) {
        attrs_release(&a);
        return -1;
    }
    a.exact = exact != 0;
    a.uid = (uid_t)uid;
    a.gid = (gid_t)gid;
    a.mtime = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds};
    *ret = a;
    return 0;
}
