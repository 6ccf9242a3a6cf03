/* What is at a path now: absent, a regular file, a symbolic link. */
#ifndef TXN_LIVE_H
#define TXN_LIVE_H

#include <stdbool.h>

#include "base/digest.h"
#include "plan/plan.h"
#include "txn/attrs.h"

struct live {
    bool present;
    enum plan_kind kind;
    struct buf content; /* or the target of the link */
    char sum[DIGEST_SIZE];
    struct attrs attrs;
};

#define LIVE_INIT                                                                        \
    {                                                                                    \
        .present = false                                                                 \
    }

void live_release(struct live *l);

/* ERR_REFUSED: something else is there (a directory, a device), a file with a second hard link (which
 * would go on holding the old content), a place that is not safe (place.h). */
int live_read(int root, const char *path, struct live *ret, struct err *err) MUST_CHECK;

#endif
