/*
 * Unified diffs that patch(1) applies, links and new files included.
 *
 *     struct unified_side a = {.label = "a/etc/x", .text = before}, b = {.label = "b/etc/x", .text = after};
 *     unified_hunks(&a, &b, &out);
 */
#ifndef REPORT_UNIFIED_H
#define REPORT_UNIFIED_H

#include "base/buf.h"

/* Lines shown around a change. */
#define UNIFIED_CONTEXT 3

/* Appends the hunks ("@@ -1,3 +1,4 @@" and their lines, bytes as they are) that turn `before` into
 * `after`; nothing when they are equal. Linear in the texts plus the square of the number of changed
 * lines, which is bounded: beyond the bound, what differs is one change.
 * Ref: E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986) */
void unified_hunks(struct bytes before, struct bytes after, struct buf *out);

/* Appends a file name as patch(1) reads it: quoted like a C string when it holds white space,
 * quotes, backslashes, control characters or bytes beyond ASCII. */
void unified_name(const char *prefix, const char *path, struct buf *out);

#endif
