/* What dpkg's status file says is installed beneath a root; nothing is run. */
#ifndef SERVICE_DPKG_H
#define SERVICE_DPKG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/path.h"

struct dpkg {
    struct buf text; /* the status file; empty where there is none */
};

#define DPKG_INIT                                                                        \
    {                                                                                    \
        .text = BUF_INIT                                                                 \
    }

void dpkg_release(struct dpkg *d);

/* A root without dpkg has nothing installed; that is no error. Ref: dpkg(1) /var/lib/dpkg/status */
int dpkg_read(const struct path_root *root, struct dpkg *ret, struct err *err) MUST_CHECK;

/* A field of an installed package ("Version", "Depends"), owned by the caller (free); NULL when
 * the package is not installed or has no such field. Continuation lines are not joined. */
char *dpkg_field(const struct dpkg *d, const char *package, const char *field);

#endif
