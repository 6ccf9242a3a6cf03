/*
 * Parameters that refer to each other by "$name", as in main.cf.
 */
#ifndef SERVICE_PARAMETERS_H
#define SERVICE_PARAMETERS_H

#include <jansson.h>

/* The value of `text` with "$name", "${name}" and "$(name)" replaced from `table` ({name: text})
 * and "$$" by "$", as often as values refer to others. A text that holds anything else (a
 * condition, a name that the table lacks, a circle) stays as it is, so that a reader sees what
 * could not be told. Owned by the caller (free). */
char *parameters_expand(const json_t *table, const char *text);

/* Every text of the table expanded; a new reference. */
json_t *parameters_table(json_t *table);

#endif
