/* Which clients a lowest protocol version leaves behind. */
#ifndef POLICY_CLIENTS_H
#define POLICY_CLIENTS_H

#include "policy/protocol.h"

/* The oldest clients that speak at least `lowest`: "Firefox 27, ..."; "" when every client does.
 * Static. Ref: Mozilla Server Side TLS 5.8 and 6.0, "oldest clients" */
const char *clients_oldest(enum protocol lowest);

#endif
