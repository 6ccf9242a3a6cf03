/* Lists are short and few: searched from the front. */
#include "probe/ids.h"

#include <string.h>

size_t ids_at(const struct ids *list, uint16_t id)
{
    size_t i = 0;
    while (i < list->count && list->items[i] != id)
        i++;
    return i;
}

bool ids_has(const struct ids *list, uint16_t id)
{
    return ids_at(list, id) < list->count;
}

bool ids_add(struct ids *list, uint16_t id)
{
    if (list->count == IDS_LIMIT || ids_has(list, id))
        return false;
    list->items[list->count++] = id;
    return true;
}

void ids_add_all(struct ids *list, const struct ids *more)
{
    for (size_t i = 0; i < more->count; i++)
        ids_add(list, more->items[i]);
}

bool ids_remove(struct ids *list, uint16_t id)
{
    size_t i = ids_at(list, id);
    if (i == list->count)
        return false;
    list->count--;
    memmove(&list->items[i], &list->items[i + 1],
            (list->count - i) * sizeof list->items[0]);
    return true;
}

void ids_remove_all(struct ids *list, const struct ids *less)
{
    for (size_t i = 0; i < less->count; i++)
        ids_remove(list, less->items[i]);
}

void ids_to_end(struct ids *list, uint16_t id)
{
    if (ids_remove(list, id))
        ids_add(list, id);
}

void ids_reverse(struct ids *list)
{
    for (size_t i = 0; i < list->count / 2; i++) {
        uint16_t other = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = list->items[i];
        list->items[i] = other;
    }
}
