/*
 * What a fragment of named settings wants: each name set to a value, or not set.
 */
#ifndef FORMAT_WANTS_H
#define FORMAT_WANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/names.h"

struct want {
    struct bytes name, value; /* borrowed, in the fragment */
    size_t line;              /* of the fragment, from 1 */
    size_t index;             /* the format's own handle */
    bool unset;
};

struct wants {
    struct want *items;
    size_t count, cap;
    struct names names;
};

#define WANTS_INIT                                                                       \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void wants_release(struct wants *w);
void wants_add(struct wants *w, struct want one);

/* Call it after the last wants_add(). ERR_INPUT when a name is both set and not to be set. */
int wants_finish(struct wants *w, struct err *err) MUST_CHECK;

/* False when a later want of the same name makes want `i` void. */
bool wants_counts(const struct wants *w, size_t i);

#endif
