/* One call of txn.h under way: what its parts share. */
#ifndef TXN_RUN_H
#define TXN_RUN_H

#include <stdbool.h>

#include "txn/hold.h"
#include "txn/record.h"
#include "txn/store.h"
#include "txn/txn.h"

struct run {
    const struct txn_opts *opts;
    bool live; /* the running host, not a tree */
    int root;  /* open directory */
    struct store store;
    struct hold hold;
    struct record record;
    bool begun; /* a file or a service is not what it was */
};

/* Opens root and store, takes the lock, holds signals; run_end() in any case. */
int run_begin(struct run *run, const struct txn_opts *opts, struct err *err) MUST_CHECK;
void run_end(struct run *run);

/* Tells the caller's progress. */
void run_say(const struct run *run, const char *fmt, ...) PRINTF(2, 3);

/* -1 (ERR_SYSTEM) when a signal asks us to stop: call it at each safe point on the way forward. */
int run_safe_point(const struct run *run, struct err *err) MUST_CHECK;

/* Runs argument vectors in turn ([[argv...]...]; NULL: none) until one fails: ERR_SYSTEM, with what it
 * said. `what` is for messages: "activate". */
int run_commands(const json_t *list, const char *what, struct err *err) MUST_CHECK;

/* fsync of all directories that hold files of the record, each once. */
int run_sync(const struct run *run, struct err *err) MUST_CHECK;

#endif
