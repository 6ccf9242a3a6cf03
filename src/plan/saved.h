/*
 * Plans that wait in a file: made and looked at today, carried out tomorrow, exactly as they were looked at,
 * or not at all.
 *
 * The file is JSON, mode 0600, and holds all that carrying out needs; contents, which may be secret and
 * need not be text, are in base64. It is bound to the root and to each file as it was (seen.h).
 */
#ifndef PLAN_SAVED_H
#define PLAN_SAVED_H

#include <jansson.h>

#include "plan/plan.h"

/* Writes the plan, atomically; `origin` (any JSON; borrowed) comes along. ERR_REFUSED: the host has
 * changed meanwhile. */
int saved_write(const char *path, const struct plan *plan, json_t *origin,
                struct err *err) MUST_CHECK;

/* Reads a plan for `root` ("/" or a tree, as given). `ret_origin` becomes a new reference. Owned by the
 * caller (plan_free). NULL: ERR_INPUT (it is no plan, or was altered), ERR_REFUSED (others may write to
 * the file; it is for another root; stale: which file, and what has changed), ERR_SYSTEM. */
struct plan *saved_read(const char *path, const char *root, json_t **ret_origin,
                        struct err *err) MUST_CHECK;

#endif
