/*
 * Asking a TLS library itself, in a process of its own: a shared object runs code when it is
 * loaded, and we may be root. The process has a deadline, no privileges, nothing open but the
 * pipe it answers through, and ends with the answer.
 */
#ifndef DIALECT_CHILD_H
#define DIALECT_CHILD_H

#include <stdio.h>

#include "base/buf.h"
#include "base/user.h"
#include "dialect/dialect.h"

#define CHILD_MS    5000
#define CHILD_LIMIT ((size_t)32 << 10) /* bytes of an answer */

/* What is done there. */
struct child_job {
    const struct user *user; /* who does it, when we are root; NULL: nobody */
    void (*prepare)(
        void *
            ctx); /* before the library is loaded, and with our own privileges when there is no
                                   `user`: what it needs is read here; may be NULL */
    bool (*run)(void *handle, void *ctx, FILE *out); /* false: that is no such library */
    void *ctx;
};

/* Does the job with the shared object at library->path; what it wrote is added to `ret`, at most `most` bytes.
 * ERR_SYSTEM: it can't be loaded as that library, or has not ended in time. */
int child_run(const struct library *library, const struct child_job *job, size_t most,
              struct buf *ret, struct err *err) MUST_CHECK;

/* Puts the questions to the shared object at library->path. Its lines (answer.h) are added to
 * `ret`. ERR_SYSTEM: it can't be loaded as that library, or has not ended in time. */
int child_ask(const struct library *library, const struct native *questions, size_t count,
              struct buf *ret, struct err *err) MUST_CHECK;

/* Whether this very file is loaded in this process. */
bool child_is_ours(const char *path);

#endif
