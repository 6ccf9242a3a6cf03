/* One tlsharden at a time: a lock in the state directory, held by an open descriptor. */
#ifndef TXN_LOCK_H
#define TXN_LOCK_H

#include "base/err.h"

/* Takes it: a descriptor that holds it until it is closed. ERR_REFUSED: another instance has it, and
 * which since when. */
int lock_take(int state_dir, struct err *err) MUST_CHECK;

#endif
