/*
 * Undo: look at everything, stage what is not there any more, then exchange, in the reverse order of the
 * change. A file that is already back is left alone, so that doing it again does no harm; a file that
 * somebody edited since is theirs, and stays.
 *
 * Services are told even if another could not be: the first failure is reported when all were tried.
 */
#include "txn/undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/running.h"
#include "base/visible.h"
#include "txn/aside.h"
#include "txn/entry.h"
#include "txn/escape.h"
#include "txn/live.h"
#include "txn/peers.h"
#include "txn/settle.h"
#include "txn/swap.h"
#include "txn/turn.h"

/* --- looking ----------------------------------------------------------------------------- */

static bool is_as(const struct live *l, enum plan_kind kind, bool present,
                  const char *sum)
{
    if (!present || !l->present)
        return present == l->present;
    return l->kind == kind && strcmp(l->sum, sum) == 0;
}

/* What is displaced and what is only staged differ in what they hold. */
static int look_for_temp(const struct run *run, const struct place *p,
                         struct record_file *f, struct err *err)
{
    CLEANUP(live_release) struct live temp = LIVE_INIT;
    if (aside_look(run, f, err) < 0 || live_at(aside_spot(run, f, p), &temp, err) < 0)
        return -1;
    f->has_temp = f->before && temp.present &&
                  !(f->after && is_as(&temp, f->kind, true, f->after_sum));
    return 0;
}

static int look_at(struct run *run, struct record_file *f, struct err *err)
{
    CLEANUP(live_release) struct live live = LIVE_INIT;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0 ||
        live_at(place_spot(&p), &live, err) < 0)
        return -1;
    f->present = live.present;
    f->found = is_as(&live, f->kind, f->before, f->before_sum) ? FOUND_BEFORE
               : is_as(&live, f->kind, f->after, f->after_sum) ? FOUND_AFTER
                                                               : FOUND_OTHER;
    return look_for_temp(run, &p, f, err);
}

int undo_look(struct run *run, struct err *err)
{
    if (aside_open(run, err) < 0)
        return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (look_at(run, &run->record.files[i], err) < 0)
            return -1;
    return 0;
}

void undo_edited(const struct run *run, struct buf *out)
{
    for (size_t i = 0; i < run->record.count; i++) {
        const struct record_file *f = &run->record.files[i];
        if (f->found == FOUND_OTHER && !f->forced)
            buf_addf(out, "%s'%s'", out->len ? ", " : "", f->shown);
    }
}

/* --- staging what is gone ---------------------------------------------------------------- */

/* The old file itself, if the generation still has it as it was. 1: it has not. */
static int stage_old(struct run *run, size_t index, struct spot back, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    if (store_link_old(&run->store, &run->record, index, back) < 0)
        return errno == ENOSPC || errno == EDQUOT || errno == EIO
                   ? err_sys(err, errno, "stage '%s'", back.shown)
                   : 1;
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (live_at(back, &live, err) < 0)
        return -1;
    if (is_as(&live, f->kind, true, f->before_sum))
        return 0;
    return swap_drop(back, err) < 0 ? -1 : 1;
}

static int stage_image(struct run *run, size_t index, struct spot back, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (f->kind == PLAN_SYMLINK)
        buf_adds(&content, f->target);
    else if (store_image(&run->store, &run->record, index, STORE_BEFORE, &content, err) <
             0)
        return -1;
    struct swap_new what = {.kind = f->kind,
                            .content = bytes_buf(&content),
                            .attrs = &f->attrs,
                            .time = true,
                            .sync = run_has_many(run) ? GUARD_NONE : GUARD_BACK};
    return swap_stage(back, &what, err);
}

static int stage_back(struct run *run, size_t index, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    bool wanted = f->found == FOUND_AFTER || (f->forced && f->found == FOUND_OTHER);
    if (!wanted || !f->before || f->has_temp)
        return 0;
    CLEANUP(mem_freep) char *name = turn_back_name(f);
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    struct spot back = place_beside(&p, name);
    if (swap_drop(back, err) < 0)
        return -1;
    int rc = p.dir < 0 ? 1 : stage_old(run, index, back, err);
    return rc > 0 ? stage_image(run, index, back, err) : rc;
}

