/* How a service is started for a rehearsal on this host, and what it has to see there. */
#ifndef PLAN_REHEARSABLE_H
#define PLAN_REHEARSABLE_H

#include "service/wanted.h"

/* What a rehearsal hides: people's files and their mail, and each directory of the spool. */
#define REHEARSABLE_HIDDEN "/home", "/root", "/var/mail"
#define REHEARSABLE_SPOOL  "/var/spool"

/* service.json's "trial" with everything in it that has to be looked up, a new reference; NULL: there is none. On the
 * running host "visible" lists what lies beneath hidden directories and is named by the configuration
 * or a certificate of the service. */
json_t *rehearsable_trial(const struct wanted *w);

#endif
