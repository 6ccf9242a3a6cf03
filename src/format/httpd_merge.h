/* Merging httpd fragments; what it means stands in httpd.c. */
#ifndef FORMAT_HTTPD_MERGE_H
#define FORMAT_HTTPD_MERGE_H

#include "format/httpd_key.h"
#include "format/httpd_text.h"

/* As merge() of struct format, of texts that were read. Leaves no edits when it fails. */
int httpd_merge(const struct httpd_text *text, const struct scope *scope,
                const struct httpd_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err) MUST_CHECK;

/* Is everything in a fragment a directive, section or comment that can be written elsewhere? */
int httpd_check_fragment(const struct httpd_text *f, const json_t *rules,
                         struct err *err) MUST_CHECK;

/* Is a node of a fragment "#Name"? */
bool httpd_is_unset(const struct httpd_text *f, const struct httpd_node *n);

/* Are arguments the same, however quoted and continued? "On" and "on" alone are. */
bool httpd_same_args(struct bytes a, struct bytes b);

/* Are two sections of one name and the same arguments? */
bool httpd_same_section(const struct httpd_text *t, const struct httpd_node *a,
                        const struct httpd_text *u, const struct httpd_node *b);

/* The keys that a part of a fragment speaks of, sections in it left out. */
void httpd_read_wants(const struct httpd_text *f, const struct httpd_range *r,
                      const json_t *rules, struct httpd_keys *wants);

#endif
