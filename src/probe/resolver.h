/* The system's resolver, asked so that a fibre waits for it and all others go on. */
#ifndef PROBE_RESOLVER_H
#define PROBE_RESOLVER_H

#include <netdb.h>

#include "base/err.h"

/* The addresses of host `name`, as TCP takes them, each once. Waits as fiber_poll() does. `ret` is owned by the caller
 * (freeaddrinfo), untouched on failure. ERR_SYSTEM: it has no address, the resolver cannot be asked, or has not
 * answered within `deadline_ms`; it is then left to itself, in a thread that ends when it does. Not to be followed by
 * fork() without execve(). Ref: getaddrinfo(3) */
int resolver_ask(const char *name, int deadline_ms, struct addrinfo **ret,
                 struct err *err) MUST_CHECK;

#endif
