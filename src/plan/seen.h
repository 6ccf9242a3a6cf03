/*
 * Which file a saved plan was made for: not only what it held, but which one it was and whose. A plan that
 * waits for days must not be carried out on a file that was replaced meanwhile.
 */
#ifndef PLAN_SEEN_H
#define PLAN_SEEN_H

#include <jansson.h>

#include "plan/plan.h"

/* {"device", "inode", "size", "mode": "0644", "uid", "gid", "attributes": SHA-256 of extended ones}; a
 * new reference; null when the plan finds nothing there. NULL: it is not what the plan says already. */
json_t *seen_json(const struct plan *plan, const struct plan_file *file, struct err *err);

/* ERR_REFUSED: which file, and what about it, has changed since. */
int seen_check(const struct plan *plan, const struct plan_file *file, const json_t *seen,
               struct err *err) MUST_CHECK;

#endif
