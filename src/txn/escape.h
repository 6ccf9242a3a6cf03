/*
 * Any bytes as printable ASCII, for JSON: paths, link targets and attribute values need not be
 * UTF-8. A percent sign, a space and whatever does not print become "%XX"; the rest stays readable.
 */
#ifndef TXN_ESCAPE_H
#define TXN_ESCAPE_H

#include "base/buf.h"

/* Owned by the caller (free). */
char *escape_bytes(struct bytes raw);

/* Appends the same in quotes, as a JSON string. */
void escape_quote(struct bytes raw, struct buf *out);

/* Appends what `text` stands for; -1: it is not such a text (`out` may then hold a part). */
int escape_read(const char *text, struct buf *out) MUST_CHECK;

/* The same for what cannot hold NULs, as an owned string (free); NULL: not such a text. */
char *escape_string(const char *text);

#endif
