/* Whether a user may read a file, and what stands in the way. */
#ifndef PROBE_CERTIFICATE_READER_H
#define PROBE_CERTIFICATE_READER_H

#include <stdbool.h>

#include "base/path.h"
#include "base/user.h"

/* What stands in the way of a reader; texts are owned (certificate_obstacle_release). */
struct certificate_obstacle {
    char *
        what; /* "user courier may not search the directory /etc/ssl/private (mode 0700)" */
    char *remedy; /* a command */
};

void certificate_obstacle_release(struct certificate_obstacle *o);

/* False, and `ret` filled, when `reader` may not read `path`. On the running host and as root the
 * kernel is asked, in a child that has become the user; otherwise modes and access lists of all
 * directories on the way, links included, are what decides. */
bool certificate_reader_may(const struct path_root *root, const char *path,
                            const struct user *reader, struct certificate_obstacle *ret);

#endif
