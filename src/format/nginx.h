/*
 * nginx configuration beyond what every format offers: its directives and blocks one by one.
 * A document is what format "nginx" parsed; NULL scope is the file outside of blocks.
 */
#ifndef FORMAT_NGINX_H
#define FORMAT_NGINX_H

#include <stdbool.h>

#include "base/strv.h"
#include "format/format.h"

struct nginx_directive {
    struct bytes name; /* as nginx reads it */
    struct bytes args; /* raw: quotes and line ends as written */
    size_t line;       /* from 1 */
};

/* The directives of a scope in order, without those of blocks within it; *ret is owned by the
 * caller (free). */
size_t nginx_directives(const struct doc *doc, const struct scope *scope,
                        struct nginx_directive **ret);

/* The blocks of a scope that have that name (NULL: any), in order; `deep`: those within its blocks
 * as well. *ret is owned by the caller (free). */
size_t nginx_blocks(const struct doc *doc, const struct scope *scope, const char *name,
                    bool deep, struct scope **ret);

/* Adds the arguments as nginx reads them. */
void nginx_args(struct bytes raw, struct strv *ret);

/* What nginx would not read of the document, NULL when it reads all; *ret_line is where. */
const char *nginx_broken(const struct doc *doc, size_t *ret_line);

#endif
