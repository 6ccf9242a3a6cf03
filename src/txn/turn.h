/*
 * One file of the record takes its new content, or its old again, by an exchange (swap.h); what came out
 * is compared with what should have come out, and if it is something else, it is put back: an edit
 * that somebody makes at the very moment is not lost.
 */
#ifndef TXN_TURN_H
#define TXN_TURN_H

#include "txn/run.h"

/* Old to new. What was there stands aside afterwards (aside.h). ERR_REFUSED: it was not what the plan saw; it is
 * there again. */
int turn_forward(struct run *run, size_t index, struct err *err) MUST_CHECK;

/* New to old. The old file stands aside since the way forward (f->has_temp), or is staged beside its name
 * under turn_back_name(). f->found becomes FOUND_BEFORE; or FOUND_OTHER, when what is there now is somebody's edit. */
int turn_back(struct run *run, size_t index, struct err *err) MUST_CHECK;

/* Owned by the caller (free). */
char *turn_back_name(const struct record_file *f);

/* Removes what is left of file `index` aside and under that name; what is neither the old nor the new file, nor half
 * of one, goes to gen/NNNN/kept/. */
int turn_clear(struct run *run, size_t index, struct err *err) MUST_CHECK;

#endif
