/*
 * Foreign text (a daemon's output, a server's greeting) made safe to show.
 *
 * Control characters, bytes that are not UTF-8, and the invisible characters that reorder or
 * hide text are written as escapes: "\n", "\t", "\r", "\x1b". Everything else, printable UTF-8
 * and backslashes included, stays as it is. The result is one line.
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include "base/buf.h"

/* Appends `text`, made visible. */
void visible_add(struct buf *out, struct bytes text);

/* The same as a string; owned by the caller (free). */
char *visible(struct bytes text);

/* The same, at most about `max` bytes of `text`, with "..." at the end when more was there. */
char *visible_cut(struct bytes text, size_t max);

#endif
