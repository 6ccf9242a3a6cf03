/* A process that is about to read what strangers send gives up what it will not need. */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include "base/err.h"

enum confine { CONFINE_DONE, CONFINE_NO_KERNEL };

/* From now on, for good: no file is opened for writing, made, renamed or removed; no program is run; and, as far as the
 * kernel is new enough, no TCP port is bound, no process outside is signalled and no abstract socket outside is
 * spoken to. What is open already stays so; reading is left alone. CONFINE_NO_KERNEL: without Landlock (Linux 5.13)
 * nothing is given up but the right to gain privileges. -1: ERR_SYSTEM. Ref: landlock(7), PR_SET_NO_NEW_PRIVS(2const) */
int confine(struct err *err) MUST_CHECK;

#endif
