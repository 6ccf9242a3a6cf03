/* Asking GnuTLS itself, in a child: the library is never loaded into a process that goes on. */
#ifndef DIALECT_GNUTLS_CHILD_H
#define DIALECT_GNUTLS_CHILD_H

#include "base/err.h"

#define GNUTLS_CHILD_MS 5000

/* Has the shared object at `path` expand a priority string; `take` is called with "suite" and its
 * number in hex, "group", "sign" or "protocol" and GnuTLS's name, in the library's order. ERR_INPUT:
 * the library refuses the string; ERR_SYSTEM: it can't be asked.
 * Ref: gnutls_priority_init(3) */
int gnutls_child(const char *path, const char *priority,
                 void (*take)(void *ctx, const char *what, const char *name), void *ctx,
                 struct err *err) MUST_CHECK;

#endif
