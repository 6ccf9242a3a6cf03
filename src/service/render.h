/* From service.json to what is wanted: the one way through this layer. */
#ifndef SERVICE_RENDER_H
#define SERVICE_RENDER_H

#include "service/wanted.h"

/* Reads what an installed service has, renders its templates for the profile, and merges them into
 * its documents. What is stricter already stays unless `exact`. `detected` is taken over. `ret` is owned by the caller (wanted_release); what is
 * borrowed must outlive it. ERR_SYSTEM: its configuration cannot be read; ERR_INPUT: it cannot be
 * worked on, with file:line; ERR_REFUSED: what the profile requires cannot be had here. */
int service_want(const struct service *service, const struct host *host,
                 const struct site *site, const struct profile *profile, bool exact,
                 struct detected *detected, struct wanted *ret,
                 struct err *err) MUST_CHECK;

/* Merges a rendered fragment into a document, or into a part of it. The document's name is put
 * before errors. */
int service_merge(struct document *d, const struct scope *scope, struct bytes fragment,
                  const json_t *rules, struct err *err) MUST_CHECK;

#endif
