/* Asking GnuTLS what a priority string means to it. */
#ifndef DIALECT_GNUTLS_TELL_H
#define DIALECT_GNUTLS_TELL_H

#include "dialect/engine.h"

/* struct engine's tell(). Ref: gnutls_priority_init(3) */
bool gnutls_tell(void *handle, const struct native *questions, size_t count, FILE *out);

#endif
