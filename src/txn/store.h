/*
 * The state directory: one lock, and one folder per generation.
 *
 *     lock                 held while a transaction is under way; never removed (lock.h)
 *     gen/0001/manifest    the record (record.h) in a frame (frame.h); never changes
 *     gen/0001/state       how far it is, in a frame; replaced atomically
 *     gen/0001/images      content of each file before and after, one behind the other
 *     gen/0001/before/0    what stands aside of file 0 (aside.h); once the change has been committed, file 0
 *                          itself as it was
 *     gen/0001/kept/0      what somebody else made of file 0 and had to give way
 *
 * A generation appears whole, by one rename, and vanishes by one; "0001.new" and "0001.trash" are what
 * a kill in between leaves, and are swept away.
 */
#ifndef TXN_STORE_H
#define TXN_STORE_H

#include "txn/place.h"
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

/* Numbers the record and makes it durable, with the plan's bytes before and after (files are in one
 * order in both). -1: nothing of it is left. */
int store_add(const struct store *s, struct record *r, const struct plan *plan,
              struct err *err) MUST_CHECK;

/* Makes the record's state durable. */
int store_update(const struct store *s, const struct record *r,
                 struct err *err) MUST_CHECK;

/* ERR_INPUT: it is damaged; which generation, and what to do. */
int store_load(const struct store *s, unsigned id, struct record *r,
               struct err *err) MUST_CHECK;

/* Only how far it is: state, activated, cause, settled, deadline. */
int store_state(const struct store *s, unsigned id, struct record *ret,
                struct err *err) MUST_CHECK;

/* Removes a generation at once, whatever is in it. */
int store_discard(const struct store *s, unsigned id, struct err *err) MUST_CHECK;

/* --- images ------------------------------------------------------------------------------ */

enum store_side { STORE_BEFORE, STORE_AFTER };

/* Appends the bytes of file `index`, compared with their digest. */
int store_image(const struct store *s, const struct record *r, size_t index,
                enum store_side side, struct buf *out, struct err *err) MUST_CHECK;

/* --- files that moved here --------------------------------------------------------------- */

/* Folders of a generation. */
#define STORE_OLD   "before"
#define STORE_KEPT  "kept"
#define STORE_TRIAL "trial" /* in STORE_OLD, for a moment: aside.c */

/* The folder, open; made when it is missing. */
int store_folder(const struct store *s, const struct record *r, const char *folder,
                 struct err *err) MUST_CHECK;

/* The same, where it is there; -1 with errno. */
int store_find_folder(const struct store *s, const struct record *r,
                      const char *folder) MUST_CHECK;

/* Gives file `index` of STORE_OLD a second name; -1 with errno. */
int store_link_old(const struct store *s, const struct record *r, size_t index,
                   struct spot at) MUST_CHECK;

/* Forgets the old files: they are back where they were. */
int store_drop_old(const struct store *s, const struct record *r,
                   struct err *err) MUST_CHECK;

#endif
