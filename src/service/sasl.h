/*
 * Can a mail server authenticate its users? Where it cannot, a service that asks for passwords
 * dies on each connection instead of refusing them.
 *
 * `spec` is service.json's "sasl":
 *
 *     {"type": PARAMETER, "path": PARAMETER, "directories": PARAMETER,
 *                                       of the server: which library, its own configuration, and
 *                                       where that is; the values are those of `parameters`
 *      "sockets": PARAMETER             the directory that a socket's path is relative to
 *      "plugins": {MECHANISM: FILE},    what the library loads for a mechanism
 *      "plugin_directories": [PATTERN]}
 */
#ifndef SERVICE_SASL_H
#define SERVICE_SASL_H

#include <jansson.h>

#include "service/host.h"

/* NULL when it can; else why not, owned by the caller (free). `parameters`: {name: value}. */
char *sasl_problem(const struct host *host, const json_t *spec, const json_t *parameters);

#endif
