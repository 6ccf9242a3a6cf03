/* The TCP ports on which somebody listens on this host. */
#ifndef BASE_LISTENING_H
#define BASE_LISTENING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

struct listening_socket {
    char address
        [48]; /* where to reach it: "127.0.0.1", "::1", or the one it is bound to */
    unsigned port;
    unsigned long inode;
    struct strv
        programs; /* of the processes that hold it, each once; empty: nobody may know */
};

struct listening {
    struct listening_socket *items;
    size_t count, cap;
};

#define LISTENING_INIT                                                                   \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void listening_release(struct listening *l);

/* Reads what this network namespace has, and whose it is; sends nothing.
 * Ref: proc(5) /proc/net/tcp, /proc/pid/fd, /proc/pid/exe */
int listening_read(struct listening *ret, struct err *err) MUST_CHECK;

/* A numeric address that reaches the port: loopback for one bound to every address, IPv4 first.
 * NULL: nobody listens. Borrowed. */
const char *listening_at(const struct listening *l, unsigned port);

/* Who listens on the port, when it is known and is none of `programs` (paths; NULL: anybody may):
 * the path of a program, borrowed. NULL: nobody, one of them, or unknown. */
const char *listening_stranger(const struct listening *l, unsigned port,
                               const struct strv *programs);

#endif
