/*
 * Where a value of a profile comes from. Layers are asked from the last to the first, and the most
 * specific scope before the others: the first that sets the value is its origin. A list that was
 * edited has the elements that the edit put there; the others are looked for below.
 */
#include <string.h>

#include "policy/profile.h"

enum found { FOUND, NOT_HERE, NOWHERE };

/* The element's pointer in an array; owned, NULL: it isn't there. */
static char *element(const json_t *list, const char *pointer, const char *item)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), item) == 0)
            return json_doc_pointer_index(pointer, i);
    }
    return NULL;
}

static enum found place(const struct json_doc *doc, const char *pointer,
                        struct profile_origin *ret)
{
    *ret = (struct profile_origin){doc->path, json_doc_place(doc, pointer).line};
    return FOUND;
}

static enum found find_item(const struct json_doc *doc, const char *pointer,
                            const json_t *value, const char *item,
                            struct profile_origin *ret)
{
    static const char *const parts[] = {"prepend", "append"};
    if (json_is_array(value)) {
        CLEANUP(mem_freep) char *at = element(value, pointer, item);
        return at ? place(doc, at, ret) : NOWHERE;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        CLEANUP(mem_freep) char *part = json_doc_pointer(pointer, parts[i]);
        CLEANUP(mem_freep)
        char *at = element(json_object_get(value, parts[i]), part, item);
        if (at)
            return place(doc, at, ret);
    }
    return NOT_HERE;
}

/* Whether something above `pointer` is there and is no object: it wiped out what was below. */
static bool wiped(const struct json_doc *doc, const char *pointer)
{
    CLEANUP(mem_freep) char *parent = mem_strdup(pointer);
    for (char *slash = strrchr(parent, '/'); slash && slash != parent;
         slash = strrchr(parent, '/')) {
        *slash = '\0';
        const json_t *v = json_doc_at(doc->root, parent);
        if (v)
            return !json_is_object(v);
    }
    return false;
}

static enum found find(const struct json_doc *doc, const char *pointer, const char *item,
                       struct profile_origin *ret)
{
    const json_t *value = json_doc_at(doc->root, pointer);
    if (!value)
        return wiped(doc, pointer) ? NOWHERE : NOT_HERE;
    return item ? find_item(doc, pointer, value, item, ret) : place(doc, pointer, ret);
}

/* What describes a file is not inherited: only the last one may say it. */
static bool is_own(const char *pointer)
{
    static const char *const own[] = {"/name", "/title", "/description", "/version",
                                      "/references"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(own[i], pointer) == 0)
            return true;
    return false;
}

/* In all layers, under a scope ("" for none). */
static enum found find_scoped(const struct profile *p, const char *scope,
                              const char *pointer, const char *item,
                              struct profile_origin *ret)
{
    CLEANUP(mem_freep)
    char *base = *scope ? json_doc_pointer("/scopes", scope) : mem_strdup("");
    CLEANUP(mem_freep) char *whole = mem_printf("%s%s", base, pointer);
    size_t end = is_own(pointer) ? p->layer_count - 1 : 0;
    for (size_t i = p->layer_count; i > end; i--) {
        enum found f = find(&p->layers[i - 1], whole, item, ret);
        if (f != NOT_HERE)
            return f;
    }
    return NOT_HERE;
}

struct profile_origin profile_origin(const struct profile *p, const char *scope,
                                     const char *pointer, const char *item)
{
    struct profile_origin origin = {NULL, 0};
    size_t stem = scope ? strcspn(scope, "./") : 0;
    CLEANUP(mem_freep) char *service = mem_strndup(scope ? scope : "", stem);
    if (stem && scope[stem] && find_scoped(p, scope, pointer, item, &origin) != NOT_HERE)
        return origin;
    if (stem && find_scoped(p, service, pointer, item, &origin) != NOT_HERE)
        return origin;
    find_scoped(p, "", pointer, item, &origin);
    return origin;
}
