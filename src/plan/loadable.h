/* Does the service's own TLS library take the certificate and the key that it will be given? */
#ifndef PLAN_LOADABLE_H
#define PLAN_LOADABLE_H

#include "base/user.h"
#include "plan/plan.h"
#include "service/wanted.h"

/* Adds an error for what the library refuses. For files in which nothing else is wrong: what every library refuses has been
 * told. Does nothing for a tree, whose libraries are not ours to run. `reader` (NULL: root) reads them.
 * ERR_SYSTEM: the library ended over it. */
int loadable_check(struct plan *plan, const struct wanted *w,
                   const struct wanted_certificate *c, const struct user *reader,
                   struct err *err) MUST_CHECK;

#endif
