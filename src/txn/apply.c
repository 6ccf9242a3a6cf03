/*
 * Apply: survey, rehearse, record, stage, replace, activate, verify, commit. Files take their places
 * in the plan's order, removals last; services are activated in the plan's order, one at a time, after
 * all of their checks have passed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "txn/aside.h"
#include "txn/entry.h"
#include "txn/escape.h"
#include "txn/live.h"
#include "txn/peers.h"
#include "txn/settle.h"
#include "txn/survey.h"
#include "txn/swap.h"
#include "txn/turn.h"
#include "txn/txn.h"
#include "txn/undo.h"

/* A callback that fails without a word still has to mean something. */
static int called(int rc, const char *what, struct err *err)
{
    if (rc == 0)
        return 0;
    if (err->kind == ERR_NONE)
        return err_set(err, ERR_REFUSED, "%s failed", what);
    return -1;
}

/* --- before anything is touched ---------------------------------------------------------- */

static int prepare(struct run *run, const struct plan *plan, struct err *err)
{
    if (survey(run, plan, err) < 0)
        return -1;
    if (run->opts->rehearse) {
        run_say(run, "rehearse");
        if (called(run->opts->rehearse(run->opts->ctx, plan, err), "the rehearsal", err) <
            0)
            return -1;
        if (survey(run, plan, err) < 0) /* it took its time */
            return -1;
    }
    if (run_safe_point(run, err) < 0)
        return -1;
    run_say(run, "record what is there");
    return store_add(&run->store, &run->record, plan, err);
}

/* --- files ------------------------------------------------------------------------------- */

static int make_directories(struct run *run, struct err *err)
{
    for (size_t i = 0; i < json_array_size(run->record.directories); i++) {
        CLEANUP(mem_freep)
        char *path =
            escape_string(json_string_value(json_array_get(run->record.directories, i)));
        if (place_make(&run->root, path, err) < 0)
            return -1;
    }
    return 0;
}

