/*
 * Where names occur: a sorted index, so that looking a name up does not rescan the document.
 *
 *     CLEANUP(names_release) struct names names = NAMES_INIT;
 *     names_add(&names, key, position);  ...in any order
 *     names_sort(&names);
 *     size_t n = names_find(&names, key, &first);   first[0].at < first[1].at < ... first[n-1].at
 */
#ifndef FORMAT_NAMES_H
#define FORMAT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct name {
    struct bytes key; /* borrowed */
    size_t at;        /* what the caller counts by */
};

struct names {
    struct name *items;
    size_t count, cap;
};

#define NAMES_INIT                                                                       \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void names_release(struct names *n);
void names_add(struct names *n, struct bytes key, size_t at);
void names_sort(struct names *n);

/* How often the key occurs; *first is the earliest (borrowed until the next change). */
size_t names_find(const struct names *n, struct bytes key, const struct name **first);

/* names_find() for those that need only the last; false when there is none. */
bool names_last(const struct names *n, struct bytes key, size_t *at);

#endif
