/* Bytes as text and back. Ref: RFC 4648 4. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Owned by the caller (free). */
char *base64_encode(struct bytes data);

/* Appends; -1: it is not base64, or not padded. `out` is then as it was. */
int base64_decode(const char *text, struct buf *out) MUST_CHECK;

#endif
