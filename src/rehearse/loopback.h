/* The network of a rehearsal: loopback, which stands for every address. */
#ifndef REHEARSE_LOOPBACK_H
#define REHEARSE_LOOPBACK_H

#include "base/err.h"

/* Brings loopback up and makes every address one of this host's, so that a daemon can be bound to the
 * addresses that its configuration names, and reached there. For a network namespace of one's own.
 * 0; 1: the kernel does not let us, `err` says what. Ref: ip-route(8) "local"; rtnetlink(7) */
int loopback_open(struct err *err) MUST_CHECK;

#endif
