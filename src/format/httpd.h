/*
 * Apache httpd configuration beyond what every format offers: its directives one by one.
 *
 * A document is what format "httpd" parsed, or NULL scope for the file outside of sections.
 * Sections that only ask a condition (IfModule, IfDefine, IfVersion, IfFile, IfDirective,
 * IfSection) are transparent: what stands in them belongs to the scope around them, conditionally.
 */
#ifndef FORMAT_HTTPD_H
#define FORMAT_HTTPD_H

#include <stdbool.h>

#include "base/strv.h"
#include "format/format.h"

struct httpd_directive {
    struct bytes name; /* as httpd reads it; compare without case */
    struct bytes args; /* raw: quotes and continuations as written */
    size_t line;       /* from 1 */
    size_t begin, end; /* whole lines */
    bool conditional;  /* within a transparent section of the scope */
};

/* The directives of a scope in order, without those of sections within it; *ret is owned by the
 * caller (free). */
size_t httpd_directives(const struct doc *doc, const struct scope *scope,
                        struct httpd_directive **ret);

/* Adds the arguments as httpd reads them: continued lines are one, white space separates, quotes
 * of either kind hold together, a backslash protects a backslash, and within quotes the quote. An
 * unbalanced quote takes the rest, as httpd does. */
void httpd_args(struct bytes raw, struct strv *ret);

/* Is a section not closed? *ret_line is where the first of these begins. */
bool httpd_unclosed(const struct doc *doc, size_t *ret_line);

#endif
