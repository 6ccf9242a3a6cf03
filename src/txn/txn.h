/*
 * The transaction: carries a plan out, all of it or nothing, and takes it back at any time.
 *
 *     struct txn_opts opts = {.root = "/", .state_dir = "/var/lib/tlsharden", .verify = ..., };
 *     unsigned generation;
 *     if (txn_apply(plan, &opts, &generation, err) < 0)
 *         return -1;                          err->kind tells what has become of the host
 *
 * What was there before is recorded first, durably, in state_dir/gen/NNNN/ (store.h): enough to
 * take everything back with no plan, profile, parser or validator. Then every file is staged beside
 * its target and changes places with it, so that at each moment a whole file has the name, and what came
 * out is compared with what the plan saw: an edit made at the last moment is put back. Then services
 * take notice one at a time, each announced in the record first. Any failure, any signal and any kill
 * is answered by the same function: undo (undo.h). Only when all has been verified the record says
 * "committed", and the old files move to the generation.
 *
 * SIGINT, SIGTERM and SIGHUP are held while a change is under way; one that came leads to the way
 * back at the next safe point. One process at a time: state_dir/lock.
 *
 * Kinds of error, of all functions:
 *     ERR_SYSTEM       nothing was changed
 *     ERR_INPUT        nothing was changed: a record is damaged
 *     ERR_REFUSED      nothing was changed: another instance, a file or entry that is not what the plan
 *                      or the record expects, a place that is not safe to write to
 *     ERR_ROLLED_BACK  it failed after the change had begun; everything is back
 *     ERR_INCOMPLETE   it failed, and so did taking it back: the record stays "pending", and each
 *                      further call begins by trying again
 */
#ifndef TXN_TXN_H
#define TXN_TXN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "plan/plan.h"

struct txn_opts {
    /* "/", or a tree: then no process is started and no directory server is spoken to. */
    const char *root;
    /* The real place of the records; made 0700 when it does not exist. */
    const char *state_dir;
    /* Directories that files may be in ("/etc"), ends with NULL; or NULL: any. */
    const char *const *allowed;

    /* --- txn_apply() --- */
    unsigned keep;            /* generations to keep, the last good one anyway; 0: all */
    unsigned confirm_seconds; /* goes back unless txn_confirm() is called; 0: final */
    /* With confirm_seconds, before anybody waits: sees to it that txn_recover() is called then, even
     * if we are not there any more. -1 leads to the way back. May be NULL. */
    int (*await)(void *ctx, struct err *err);

    /* --- txn_rollback() --- */
    /* Files, by path, that are put back even if they were edited since; may be NULL. */
    const struct strv *force;

    /* --- txn_recover() --- */
    bool only_expired; /* of what waits to be confirmed only that whose time is over */
    bool files_only;   /* no daemon runs yet: telling them is left for later */

    /* --- callbacks --- */
    /* Before anything is touched; -1 refuses (its kind is kept). May be NULL. */
    int (*rehearse)(void *ctx, const struct plan *plan, struct err *err);

    /* After a service was activated; with NULL when all files are in place and no service was to
     * be activated. -1 leads to the way back. May be NULL. */
    int (*verify)(void *ctx, const char *service, struct err *err);

    /* One step, before it is taken, e.g. "replace '/etc/postfix/main.cf'". May be NULL. */
    void (*progress)(void *ctx, const char *text);
    void *ctx;
};

/* Carries the plan out. *ret_generation: the number to roll back by; 0 when the plan is empty. */
int txn_apply(const struct plan *plan, const struct txn_opts *opts,
              unsigned *ret_generation, struct err *err) MUST_CHECK;

/* Makes final what waits to be confirmed. ERR_REFUSED: nothing waits. */
int txn_confirm(const struct txn_opts *opts, unsigned *ret_generation,
                struct err *err) MUST_CHECK;

/* Takes the last generation back that is committed or waits to be confirmed. `id` (may be NULL) names
 * it; an older one is refused until the later ones are taken back. A file that was edited since and is
 * not in opts->force is a conflict: ERR_REFUSED, and nothing changes. The edited version of one that is
 * goes to gen/NNNN/kept/, which progress tells. */
int txn_rollback(const char *id, const struct txn_opts *opts, unsigned *ret_generation,
                 struct err *err) MUST_CHECK;

/* Finishes what an interrupted run left: takes it back, or tidies up what was committed. A file that
 * somebody edited since is kept as it is, and named in an ERR_REFUSED after all else is back; the next
 * call finds no work. */
int txn_recover(const struct txn_opts *opts, bool *ret_had_work,
                struct err *err) MUST_CHECK;

/* Oldest first: [{"id": "0001", "time": "2025-01-31T12:00:00Z", "profile": "strict",
 * "state": "committed" | "pending" | "unconfirmed" | "rolling-back" | "rolled-back" | "damaged",
 * "cause": "...", "deadline": SECONDS, "services": ["postfix"], "files": ["/etc/..."]}]; cause only
 * where there is one, deadline only when unconfirmed, of a damaged one only id, state and cause; a new
 * reference. No state directory: []. Takes no lock and changes nothing. */
json_t *txn_history(const struct txn_opts *opts, struct err *err) MUST_CHECK;

/* The plan that a generation carried out, files and entries with before and after, and its endpoints; owned by the caller
 * (plan_free). NULL: ERR_USAGE, ERR_REFUSED (no such generation), ERR_INPUT (damaged). */
struct plan *txn_show(const char *id, const struct txn_opts *opts,
                      struct err *err) MUST_CHECK;

#endif
