/*
 * The state directory: one lock, and one folder per generation.
 *
 *     lock                     held while a transaction is under way; never removed; holds the pid
 *     gen/0001/manifest.json   the record (record.h); never changes
 *     gen/0001/state.json      how far it is; replaced atomically
 *     gen/0001/before/0        content of the record's file 0 before, and so on
 *
 * A generation appears whole, by one rename, and vanishes by one; "0001.new" and "0001.trash" are what
 * a kill in between leaves, and are swept away.
 */
#ifndef TXN_STORE_H
#define TXN_STORE_H

#include "txn/record.h"

struct store {
    int dir, gen, lock; /* lock is -1 when only looking */
};

#define STORE_INIT                                                                       \
    {                                                                                    \
        .dir = -1, .gen = -1, .lock = -1                                                 \
    }

void store_release(struct store *s); /* lets go of the lock, too */

/* Makes what is missing (0700), takes the lock, sweeps. ERR_REFUSED: another instance holds it, or the
 * directory is not ours alone. */
int store_open(const char *state_dir, struct store *ret, struct err *err) MUST_CHECK;

/* For looking only. A directory that does not exist is an empty one: `gen` is -1. */
int store_look(const char *state_dir, struct store *ret, struct err *err) MUST_CHECK;

/* The numbers there are, ascending; *ret is owned by the caller (free). */
int store_list(const struct store *s, unsigned **ret, size_t *count,
               struct err *err) MUST_CHECK;

/* Numbers the record and makes it durable, with the plan's before bytes (files are in one order in
 * both). -1: nothing of it is left. */
int store_add(const struct store *s, struct record *r, const struct plan *plan,
              struct err *err) MUST_CHECK;

/* Makes the record's state durable. */
int store_update(const struct store *s, const struct record *r,
                 struct err *err) MUST_CHECK;

int store_load(const struct store *s, unsigned id, struct record *r,
               struct err *err) MUST_CHECK;

/* Only how far it is. */
int store_state(const struct store *s, unsigned id, enum record_state *ret,
                struct err *err) MUST_CHECK;

/* The bytes of file `index` before, compared with their digest. */
int store_before(const struct store *s, const struct record *r, size_t index,
                 struct buf *out, struct err *err) MUST_CHECK;

/* Removes a generation that never began. */
int store_discard(const struct store *s, const struct record *r,
                  struct err *err) MUST_CHECK;

#endif