/* What stands there now is what we may have to go back to: it must be on disk, too. */
static int sync_old(const struct place *p, const struct record_file *f, struct err *err)
{
    if (!f->before || f->kind != PLAN_FILE)
        return 0;
    CLEANUP(fd_close)
    int fd = openat(p->dir, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0; /* the exchange will tell */
    return fd < 0 || guard_fsync(fd, GUARD_STAGED) < 0
               ? err_sys(err, errno, "sync '%s'", f->shown)
               : 0;
}

static int stage_one(struct run *run, struct record_file *f,
                     const struct plan_file *wanted, struct err *err)
{
    bool many = run_has_many(run);
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    if (!many && p.dir >= 0 && sync_old(&p, f, err) < 0)
        return -1;
    if (aside_choose(run, f, &p, err) < 0)
        return -1;
    if (!f->after)
        return 0;
    run_say(run, "stage '%s'", f->shown);
    if (run_safe_point(run, err) < 0)
        return -1;
    struct swap_new what = {.kind = f->kind,
                            .content = bytes_buf(&wanted->after),
                            .attrs = &f->attrs,
                            .sync = many ? GUARD_NONE : GUARD_STAGED};
    return swap_stage(aside_spot(run, f, &p), &what, err);
}

static int stage_all(struct run *run, const struct plan *plan, struct err *err)
{
    if (make_directories(run, err) < 0)
        return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (stage_one(run, &run->record.files[i], &plan->files[i], err) < 0)
            return -1;
    return run_sync_staged(run, err);
}

static int replace_one(struct run *run, size_t index, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    run_say(run, "%s '%s'", f->after ? "replace" : "remove", f->shown);
    if (run_safe_point(run, err) < 0)
        return -1;
    return turn_forward(run, index, err);
}

/* What the others include is there before them, and goes after them. */
static int replace_all(struct run *run, struct err *err)
{
    for (size_t i = 0; i < run->record.count; i++)
        if (!run->record.files[i].before && replace_one(run, i, err) < 0)
            return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (run->record.files[i].before && run->record.files[i].after &&
            replace_one(run, i, err) < 0)
            return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (!run->record.files[i].after && replace_one(run, i, err) < 0)
            return -1;
    return run_sync(run, GUARD_SWAPPED, err);
}

/* While files change, and no longer, others who edit them wait. */
static int change_files(struct run *run, const struct plan *plan, struct err *err)
{
    CLEANUP(peers_release) struct peers peers = PEERS_INIT;
    if (peers_take(&peers, &run->root, run->record.locks, err) < 0 ||
        stage_all(run, plan, err) < 0)
        return -1;
    return replace_all(run, err);
}

/* --- services ---------------------------------------------------------------------------- */

static int change_entries(const struct run *run, const char *service, struct err *err)
{
    for (size_t i = 0; i < json_array_size(run->record.entries); i++) {
        const json_t *entry = json_array_get(run->record.entries, i);
        if (strcmp(json_string_value(json_object_get(entry, "service")), service) != 0)
            continue;
        run_say(run, "change '%s'", json_string_value(json_object_get(entry, "dn")));
        if (entry_change(entry, err) < 0)
            return -1;
    }
    return 0;
}

static int verify(const struct run *run, const char *service, struct err *err)
{
    if (!run->opts->verify)
        return 0;
    run_say(run, "verify %s", service ? service : "all");
    return called(run->opts->verify(run->opts->ctx, service, err), "the verification",
                  err);
}

static int activate_one(struct run *run, const struct plan_service *s, struct err *err)
{
    run_say(run, "activate %s", s->name);
    if (run_safe_point(run, err) < 0)
        return -1;
    run->begun = true;
    record_activate(&run->record, s->name);
    if (store_update(&run->store, &run->record, err) < 0 ||
        run_commands(s->activate, "activate", err) < 0 ||
        change_entries(run, s->name, err) < 0)
        return err_context(err, "%s", s->name);
    return verify(run, s->name, err);
}

static int check_all(const struct run *run, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->service_count; i++) {
        const struct plan_service *s = &plan->services[i];
        if (!s->check || !plan_touches(plan, s->name))
            continue;
        run_say(run, "check %s", s->name);
        if (run_commands(s->check, "check", err) < 0)
            return err_context(err, "%s", s->name);
    }
    return 0;
}

static int activate_all(struct run *run, const struct plan *plan, struct err *err)
{
    bool any = false;
    if (run->live && check_all(run, plan, err) < 0)
        return -1;
    for (size_t i = 0; run->live && i < plan->service_count; i++) {
        const struct plan_service *s = &plan->services[i];
        if (!s->running || !plan_touches(plan, s->name))
            continue;
        if (activate_one(run, s, err) < 0)
            return -1;
        any = true;
    }
    return any ? 0 : verify(run, NULL, err);
}

/* --- all together ------------------------------------------------------------------------ */

/* Of ten thousand files each has had its ticks of the clock; of few it is as well to read them again. */
static bool is_surely_untouched(const struct run *run, const struct record_file *f,
                                const struct place *p)
{
    return run_has_many(run) && f->kind == PLAN_FILE && guard_looks(GUARD_DISPLACED) &&
           live_is_untouched(aside_spot(run, f, p), f->attrs.mtime, f->displaced,
                             f->before_size);
}

/* Somebody who had the old file open may have written to it after it was displaced. */
static int check_displaced_one(struct run *run, const struct record_file *f,
                               struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    if (is_surely_untouched(run, f, &p))
        return 0;
    if (live_at(aside_spot(run, f, &p), &live, err) < 0)
        return -1;
    if (!live.present || strcmp(live.sum, f->before_sum) != 0)
        return err_set(err, ERR_REFUSED,
                       "'%s' was written to by somebody who had it open: plan again",
                       f->shown);
    return 0;
}

