/* Merging nginx fragments; what it means stands in nginx.c. */
#ifndef FORMAT_NGINX_MERGE_H
#define FORMAT_NGINX_MERGE_H

#include <jansson.h>

#include "format/nginx_text.h"

/* As merge() of struct format, of texts that were read. Leaves no edits when it fails. */
int nginx_merge(const struct nginx_text *text, const struct scope *scope,
                const struct nginx_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err) MUST_CHECK;

#endif