/* For a way back that cannot even begin. */
static void drop_staged(struct run *run)
{
    for (size_t i = 0; i < run->record.count; i++) {
        CLEANUP(mem_freep) char *name = turn_back_name(&run->record.files[i]);
        CLEANUP(place_release) struct place p = PLACE_INIT;
        struct err ignored = ERR_INIT;
        if (place_find(&run->root, run->record.files[i].path, &p, &ignored) == 0)
            (void)!swap_drop(place_beside(&p, name), &ignored);
    }
}

static int stage_all(struct run *run, struct err *err)
{
    int rc = 0;
    for (size_t i = run->record.count; rc == 0 && i > 0; i--)
        rc = stage_back(run, i - 1, err);
    return rc < 0 ? -1 : run_sync_staged(run, err);
}

/* --- files ------------------------------------------------------------------------------- */

static int remove_directories(struct run *run, struct err *err)
{
    for (size_t i = json_array_size(run->record.directories); i > 0; i--) {
        const char *text =
            json_string_value(json_array_get(run->record.directories, i - 1));
        CLEANUP(mem_freep) char *path = escape_string(text);
        if (!path || place_unmake(&run->root, path, err) < 0)
            return path ? -1 : err_set(err, ERR_INPUT, "'%s' is not a path", text);
    }
    return 0;
}

/* The reverse order of apply's. */
static int turn_all_back(struct run *run, struct err *err)
{
    const struct record *r = &run->record;
    for (size_t i = r->count; i > 0; i--)
        if (!r->files[i - 1].after && turn_back(run, i - 1, err) < 0)
            return -1;
    for (size_t i = r->count; i > 0; i--)
        if (r->files[i - 1].before && r->files[i - 1].after &&
            turn_back(run, i - 1, err) < 0)
            return -1;
    for (size_t i = r->count; i > 0; i--)
        if (!r->files[i - 1].before && turn_back(run, i - 1, err) < 0)
            return -1;
    return 0;
}

/* The old names are on disk before anything that could make them is removed. */
static int undo_files(struct run *run, struct err *err)
{
    if (turn_all_back(run, err) < 0)
        return -1;
    if (run_sync(run, GUARD_SWAPPED, err) < 0)
        return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (turn_clear(run, i, err) < 0)
            return -1;
    if (run_sync(run, GUARD_SWAPPED, err) < 0 || remove_directories(run, err) < 0)
        return -1;
    return store_drop_old(&run->store, &run->record, err);
}

/* Nobody's lock keeps us from going back: each exchange is looked at anyway. */
static int undo_files_locked(struct run *run, struct err *err)
{
    CLEANUP(peers_release) struct peers peers = PEERS_INIT;
    struct err ignored = ERR_INIT;
    (void)!peers_take(&peers, &run->root, run->record.locks, &ignored);
    if (undo_look(run, err) < 0)
        return -1;
    bool before = run->begun;
    run->begun = false;
    int rc = stage_all(run, err);
    if (rc == 0)
        rc = undo_files(run, err);
    if (rc < 0 && !run->begun)
        drop_staged(run);
    run->begun = run->begun || before;
    return rc;
}

/* --- services ---------------------------------------------------------------------------- */

static int undo_entry(const struct run *run, const json_t *entry, struct buf *edited,
                      struct err *err)
{
    const char *dn = json_string_value(json_object_get(entry, "dn"));
    enum record_found found;
    if (entry_look(entry, &found, err) < 0)
        return -1;
    if (found == FOUND_OTHER) {
        buf_addf(edited, "%s'%s'", edited->len ? ", " : "", dn);
        return 0;
    }
    run_say(run, "put back '%s'", dn);
    return entry_change_back(entry, err);
}

static int undo_entries(const struct run *run, const char *service, struct buf *edited,
                        struct err *err)
{
    for (size_t i = json_array_size(run->record.entries); i > 0; i--) {
        const json_t *entry = json_array_get(run->record.entries, i - 1);
        if (strcmp(json_string_value(json_object_get(entry, "service")), service) != 0)
            continue;
        if (undo_entry(run, entry, edited, err) < 0)
            return -1;
    }
    return 0;
}

