/* What clients get at a service's endpoints, by handshakes. */
#ifndef CLI_CLIENTS_H
#define CLI_CLIENTS_H

#include <jansson.h>

#include "plan/plan.h"

/* A new reference: [{"role", "address", "port", "starttls", "name", "versions": {"TLSv1.2": SUITE, ...}, "problem": S or
 * null}, ...], in the plan's order: what libssl negotiates in each version when it may have anything. Where no version
 * works, "problem" says why. An endpoint that does not answer at all is asked once. */
json_t *clients_look(const struct plan *plan, const char *service);

/* Whether anybody answers there at all. ERR_SYSTEM: an endpoint is not there. */
int clients_answered(const struct plan *plan, const char *service,
                     struct err *err) MUST_CHECK;

/* Whether anybody answers at one of them, with TLS or without. */
bool clients_reach(const struct plan *plan, const char *service);

/* "TLSv1.2 TLSv1.3" of one element, or its problem; owned by the caller (free). */
char *clients_text(const json_t *endpoint);

#endif
