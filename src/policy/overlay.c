/*
 * Overlays. An edited list keeps its order: what is removed goes first, then prepended names stand
 * before and appended ones after; a name that was there already moves. One that is both prepended
 * and appended stands before.
 */
#include "policy/overlay.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool matches(const json_t *patterns, const json_t *value)
{
    size_t i;
    json_t *p;
    json_array_foreach(patterns, i,
                       p) if (fnmatch(json_string_value(p), json_string_value(value),
                                      0) == 0) return true;
    return false;
}

static bool contains(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v) if (json_equal(v, value)) return true;
    return false;
}

static json_t *edited(const json_t *old, const json_t *edit)
{
    const json_t *first = json_object_get(edit, "prepend"),
                 *last = json_object_get(edit, "append");
    const json_t *gone = json_object_get(edit, "remove");
    json_t *list = json_array();
    size_t i;
    json_t *v;
    json_array_foreach(first, i, v) json_array_append(list, v);
    json_array_foreach(old, i, v) if (!matches(gone, v) && !contains(first, v) &&
                                      !contains(last, v)) json_array_append(list, v);
    json_array_foreach(last, i, v)
    {
        if (!contains(first, v))
            json_array_append(list, v);
    }
    return list;
}

/* Whether `v` edits the list `old` instead of replacing it; of a list that isn't there yet, only
 * what is written tells. */
static bool is_edit(const json_t *v, const json_t *old)
{
    if (!json_is_object(v) || json_is_object(old))
        return false;
    return json_is_array(old) || json_object_get(v, "prepend") ||
           json_object_get(v, "append") || json_object_get(v, "remove");
}

void overlay(json_t *under, const json_t *over)
{
    void *iter = json_object_iter((json_t *)(uintptr_t)over);
    for (; iter; iter = json_object_iter_next((json_t *)(uintptr_t)over, iter)) {
        const char *name = json_object_iter_key(iter);
        json_t *v = json_object_iter_value(iter), *old = json_object_get(under, name);
        if (is_edit(v, old))
            json_object_set_new(under, name, edited(old, v));
        else if (json_is_object(v) && json_is_object(old))
            overlay(old, v);
        else
            json_object_set_new(under, name, json_deep_copy(v));
    }
}