static bool runs_now(const json_t *service)
{
    const json_t *daemons = json_object_get(service, "daemons");
    bool any = false;
    for (size_t i = 0; i < json_array_size(daemons); i++) {
        const char *path = json_string_value(json_array_get(daemons, i));
        any = any || (path && running_program(path));
    }
    return any;
}

/* It took the change well, or the change would still be pending; somebody has stopped it since. */
static bool was_stopped_since(const struct run *run, const json_t *service)
{
    return run->record.state != RECORD_PENDING &&
           json_array_size(json_object_get(service, "daemons")) && !runs_now(service);
}

/* One that did not run when the change was made and does now (a host that was changed while it booted) has read
 * what is being taken back. */
static int undo_late(const struct run *run, const json_t *service, struct err *err)
{
    const char *name = json_string_value(json_object_get(service, "name"));
    if (json_is_true(json_object_get(service, "running")) || !runs_now(service))
        return 0;
    run_say(run, "activate %s, which has started since", name);
    return run_commands(json_object_get(service, "late"), "activate", err) < 0
               ? err_context(err, "%s", name)
               : 0;
}

static int undo_service(const struct run *run, const json_t *service, struct buf *edited,
                        struct err *err)
{
    const char *name = json_string_value(json_object_get(service, "name"));
    if (!record_is_activated(&run->record, name))
        return undo_late(run, service, err);
    run_say(run, "activate %s again", name);
    struct err first = ERR_INIT, second = ERR_INIT;
    int rc = undo_entries(run, name, edited, &first);
    int rc2 =
        run_commands(json_object_get(service, "activate"), "activate again", &second);
    if (rc2 < 0 && was_stopped_since(run, service)) {
        run_say(run, "%s does not run: it will read what is back when it starts", name);
        rc2 = 0;
    }
    if (rc == 0 && rc2 == 0)
        return 0;
    *err = rc < 0 ? first : second;
    return err_context(err, "%s", name);
}

/* Daemons that do not run yet will read what is there now; what is in a directory server's keeping has
 * to wait for it. */
static int leave_for_later(const struct run *run, struct err *err)
{
    for (size_t i = 0; i < json_array_size(run->record.entries); i++) {
        const json_t *entry = json_array_get(run->record.entries, i);
        const char *service = json_string_value(json_object_get(entry, "service"));
        if (record_is_activated(&run->record, service))
            return err_set(err, ERR_SYSTEM,
                           "the files are back; '%s' can be put back when %s runs",
                           json_string_value(json_object_get(entry, "dn")), service);
    }
    return 0;
}

static int undo_services(const struct run *run, struct buf *edited, struct err *err)
{
    struct err first = ERR_INIT;
    int rc = 0;
    if (run->live && run->opts->files_only)
        return leave_for_later(run, err);
    for (size_t i = 0; run->live && i < json_array_size(run->record.services); i++) {
        struct err one = ERR_INIT;
        if (undo_service(run, json_array_get(run->record.services, i), edited, &one) == 0)
            continue;
        if (rc == 0)
            first = one;
        rc = -1;
    }
    if (rc < 0)
        *err = first;
    return rc;
}

int undo(struct run *run, struct buf *edited, struct err *err)
{
    if (undo_files_locked(run, err) < 0)
        return -1;
    undo_edited(run, edited);
    if (json_array_size(run->record.activated))
        run->begun = true;
    return undo_services(run, edited, err);
}

/* --- its uses ---------------------------------------------------------------------------- */

static int close_record(struct run *run, const char *cause, struct err *err)
{
    run->record.state = RECORD_ROLLED_BACK;
    run->record.settled = true;
    free(run->record.cause);
    run->record.cause =
        visible(bytes_str(cause)); /* a cut text may end within a character */
    return store_update(&run->store, &run->record, err);
}

static int incomplete(struct err *err, const struct err *cause, const struct err *why)
{
    return err_set(err, ERR_INCOMPLETE,
                   "%.900s; taking it back failed, too: %.900s; run 'tlsharden recover'",
                   cause->text, why->text);
}

/* What nobody asked us to take away, and was in the way of an exchange. */
static void add_kept(const struct run *run, struct buf *edited)
{
    if (run->kept.len)
        buf_addf(edited, "%s%s", edited->len ? ", " : "", buf_str(&run->kept));
}

