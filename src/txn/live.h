/* What is at a path now: absent, a regular file, a symbolic link. */
#ifndef TXN_LIVE_H
#define TXN_LIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/digest.h"
#include "plan/plan.h"
#include "txn/attrs.h"
#include "txn/place.h"

struct live {
    bool present;
    enum plan_kind kind;
    struct buf content; /* or the target of the link */
    char sum[DIGEST_SIZE];
    struct attrs attrs;      /* live_read() only */
    struct timespec changed; /* st_ctime */
    dev_t dev;
    ino_t ino;
    nlink_t links;
};

#define LIVE_INIT                                                                        \
    {                                                                                    \
        .present = false                                                                 \
    }

void live_release(struct live *l);

/* What stands there; a directory that does not exist holds nothing. ERR_REFUSED: something else is there (a
 * directory, a device). */
int live_at(struct spot at, struct live *ret, struct err *err) MUST_CHECK;

/* Whether the file cannot have been written to since it was looked at as a file: its times of change and its
 * size are those. Whoever writes sets mtime to now; whoever sets that back sets ctime. Both are counted in
 * ticks of some milliseconds: true only means something when that look was many ticks after `mtime`. */
bool live_is_untouched(struct spot at, struct timespec mtime, struct timespec changed,
                       size_t size);

/* The same, with attributes, at a path that is to be changed. ERR_REFUSED also: a file with a second hard link (which
 * would go on holding the old content), one that may not be changed (chattr +i, +a), on which
 * something is mounted, or beneath directories of somebody whom the file does not belong to; a
 * place that is not safe (place.h). */
int live_read(struct root *root, const char *path, struct live *ret,
              struct err *err) MUST_CHECK;

#endif
