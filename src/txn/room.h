/* Whether there is room for what is to be written: better said before the first byte than in the middle. */
#ifndef TXN_ROOM_H
#define TXN_ROOM_H

#include "txn/run.h"

/* Of run->record, on each file system that it writes to, the records' own included. ERR_SYSTEM: too
 * little space, or no inodes left; where, and how much is missing. */
int room_check(struct run *run, struct err *err) MUST_CHECK;

#endif
