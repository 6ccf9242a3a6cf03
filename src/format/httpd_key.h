/*
 * What makes two httpd directives the same setting: the name and, by the rules, some arguments.
 */
#ifndef FORMAT_HTTPD_KEY_H
#define FORMAT_HTTPD_KEY_H

#include <jansson.h>
#include <stdbool.h>

#include "format/httpd_text.h"
#include "format/names.h"

/* Keys of nodes, in one text; `names` finds them, by position in `items`. */
struct httpd_keys {
    struct buf text;
    struct httpd_key {
        size_t node, begin, end;
        bool done; /* for those who go through them: it was dealt with */
    } * items;
    size_t count, cap;
    struct names names;
};

#define HTTPD_KEYS_INIT                                                                  \
    {                                                                                    \
        .count = 0                                                                       \
    }

void httpd_keys_release(struct httpd_keys *k);
void httpd_keys_add(struct httpd_keys *k, const struct httpd_text *t, size_t node,
                    const json_t *rules);

/* Call it after the last httpd_keys_add(). */
void httpd_keys_sort(struct httpd_keys *k);
struct bytes httpd_keys_at(const struct httpd_keys *k, size_t i);

/* Does key `longer` belong to the name that is key `name` on its own? */
bool httpd_key_extends(struct bytes longer, struct bytes name);

/* "#Name" of a name whose arguments belong to it, and without any: all of that name are meant. */
bool httpd_key_is_bare(const struct httpd_text *t, const struct httpd_node *n,
                       const json_t *rules);

/* Does a directive of a name that is like a header's take the header away? */
bool httpd_key_removes(const struct httpd_text *t, const struct httpd_node *n,
                       const json_t *rules);

#endif
