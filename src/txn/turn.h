/*
 * One file of the record takes its new content, or its old again, by an exchange (swap.h); what came out
 * is compared with what should have come out, and if it is something else, it is put back: an edit
 * that somebody makes at the very moment is not lost.
 */
#ifndef TXN_TURN_H
#define TXN_TURN_H

#include "txn/run.h"

/* Old to new. What was there is `temp` afterwards. ERR_REFUSED: it was not what the plan saw; it is
 * there again. */
int turn_forward(struct run *run, size_t index, struct err *err) MUST_CHECK;

/* New to old. What is staged for it stands under the name that turn_source() gives. f->found becomes
 * FOUND_BEFORE; or FOUND_OTHER, when what is there now is somebody's edit. */
int turn_back(struct run *run, size_t index, struct err *err) MUST_CHECK;

/* The name under which the old file stands, or is to be staged: `temp` when it is still there since the
 * way forward, else another one. Owned by the caller (free). */
char *turn_source(const struct record_file *f);

/* The other one. */
char *turn_back_name(const struct record_file *f);

/* Removes what is left of file `index` under both names; what is neither the old nor the new file, nor half
 * of one, goes to gen/NNNN/kept/. */
int turn_clear(struct run *run, size_t index, struct err *err) MUST_CHECK;

#endif
