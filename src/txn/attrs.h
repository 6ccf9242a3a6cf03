/* What a file has besides its content: owner, mode, time of change, extended attributes (and with
 * them its access control list). */
#ifndef TXN_ATTRS_H
#define TXN_ATTRS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

struct xattr {
    char *name;
    struct buf value;
};

struct attrs {
    bool
        exact; /* read from a file: give all of it to the other; false: owner and mode for a new one,
                   whose extended attributes are what its directory hands down */
    mode_t mode; /* permission bits, 07777 */
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
    struct xattr *xattrs;
    size_t count, cap;
};

void attrs_release(struct attrs *a);

/* Of an open file. `shown` is for messages. security.ima and security.evm are left out: the kernel
 * makes them from the content. */
int attrs_read(int fd, const char *shown, struct attrs *ret, struct err *err) MUST_CHECK;

/* Of a symbolic link, by what stat says of it. */
void attrs_of_link(const struct stat *st, struct attrs *ret);

/* Gives them to an open file: owner, extended attributes, mode last. The time of change is set only
 * with `time`. A new file's owner is set by root only; others can't. */
int attrs_give(int fd, const char *shown, const struct attrs *a, bool time,
               struct err *err) MUST_CHECK;

/* The same for a symbolic link: owner and time. */
int attrs_give_link(int dir, const char *name, const char *shown, const struct attrs *a,
                    bool time, struct err *err) MUST_CHECK;

/* Appends {"mode": "0644", "uid": 0, "gid": 0, "exact": true, "mtime": [seconds, nanoseconds], "xattrs":
 * {"user.a": "escaped"}}. */
void attrs_write(const struct attrs *a, struct buf *out);

/* -1: not of that shape; `ret` is then empty. */
int attrs_load(const json_t *json, struct attrs *ret) MUST_CHECK;

#endif
