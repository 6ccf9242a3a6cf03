/*
 * Asking a TLS library itself, in a process of its own: a shared object runs code when it is
 * loaded, and we may be root. The process has a deadline, no privileges, nothing open but the
 * pipe it answers through, and ends with the answer.
 */
#ifndef DIALECT_CHILD_H
#define DIALECT_CHILD_H

#include "base/buf.h"
#include "dialect/dialect.h"

#define CHILD_MS    5000
#define CHILD_LIMIT ((size_t)32 << 10) /* bytes of an answer */

/* Puts the questions to the shared object at library->path. Its lines (answer.h) are added to
 * `ret`. ERR_SYSTEM: it can't be loaded as that library, or has not ended in time. */
int child_ask(const struct library *library, const struct native *questions, size_t count,
              struct buf *ret, struct err *err) MUST_CHECK;

/* Whether this very file is loaded in this process. */
bool child_is_ours(const char *path);

#endif
