/* Do a profile's scopes speak of anything that there is? */
#ifndef SERVICE_SCOPES_H
#define SERVICE_SCOPES_H

#include "policy/profile.h"
#include "service/service.h"

/* ERR_INPUT, with the nearest name, for a scope whose service or role no service.json has, or that names a virtual host
 * of a service without any: a slip there would leave a listener as weak as it is. */
int scopes_check(const struct service_list *services, const struct profile *profile,
                 struct err *err) MUST_CHECK;

#endif