static int check_displaced(struct run *run, struct err *err)
{
    for (size_t i = 0; guard_looks(GUARD_LATE_EDIT) && i < run->record.count; i++)
        if (run->record.files[i].before &&
            check_displaced_one(run, &run->record.files[i], err) < 0)
            return -1;
    return 0;
}

/* All old files stand where they stay. */
static bool is_settled(const struct run *run)
{
    for (size_t i = 0; i < run->record.count; i++)
        if (run->record.files[i].before && !run->record.files[i].aside)
            return false;
    return true;
}

static int commit(struct run *run, struct err *err)
{
    unsigned seconds = run->opts->confirm_seconds;
    if (check_displaced(run, err) < 0)
        return -1;
    run_say(run, seconds ? "wait to be confirmed" : "commit");
    if (run_safe_point(run, err) < 0)
        return -1;
    if (seconds && run->opts->await &&
        called(run->opts->await(run->opts->ctx, err), "waiting", err) < 0)
        return -1;
    run->record.state = seconds ? RECORD_UNCONFIRMED : RECORD_COMMITTED;
    run->record.settled = !seconds && is_settled(run);
    run->record.deadline = seconds ? (int64_t)time(NULL) + seconds : 0;
    return store_update(&run->store, &run->record, err);
}

static int carry_out(struct run *run, const struct plan *plan, struct err *err)
{
    if (change_files(run, plan, err) < 0 || activate_all(run, plan, err) < 0 ||
        commit(run, err) < 0)
        return undo_failed(run, err);
    return 0;
}

/* It is done; what fails now the next run does again. */
static void tidy(struct run *run)
{
    struct err ignored = ERR_INIT;
    if (run->record.state != RECORD_COMMITTED)
        return;
    if (run->record.settled || settle(run, &ignored) == 0)
        (void)!settle_prune(run, run->opts->keep, &ignored);
}

int txn_apply(const struct plan *plan, const struct txn_opts *opts,
              unsigned *ret_generation, struct err *err)
{
    if (plan_is_empty(plan)) {
        *ret_generation = 0;
        return 0;
    }
    struct run run;
    bool had_work;
    int rc = run_begin(&run, opts, err);
    if (rc == 0)
        rc = undo_pending(&run, UNDO_WAITING_REFUSE, &had_work, err);
    if (rc == 0)
        rc = prepare(&run, plan, err);
    if (rc == 0)
        rc = carry_out(&run, plan, err);
    if (rc == 0) {
        tidy(&run);
        *ret_generation = run.record.id;
    }
    run_end(&run);
    return rc;
}

/* --- confirming -------------------------------------------------------------------------- */

static int find_waiting(const struct store *s, unsigned *ret, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    *ret = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(record_release) struct record r = RECORD_INIT;
        if (store_state(s, ids[i], &r, err) < 0)
            return -1;
        if (r.state == RECORD_UNCONFIRMED)
            *ret = ids[i];
    }
    return *ret ? 0
                : err_set(err, ERR_REFUSED,
                          "nothing waits to be confirmed: the last change is "
                          "final, or was taken back; see 'tlsharden history'");
}

static int confirm(struct run *run, struct err *err)
{
    unsigned id = 0;
    if (find_waiting(&run->store, &id, err) < 0 ||
        store_load(&run->store, id, &run->record, err) < 0)
        return -1;
    if (run->record.deadline <= (int64_t)time(NULL))
        return err_set(
            err, ERR_REFUSED,
            "the time to confirm generation %04u is over, it is being taken back", id);
    run->record.state = RECORD_COMMITTED;
    run->record.deadline = 0;
    return store_update(&run->store, &run->record, err);
}

int txn_confirm(const struct txn_opts *opts, unsigned *ret_generation, struct err *err)
{
    struct run run;
    int rc = run_begin(&run, opts, err);
    if (rc == 0)
        rc = confirm(&run, err);
    if (rc == 0) {
        tidy(&run);
        *ret_generation = run.record.id;
    }
    run_end(&run);
    return rc;
}
