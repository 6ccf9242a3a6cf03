/* Dotted paths over Jansson values. */
#include "service/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static json_t *step(const json_t *value, const char *name)
{
    if (!json_is_array(value))
        return json_object_get(value, name);
    char *end = NULL;
    unsigned long i = strtoul(name, &end, 10);
    return *name && !*end ? json_array_get(value, i) : NULL;
}

/* The first element in which the path leads to something that holds. */
static json_t *any(const json_t *list, const char *path)
{
    json_t *found = NULL;
    for (size_t i = 0; !found && i < json_array_size(list); i++) {
        found = lookup(json_array_get(list, i), path);
        found = lookup_truthy(found) ? found : NULL;
    }
    return found;
}

json_t *lookup(const json_t *context, const char *path)
{
    json_t *found = NULL;
    for (const json_t *at = context; at && *path; at = found) {
        size_t n = strcspn(path, ".");
        CLEANUP(mem_freep) char *name = mem_strndup(path, n);
        if (strncmp(path, "*.", 2) == 0 && json_is_array(at))
            return any(at, path + 2);
        found = step(at, name);
        path += n + (path[n] == '.');
    }
    return *path ? NULL : found;
}

bool lookup_truthy(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_TRUE:
    case JSON_REAL:
        return true;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_STRING:
        return json_string_length(value) != 0;
    case JSON_ARRAY:
        return json_array_size(value) != 0;
    case JSON_OBJECT:
        return json_object_size(value) != 0;
    }
    return false;
}

const char *lookup_text(const json_t *context, const char *path)
{
    const char *text = json_string_value(lookup(context, path));
    return text && *text ? text : NULL;
}

bool lookup_all(const json_t *context, const json_t *conditions)
{
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const char *path = json_string_value(json_array_get(conditions, i));
        bool negated = path && *path == '!';
        if (!path || lookup_truthy(lookup(context, path + negated)) == negated)
            return false;
    }
    return true;
}

static json_t *select_array(const json_t *context, json_t *list)
{
    json_t *out = json_array(), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        json_t *when = json_object_get(v, "when"), *value = json_object_get(v, "value");
        const char *from = json_string_value(json_object_get(v, "from"));
        if (!lookup_all(context, when))
            continue;
        if (from)
            json_array_append(out, lookup(context, from));
        else
            json_array_append_new(out, lookup_select(context, value ? value : v));
    }
    return out;
}

json_t *lookup_select(const json_t *context, json_t *value)
{
    if (json_is_array(value))
        return select_array(context, value);
    if (!json_is_object(value))
        return json_incref(value);
    json_t *out = json_object(), *v;
    const char *name;
    json_object_foreach(value, name, v)
        json_object_set_new(out, name, lookup_select(context, v));
    return out;
}
