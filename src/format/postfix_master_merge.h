/* Merging fragments of master.cf; what it means stands in postfix_master.c. */
#ifndef FORMAT_POSTFIX_MASTER_MERGE_H
#define FORMAT_POSTFIX_MASTER_MERGE_H

#include <jansson.h>

#include "format/postfix_master_text.h"

/* As merge() of struct format, of texts that were read. Leaves no edits when it fails. */
int master_merge(const struct master_text *doc, const struct master_text *fragment,
                 const json_t *rules, struct edits *edits, struct err *err) MUST_CHECK;

#endif
