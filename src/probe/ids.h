/*
 * Short ordered lists of the numbers that TLS gives to suites, groups and signature schemes, as
 * hellos offer them. No number stands in a list twice.
 */
#ifndef PROBE_IDS_H
#define PROBE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any registry has. */
#define IDS_LIMIT 512

struct ids {
    uint16_t items[IDS_LIMIT];
    size_t count;
};

#define IDS_INIT                                                                         \
    {                                                                                    \
        .count = 0                                                                       \
    }

bool ids_has(const struct ids *list, uint16_t id);

/* Where it stands; list->count when it does not. */
size_t ids_at(const struct ids *list, uint16_t id);

/* At the end, unless it is there; what does not fit is not added. False: nothing was added. */
bool ids_add(struct ids *list, uint16_t id);
void ids_add_all(struct ids *list, const struct ids *more);

/* False: it was not there. */
bool ids_remove(struct ids *list, uint16_t id);
void ids_remove_all(struct ids *list, const struct ids *less);

/* Moves it, if it is there, behind all others. */
void ids_to_end(struct ids *list, uint16_t id);

void ids_reverse(struct ids *list);

#endif
