/*
 * One file for all of them: a generation of ten thousand files costs one fsync, not ten thousand. Where
 * an image begins follows from the sizes in the manifest; whether it is whole, from the digest.
 *
 * Beside it, once a change is committed, the old files themselves are in "before" where the file systems are
 * one: the same inode comes back then. Where they are two the images must do.
 */
#include "txn/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "txn/guard.h"
#include "txn/store.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* --- writing ----------------------------------------------------------------------------- */

int images_write(int folder, const struct plan *plan, struct err *err)
{
    CLEANUP(fd_close)
    int fd = openat(folder, "images", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create 'images'");
    CLEANUP(buf_release) struct buf all = BUF_INIT;
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct plan_file *f = &plan->files[i];
        if (f->present_before)
            buf_addb(&all, bytes_buf(&f->before));
        if (f->present_after)
            buf_addb(&all, bytes_buf(&f->after));
        if (all.len < ((size_t)1 << 20) && i + 1 < plan->file_count)
            continue;
        if (file_write_all(fd, all.data, all.len, "images", err) < 0)
            return -1;
        (void)!sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* begin with it */
        buf_clear(&all);
    }
    return guard_fsync(fd, GUARD_RECORD) < 0 ? err_sys(err, errno, "sync 'images'") : 0;
}

/* --- reading ----------------------------------------------------------------------------- */

static off_t begin_of(const struct record *r, size_t index, enum store_side side)
{
    size_t at = 0;
    for (size_t i = 0; i < index; i++)
        at += r->files[i].before_size + r->files[i].after_size;
    return (off_t)(at + (side == STORE_AFTER ? r->files[index].before_size : 0));
}

static int read_range(int fd, off_t at, size_t size, struct buf *out)
{
    buf_reserve(out, size + 1);
    while (size) {
        ssize_t n = pread(fd, out->data + out->len, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        out->len += (size_t)n;
        at += n;
        size -= (size_t)n;
    }
    out->data[out->len] = '\0';
    return 0;
}

int store_image(const struct store *s, const struct record *r, size_t index,
                enum store_side side, struct buf *out, struct err *err)
{
    const struct record_file *f = &r->files[index];
    size_t size = side == STORE_BEFORE ? f->before_size : f->after_size;
    const char *sum = side == STORE_BEFORE ? f->before_sum : f->after_sum;
    char name[32], now[DIGEST_SIZE];
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    snprintf(name, sizeof name, "%04u/images", r->id);
    CLEANUP(fd_close) int fd = openat(s->gen, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open 'gen/%s'", name);
    int rc =
        size > FILE_LIMIT ? -1 : read_range(fd, begin_of(r, index, side), size, &image);
    digest_sha256(bytes_buf(&image), now);
    if (rc < 0 || strcmp(now, sum) != 0)
        return err_set(err, ERR_INPUT, "'gen/%s' is not what was recorded of '%s'", name,
                       f->shown);
    buf_addb(out, bytes_buf(&image));
    return 0;
}

/* --- files that moved here --------------------------------------------------------------- */

int store_folder(const struct store *s, const struct record *r, const char *folder,
                 struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%04u/%s", r->id, folder);
    if (mkdirat(s->gen, name, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "create directory 'gen/%s'", name);
    int fd = openat(s->gen, name, DIRECTORY);
    return fd < 0 ? err_sys(err, errno, "open 'gen/%s'", name) : fd;
}

int store_find_folder(const struct store *s, const struct record *r, const char *folder)
{
    char name[64];
    snprintf(name, sizeof name, "%04u/%s", r->id, folder);
    return openat(s->gen, name, DIRECTORY);
}

int store_link_old(const struct store *s, const struct record *r, size_t index,
                   struct spot at)
{
    char old[64];
    snprintf(old, sizeof old, "%04u/" STORE_OLD "/%zu", r->id, index);
    return linkat(s->gen, old, at.dir, at.name, 0);
}

static int drop_files(int folder, const struct record *r, struct err *err)
{
    if (unlinkat(folder, STORE_TRIAL, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove what was tried");
    for (size_t i = 0; i < r->count; i++)
        if (unlinkat(folder, r->files[i].slot, 0) < 0 && errno != ENOENT)
            return err_sys(err, errno, "remove what '%s' was", r->files[i].shown);
    return 0;
}

int store_drop_old(const struct store *s, const struct record *r, struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%04u/" STORE_OLD, r->id);
    CLEANUP(fd_close) int folder = store_find_folder(s, r, STORE_OLD);
    if (folder < 0 && errno == ENOENT)
        return 0;
    if (folder < 0)
        return err_sys(err, errno, "open 'gen/%s'", name);
    if (drop_files(folder, r, err) < 0)
        return -1;
    return unlinkat(s->gen, name, AT_REMOVEDIR) < 0 && errno != ENOENT
               ? err_sys(err, errno, "remove 'gen/%s'", name)
               : 0;
}
