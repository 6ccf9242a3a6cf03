/*
 * Values by dotted path in what is known of a service, and conditions on them: how service.json
 * speaks of facts.
 *
 *     "certificate.chain", "present.config.entries.0.dn"   a member or an array element per step
 *     "present.master.services.*.options.x"                of an array, the first element where that holds
 *     "!facts.implicit_off"                                in conditions: not
 */
#ifndef SERVICE_LOOKUP_H
#define SERVICE_LOOKUP_H

#include <jansson.h>
#include <stdbool.h>

/* Borrowed; NULL when there is nothing. */
json_t *lookup(const json_t *context, const char *path);

/* A text, NULL when there is none or it is empty. Borrowed. */
const char *lookup_text(const json_t *context, const char *path);

/* Anything but null, false, 0, "", [] and {}. */
bool lookup_truthy(const json_t *value);

/* Do all conditions of the array hold? True for NULL. */
bool lookup_all(const json_t *context, const json_t *conditions);

/* `value` with those elements of its arrays left out whose {"when": [...]} does not hold; an
 * element {"value": V, "when": [...]} becomes V, and {"from": PATH} what stands there. A new
 * reference; NULL stays NULL. */
json_t *lookup_select(const json_t *context, json_t *value);

#endif
