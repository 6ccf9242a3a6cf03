/*
 * One name changes what it stands for: staged beside it, complete and on disk, then renamed over it.
 * At each moment the name stands for a whole file, the old or the new.
 *
 * `temp` is a name of ours in the same directory, chosen at random and recorded before it is made, so
 * that what a kill leaves behind can be told and removed.
 */
#ifndef TXN_SWAP_H
#define TXN_SWAP_H

#include <stdbool.h>

#include "plan/plan.h"
#include "txn/attrs.h"
#include "txn/place.h"

/* ".tlsharden." and ten random letters and digits: hidden, and no include pattern such as *.conf
 * matches it. Owned by the caller (free). */
char *swap_name(void);

/* Makes `temp` with this content (a link: this target) and these attributes, and syncs it. `time`: the
 * time of change, too. */
int swap_stage(const struct place *p, const char *temp, enum plan_kind kind,
               struct bytes content, const struct attrs *attrs, bool time,
               struct err *err) MUST_CHECK;

/* Gives what is staged the name. Not `replace`: ERR_REFUSED when the name exists. */
int swap_put(const struct place *p, const char *temp, bool replace,
             struct err *err) MUST_CHECK;

/* Removes the name. */
int swap_remove(const struct place *p, struct err *err) MUST_CHECK;

/* Removes what is staged, if it is. */
int swap_drop(const struct place *p, const char *temp, struct err *err) MUST_CHECK;

#endif
