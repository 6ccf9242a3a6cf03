/*
 * Sums up per file system: each new file in whole blocks and with an inode; among the records the images,
 * too. What is asked for besides is a margin for directories and journals. A file system that counts no
 * inodes (btrfs) says 0 of 0.
 */
#include "txn/room.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MARGIN_BYTES  ((unsigned long long)128 << 10)
#define MARGIN_INODES 8

struct demand {
    dev_t device;
    char where[256];
    struct statvfs fs;
    unsigned long long bytes, inodes;
};

struct demands {
    struct demand items[16]; /* file systems beyond that are not looked at */
    size_t count;
};

static struct demand *find(struct demands *d, int dir, const char *where)
{
    struct stat st;
    if (fstat(dir, &st) < 0)
        return NULL;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].device == st.st_dev)
            return &d->items[i];
    if (d->count == ARRAY_LEN(d->items))
        return NULL;
    struct demand *item = &d->items[d->count];
    *item = (struct demand){.device = st.st_dev};
    if (fstatvfs(dir, &item->fs) < 0)
        return NULL;
    snprintf(item->where, sizeof item->where, "%s", where);
    d->count++;
    return item;
}

static void ask(struct demands *d, int dir, const char *where, unsigned long long bytes)
{
    struct demand *item = find(d, dir, where);
    if (!item)
        return;
    unsigned long long block = item->fs.f_frsize ? item->fs.f_frsize : 1;
    item->bytes += (bytes + block - 1) / block * block;
    item->inodes++;
}

/* The directory that `path` is in, or will be made in. */
static int nearest(struct run *run, const char *path, struct place *p, struct err *err)
{
    CLEANUP(mem_freep) char *at = mem_strdup(path);
    for (;;) {
        if (place_find(&run->root, at, p, err) < 0)
            return -1;
        char *slash = strrchr(at, '/');
        if (p->dir >= 0 || slash == at)
            return 0;
        place_release(p);
        *slash = '\0';
    }
}

static int ask_for_file(struct run *run, const struct record_file *f, struct demands *d,
                        struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (nearest(run, f->path, &p, err) < 0)
        return -1;
    ask(d, p.dir, f->shown, f->after_size);
    return 0;
}

static int ask_for_files(struct run *run, struct demands *d, struct err *err)
{
    for (size_t i = 0; i < run->record.count; i++)
        if (run->record.files[i].after &&
            ask_for_file(run, &run->record.files[i], d, err) < 0)
            return -1;
    return 0;
}

static void ask_for_record(const struct run *run, struct demands *d)
{
    unsigned long long images = 0;
    for (size_t i = 0; i < run->record.count; i++)
        images += run->record.files[i].before_size + run->record.files[i].after_size;
    ask(d, run->store.dir, run->opts->state_dir, images);
    ask(d, run->store.dir, run->opts->state_dir,
        run->record.count * 1024ULL); /* manifest */
}

static int check(const struct demand *d, struct err *err)
{
    unsigned long long blocks = geteuid() == 0 ? d->fs.f_bfree : d->fs.f_bavail;
    unsigned long long free_bytes = blocks * d->fs.f_frsize;
    if (d->bytes + MARGIN_BYTES > free_bytes)
        return err_set(
            err, ERR_SYSTEM,
            "the file system of '%s' is full: %llu KiB are needed, %llu KiB are "
            "left: make room",
            d->where, (d->bytes + MARGIN_BYTES) >> 10, free_bytes >> 10);
    if (d->fs.f_files && d->inodes + MARGIN_INODES > d->fs.f_favail)
        return err_set(err, ERR_SYSTEM,
                       "the file system of '%s' has no inodes left: remove some files",
                       d->where);
    return 0;
}

int room_check(struct run *run, struct err *err)
{
    struct demands d = {.count = 0};
    if (ask_for_files(run, &d, err) < 0)
        return -1;
    ask_for_record(run, &d);
    for (size_t i = 0; i < d.count; i++)
        if (check(&d.items[i], err) < 0)
            return -1;
    return 0;
}
