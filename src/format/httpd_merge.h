/*
 * Merging a fragment into a part of httpd configuration.
 */
#ifndef FORMAT_HTTPD_MERGE_H
#define FORMAT_HTTPD_MERGE_H

#include <jansson.h>
#include <stddef.h>

#include "format/format.h"
#include "format/httpd_text.h"

/* As merge() of the format; `section` is the node of the scope, or HTTPD_NONE. */
int httpd_merge(const struct httpd_text *t, size_t section,
                const struct httpd_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err) MUST_CHECK;

#endif
