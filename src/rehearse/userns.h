/*
 * A user namespace in which every user is who he is outside: for namespaces of the other kinds where root may not make
 * these itself (a container without CAP_SYS_ADMIN). Owners and modes mean what they meant.
 */
#ifndef REHEARSE_USERNS_H
#define REHEARSE_USERNS_H

#include "base/err.h"

/* unshare(2) with `flags` (CLONE_NEWNS and the like), and where that is not permitted once more together with
 * CLONE_NEWUSER. ERR_SYSTEM with what the kernel said. Needs to be single-threaded.
 * Ref: user_namespaces(7) */
int userns_unshare(int flags, struct err *err) MUST_CHECK;

#endif
