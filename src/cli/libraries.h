/* The TLS libraries that a command asks: this host's, or versions by name (--for). */
#ifndef CLI_LIBRARIES_H
#define CLI_LIBRARIES_H

#include "base/strv.h"
#include "dialect/dialect.h"

#define LIBRARIES_MAX 16

struct libraries {
    struct library items[LIBRARIES_MAX];
    size_t count;
    struct strv versions; /* owned; behind what was named */
};

#define LIBRARIES_INIT                                                                   \
    {                                                                                    \
        .count = 0                                                                       \
    }

void libraries_release(struct libraries *l);

/* `named` is "openssl=3.5.0,gnutls=3.8.9", which the tables answer for; NULL: what is installed
 * here. ERR_USAGE: it can't be read. */
int libraries_find(const char *named, struct libraries *ret, struct err *err) MUST_CHECK;

#endif
