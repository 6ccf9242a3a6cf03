/* String vectors. */
#include "base/strv.h"

#include <stdlib.h>
#include <string.h>

void strv_release(struct strv *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->items[i]);
    free(v->items);
    *v = (struct strv)STRV_INIT;
}

void strv_add(struct strv *v, const char *s)
{
    strv_take(v, mem_strdup(s));
}

void strv_take(struct strv *v, char *s)
{
    if (v->count + 1 >= v->cap) {
        v->cap = v->cap ? v->cap * 2 : 8;
        v->items = mem_resize(v->items, v->cap, sizeof *v->items);
    }
    v->items[v->count++] = s;
    v->items[v->count] = NULL;
}

bool strv_has(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i], s) == 0)
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
    if (v->count)
        qsort(v->items, v->count, sizeof *v->items, compare);
}
