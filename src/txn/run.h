/* One call of txn.h under way: what its parts share. */
#ifndef TXN_RUN_H
#define TXN_RUN_H

#include <stdbool.h>

#include "txn/guard.h"
#include "txn/hold.h"
#include "txn/place.h"
#include "txn/record.h"
#include "txn/store.h"
#include "txn/txn.h"

struct run {
    const struct txn_opts *opts;
    bool live; /* the running host, not a tree */
    struct root root;
    struct store store;
    struct hold hold;
    mode_t umask; /* the caller's */
    struct record record;
    bool begun; /* a file or a service is not what it was */
    struct buf
        kept; /* what somebody made of our files and is now among the records, for people */
};

/* Opens root and store, takes the lock, holds signals, sets the umask to 022; run_end() in any case. */
int run_begin(struct run *run, const struct txn_opts *opts, struct err *err) MUST_CHECK;
void run_end(struct run *run);

/* Tells the caller's progress. */
void run_say(const struct run *run, const char *fmt, ...) PRINTF(2, 3);

/* -1 (ERR_SYSTEM) when a signal asks us to stop: call it at each safe point on the way forward. */
int run_safe_point(const struct run *run, struct err *err) MUST_CHECK;

/* Runs argument vectors in turn ([[argv...]...]; NULL: none) until one fails: ERR_SYSTEM, with what it
 * said. `what` is for messages: "activate". */
int run_commands(const json_t *list, const char *what, struct err *err) MUST_CHECK;

/* Whether there are so many files that one syncfs() costs less than an fsync() for each. */
bool run_has_many(const struct run *run);

/* Makes staged files and their names durable: fsync of each directory, or syncfs of each file system. */
int run_sync_staged(struct run *run, struct err *err) MUST_CHECK;

/* fsync of what stands aside (aside.h), and of all directories that hold files of the record, each once. */
int run_sync(struct run *run, enum guard which, struct err *err) MUST_CHECK;

#endif
