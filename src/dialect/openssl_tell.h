/* Asking libssl what strings mean to it. */
#ifndef DIALECT_OPENSSL_TELL_H
#define DIALECT_OPENSSL_TELL_H

#include "dialect/engine.h"

/* struct engine's tell(). */
bool openssl_tell(void *handle, const struct native *questions, size_t count, FILE *out);

#endif