/* A commit or a request to confirm that failed may have been written nevertheless. */
static void reopen(struct run *run)
{
    struct err ignored = ERR_INIT;
    if (run->record.state == RECORD_PENDING)
        return;
    run->record.state = RECORD_PENDING;
    run->record.settled = false;
    (void)!store_update(&run->store, &run->record, &ignored);
}

int undo_failed(struct run *run, struct err *err)
{
    const struct err cause = *err;
    struct err why = ERR_INIT;
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    bool begun = run->begun;
    reopen(run);
    run_say(run, "take everything back");
    if (undo(run, &edited, &why) < 0)
        return incomplete(err, &cause, &why);
    if (!begun) {
        (void)!store_discard(&run->store, run->record.id, &why);
        return -1; /* as it came: nothing was changed */
    }
    if (close_record(run, cause.text, &why) < 0)
        return incomplete(err, &cause, &why);
    add_kept(run, &edited);
    if (edited.len)
        return err_set(err, ERR_REFUSED,
                       "%.900s; everything is back but what somebody else changed, which "
                       "is kept: %.900s",
                       cause.text, buf_str(&edited));
    return err_set(err, ERR_ROLLED_BACK, "%.1900s; everything is back as it was",
                   cause.text);
}

#define NOT_CONFIRMED "not confirmed"

/* From now on nobody can confirm it: a way back that is interrupted, or left for when a daemon runs, is gone on
 * with. */
static int stop_waiting(struct run *run, struct err *err)
{
    if (run->record.state != RECORD_UNCONFIRMED)
        return 0;
    run->record.state = RECORD_ROLLING_BACK;
    run->record.deadline = 0;
    free(run->record.cause);
    run->record.cause = mem_strdup(NOT_CONFIRMED);
    return store_update(&run->store, &run->record, err);
}

static int undo_generation(struct run *run, struct err *err)
{
    unsigned id = run->record.id;
    if (stop_waiting(run, err) < 0)
        return err_context(err, "take back generation %04u", id);
    const char *cause = run->record.cause;
    const char *why =
        cause && strcmp(cause, NOT_CONFIRMED) == 0 ? NOT_CONFIRMED : "interrupted";
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    run_say(run, "take back generation %04u, which was %s", id, why);
    if (undo(run, &edited, err) < 0 || close_record(run, why, err) < 0) {
        err->kind = ERR_INCOMPLETE;
        return err_context(err, "take back generation %04u, which was %s", id, why);
    }
    add_kept(run, &edited);
    if (edited.len)
        return err_set(
            err, ERR_REFUSED,
            "generation %04u, which was %s, is taken back; kept as they are, since "
            "somebody edited them: %s; see 'tlsharden history show %04u' for what they "
            "were",
            id, why, buf_str(&edited), id);
    return 0;
}

static int finish(struct run *run, unsigned id, enum undo_waiting waiting,
                  bool *ret_had_work, struct err *err)
{
    struct record *r = &run->record;
    if (store_state(&run->store, id, r, err) < 0)
        return -1;
    int64_t left = r->state == RECORD_UNCONFIRMED ? r->deadline - (int64_t)time(NULL) : 0;
    if (left > 0 && waiting == UNDO_WAITING_REFUSE)
        return err_set(err, ERR_REFUSED,
                       "generation %04u waits to be confirmed (%lld s left): 'tlsharden "
                       "confirm' keeps it, 'tlsharden rollback' takes it back",
                       id, (long long)left);
    if ((left > 0 && waiting == UNDO_WAITING_LEAVE) ||
        (!record_is_open(r->state) && r->settled))
        return 0;
    *ret_had_work = true;
    if (store_load(&run->store, id, r, err) < 0)
        return -1;
    return r->state == RECORD_COMMITTED ? settle(run, err) : undo_generation(run, err);
}

int undo_pending(struct run *run, enum undo_waiting waiting, bool *ret_had_work,
                 struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    *ret_had_work = false;
    if (store_list(&run->store, &ids, &n, err) < 0)
        return -1;
    for (size_t i = n; i > 0; i--)
        if (finish(run, ids[i - 1], waiting, ret_had_work, err) < 0)
            return -1;
    record_release(&run->record);
    run->begun = false;
    return 0;
}
