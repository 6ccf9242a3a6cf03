/*
 * Locks of other programs that edit the same files: held while their files change, so that neither of us
 * replaces what the other has just written. Which files these are, the plan says ("locks").
 */
#ifndef TXN_PEERS_H
#define TXN_PEERS_H

#include <jansson.h>

#include "txn/place.h"

struct peers {
    struct peer *items;
    size_t count, cap;
};

#define PEERS_INIT                                                                       \
    {                                                                                    \
        .items = NULL                                                                    \
    }

/* Lets go of them, and removes those that are empty: they are made anew by whoever needs them. */
void peers_release(struct peers *p);

/* Takes the locks of a list of paths (NULL: none), waiting for a few seconds at most. ERR_REFUSED:
 * somebody holds on to one. */
int peers_take(struct peers *p, struct root *root, const json_t *paths,
               struct err *err) MUST_CHECK;

#endif
