/* What is left to do when all has been decided: old files find their place, old generations go. */
#ifndef TXN_SETTLE_H
#define TXN_SETTLE_H

#include "txn/run.h"

/* Of a committed record: the old files move to the generation. May be begun again at any point. */
int settle(struct run *run, struct err *err) MUST_CHECK;

/* Removes the oldest generations beyond `keep`, but none that is under way, and not the last that is
 * committed. 0: all stay. */
int settle_prune(const struct run *run, unsigned keep, struct err *err) MUST_CHECK;

#endif
