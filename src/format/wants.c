/* The wants of a fragment; names are compared byte by byte. */
#include "format/wants.h"

#include <stdlib.h>

#include "format/lines.h"

void wants_release(struct wants *w)
{
    names_release(&w->names);
    free(w->items);
    *w = (struct wants)WANTS_INIT;
}

void wants_add(struct wants *w, struct want one)
{
    names_add(&w->names, one.name, w->count);
    MEM_GROW(w->items, w->count, w->cap);
    w->items[w->count++] = one;
}

int wants_finish(struct wants *w, struct err *err)
{
    names_sort(&w->names);
    for (size_t i = 1; i < w->names.count; i++) {
        const struct want *a = &w->items[w->names.items[i - 1].at];
        const struct want *b = &w->items[w->names.items[i].at];
        if (bytes_eq(a->name, b->name) && a->unset != b->unset)
            return fragment_error(err, b->line,
                                  "'%.*s' is set and also marked as not to be set",
                                  (int)b->name.len, b->name.data);
    }
    return 0;
}

bool wants_counts(const struct wants *w, size_t i)
{
    size_t last = i;
    return names_last(&w->names, w->items[i].name, &last) && last == i;
}
