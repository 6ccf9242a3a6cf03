/* What every set of edits has to keep to; for the format tests and the fuzzers. */
#ifndef TESTS_FORMAT_EDITS_H
#define TESTS_FORMAT_EDITS_H

#include <stdbool.h>

#include "format/format.h"

/* True when the edits lie within `len` bytes and none overlaps another. Call it after
 * edits_apply(), which sorts them. */
static inline bool edits_are_sound(const struct edits *e, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->items[i].begin < at || e->items[i].end < e->items[i].begin)
            return false;
        at = e->items[i].end;
    }
    return at <= len;
}

#endif
