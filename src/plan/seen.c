/* The present state is made into the same JSON and compared member by member, so that what is told is what
 * differs. Paths of a plan have their links resolved; nothing is followed here. */
#include "plan/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/visible.h"

#define XATTRS_MAX 65536 /* what the kernel allows for a list, and for a value */

/* --- what is there ----------------------------------------------------------------------- */

static void add_value(const char *path, const char *name, struct buf *all)
{
    char value[XATTRS_MAX];
    ssize_t size = lgetxattr(path, name, value, sizeof value);
    buf_addf(all, "%s %zd ", name, size);
    if (size > 0)
        buf_add(all, value, (size_t)size);
}

/* In the order of their names: file systems list them as they like. */
static void digest_xattrs(const char *path, char sum[static DIGEST_SIZE])
{
    char names[XATTRS_MAX];
    ssize_t size = llistxattr(path, names, sizeof names);
    CLEANUP(strv_release) struct strv sorted = STRV_INIT;
    CLEANUP(buf_release) struct buf all = BUF_INIT;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
        strv_add(&sorted, names + at);
    if (sorted.count)
        strv_sort(&sorted);
    for (size_t i = 0; i < sorted.count; i++)
        add_value(path, sorted.items[i], &all);
    digest_sha256(bytes_buf(&all), sum);
}

static int read_content(const char *path, const struct stat *st, struct buf *out,
                        struct err *err)
{
    char target[4096];
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlink(path, target, sizeof target);
        if (n < 0)
            return err_sys(err, errno, "read the link '%s'", path);
        buf_add(out, target, (size_t)n);
        return 0;
    }
    CLEANUP(fd_close)
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", path);
    return file_read_fd(fd, path, FILE_LIMIT, out, NULL, err);
}

/* null: nothing is there. */
static json_t *now(const char *path, struct err *err)
{
    struct stat st;
    char mode[16], sum[DIGEST_SIZE], xattrs[DIGEST_SIZE];
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (lstat(path, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return json_null();
        err_sys(err, errno, "stat '%s'", path);
        return NULL;
    }
    if (read_content(path, &st, &content, err) < 0)
        return NULL;
    digest_sha256(bytes_buf(&content), sum);
    digest_xattrs(path, xattrs);
    snprintf(mode, sizeof mode, "%04o", (unsigned)st.st_mode & 07777);
    return json_pack("{s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:s}", "kind",
                     S_ISLNK(st.st_mode) ? "symlink" : "file", "device",
                     (json_int_t)st.st_dev, "inode", (json_int_t)st.st_ino, "size",
                     (json_int_t)st.st_size, "mode", mode, "uid", (json_int_t)st.st_uid,
                     "gid", (json_int_t)st.st_gid, "attributes", xattrs, "sha256", sum);
}

/* --- compared ---------------------------------------------------------------------------- */

static const struct {
    const char *key, *said;
} members[] = {
    {"kind", "kind"},   {"device", "file system"}, {"sha256", "content"},
    {"inode", "inode"}, {"size", "size"},          {"mode", "mode"},
    {"uid", "owner"},   {"gid", "group"},          {"attributes", "extended attributes"},
};

static void show(const json_t *value, struct buf *out)
{
    if (json_is_integer(value))
        buf_addf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_string(value))
        buf_addf(out, "%.12s", json_string_value(value));
    else
        buf_adds(out, "nothing");
}

static void list_changes(const json_t *then, const json_t *present, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *a = json_object_get(then, members[i].key);
        const json_t *b = json_object_get(present, members[i].key);
        if (a == b || json_equal(a, b)) /* both may be missing */
            continue;
        buf_addf(out, "%s%s (", out->len ? ", " : "", members[i].said);
        show(a, out);
        buf_adds(out, ", now ");
        show(b, out);
        buf_addc(out, ')');
    }
}

int seen_check(const struct plan *plan, const struct plan_file *file, const json_t *seen,
               struct err *err)
{
    CLEANUP(mem_freep) char *path = file_join(plan->root, file->path);
    CLEANUP(mem_freep) char *shown = visible(bytes_str(file->path));
    CLEANUP(buf_release) struct buf changes = BUF_INIT;
    json_auto_t *present = now(path, err);
    if (!present)
        return -1;
    if (json_is_null(seen) != json_is_null(present))
        return err_set(err, ERR_REFUSED,
                       "'%s' has %s since the plan was saved: plan again", shown,
                       json_is_null(seen) ? "appeared" : "vanished");
    list_changes(seen, present, &changes);
    return changes.len
               ? err_set(err, ERR_REFUSED,
                         "'%s' has changed since the plan was saved: %s: plan again",
                         shown, buf_str(&changes))
               : 0;
}

json_t *seen_json(const struct plan *plan, const struct plan_file *file, struct err *err)
{
    char sum[DIGEST_SIZE];
    CLEANUP(mem_freep) char *path = file_join(plan->root, file->path);
    json_t *present = now(path, err);
    if (!present)
        return NULL;
    digest_sha256(bytes_buf(&file->before), sum);
    const char *found = json_string_value(json_object_get(present, "sha256"));
    if (file->present_before ? found && strcmp(found, sum) == 0 : !found)
        return present;
    json_decref(present);
    err_set(err, ERR_REFUSED, "'%s' has changed just now: plan again", path);
    return NULL;
}
