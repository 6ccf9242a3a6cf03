/* A sorted index of names: qsort once, then binary search. */
#include "format/names.h"

#include <stdlib.h>
#include <string.h>

void names_release(struct names *n)
{
    free(n->items);
    *n = (struct names)NAMES_INIT;
}

void names_add(struct names *n, struct bytes key, size_t at)
{
    MEM_GROW(n->items, n->count, n->cap);
    n->items[n->count++] = (struct name){.key = key, .at = at};
}

static int compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int c = len ? memcmp(a.data, b.data, len) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int by_key(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int c = compare(x->key, y->key);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

void names_sort(struct names *n)
{
    if (n->count > 1)
        qsort(n->items, n->count, sizeof *n->items, by_key);
}

/* The first item whose key is not below (or, with `above`, is above) `key`. */
static size_t bound(const struct names *n, struct bytes key, int above)
{
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(n->items[mid].key, key) < above)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t names_find(const struct names *n, struct bytes key, const struct name **first)
{
    size_t begin = bound(n, key, 0);
    *first = n->items ? n->items + begin : NULL;
    return bound(n, key, 1) - begin;
}

bool names_last(const struct names *n, struct bytes key, size_t *at)
{
    const struct name *first;
    size_t count = names_find(n, key, &first);
    if (!count || !first)
        return false;
    *at = first[count - 1].at;
    return true;
}
