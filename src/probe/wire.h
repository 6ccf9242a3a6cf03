/*
 * A clear-text connection with a deadline. The descriptor is non-blocking; each call waits, but
 * never past the deadline, and SIGPIPE is never raised.
 */
#ifndef PROBE_WIRE_H
#define PROBE_WIRE_H

#include <stdint.h>

#include "base/buf.h"

/* How an operation, or a connection, ended. */
enum wire_end {
    WIRE_OK,
    WIRE_CLOSED,    /* the other side ended it in order (FIN) */
    WIRE_RESET,     /* RST, broken pipe */
    WIRE_TIMED_OUT, /* the deadline passed */
    WIRE_FAILED,    /* any other error of the system; errno */
};

struct wire {
    int fd; /* owned; -1: not connected */
    int64_t deadline;
    size_t received; /* bytes read so far, of the limit below */
};

#define WIRE_INIT                                                                        \
    {                                                                                    \
        .fd = -1                                                                         \
    }

/* No connection of ours has reason to receive more; beyond it, reading fails with EMSGSIZE. */
#define WIRE_LIMIT ((size_t)1 << 20)

void wire_release(struct wire *w);

/* Appends at least one byte, at most `max`, to `in`. */
enum wire_end wire_read(struct wire *w, size_t max, struct buf *in);

/* Sends all of `out`. */
enum wire_end wire_write(struct wire *w, struct bytes out);

/* "timed out", "reset by the server", ...; static, errno's text for WIRE_FAILED. */
const char *wire_end_text(enum wire_end end);

#endif
