/*
 * One name changes what it stands for: the new file is staged under another name, complete and on disk,
 * then the two change places. At each moment the name stands for a whole file, the old or the new, and
 * what it stood for before can be looked at before anybody trusts that it was the right one.
 *
 * `temp` is a name of ours on the same file system (aside.h), known before it is made, so that what a kill
 * leaves behind can be told and removed.
 */
#ifndef TXN_SWAP_H
#define TXN_SWAP_H

#include <stdbool.h>

#include "plan/plan.h"
#include "txn/attrs.h"
#include "txn/guard.h"
#include "txn/place.h"

/* ".tlsharden." and ten random letters and digits: hidden, and no include pattern such as *.conf
 * matches it. Owned by the caller (free). */
char *swap_name(void);

/* What is to be staged. */
struct swap_new {
    enum plan_kind kind;
    struct bytes content; /* or the target of the link */
    const struct attrs *attrs;
    bool time; /* the time of change, too */
    enum guard
        sync; /* fsync it for this; GUARD_NONE: the caller does it for all at once */
};

/* Makes `temp`, which must not exist, and reads it again. */
int swap_stage(struct spot temp, const struct swap_new *what, struct err *err) MUST_CHECK;

/* `name` and `temp` change places; `has_temp` and `has_name` say which of the two exist. What appears
 * where nothing should be is not overwritten: ERR_REFUSED, and nothing is changed. */
int swap_turn(struct spot name, struct spot temp, bool has_temp, bool has_name,
              struct err *err) MUST_CHECK;

/* Removes what is staged, if it is. */
int swap_drop(struct spot temp, struct err *err) MUST_CHECK;

#endif
