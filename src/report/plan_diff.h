/* What a plan changes, as a patch for files and LDIF for directory entries. */
#ifndef REPORT_PLAN_DIFF_H
#define REPORT_PLAN_DIFF_H

#include "plan/plan.h"

/* Appends one file's change: "--- a/etc/x", "+++ b/etc/x" and hunks; new, removed and linked files with
 * git's extended headers, so that `patch -p1` carries out all of them. Contents that must not be seen
 * are named only, in a comment. */
void plan_diff_file(const struct plan_file *file, struct buf *out);

/* Appends one entry's change as an LDIF change record, the present values as comments before it.
 * Ref: RFC 2849 */
void plan_diff_entry(const struct plan_entry *entry, struct buf *out);

/* Everything, in the plan's order. */
void plan_diff(const struct plan *plan, struct buf *out);

/* Appends a diff for people: with colours, and on a terminal (`visible`) with control characters
 * written as escapes. */
void plan_diff_paint(struct bytes diff, bool color, bool on_terminal, struct buf *out);

#endif
