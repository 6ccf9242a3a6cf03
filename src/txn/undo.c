/*
 * Undo: look at everything, stage everything, then rename, in the reverse order of the change. A file
 * that is already back is left alone, so that doing it again does no harm; a file that somebody edited
 * since is theirs, and stays.
 *
 * Services are told even if another could not be: the first failure is reported when all were tried.
 */
#include "txn/undo.h"

#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "txn/entry.h"
#include "txn/escape.h"
#include "txn/live.h"
#include "txn/place.h"
#include "txn/swap.h"

/* --- looking ----------------------------------------------------------------------------- */

static bool is_as(const struct live *l, enum plan_kind kind, bool present,
                  const char *sum)
{
    if (!present || !l->present)
        return present == l->present;
    return l->kind == kind && strcmp(l->sum, sum) == 0;
}

static int look_at(struct run *run, struct record_file *f, struct err *err)
{
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (live_read(run->root, f->path, &live, err) < 0)
        return -1;
    f->found = is_as(&live, f->kind, f->before, f->before_sum) ? FOUND_BEFORE
               : is_as(&live, f->kind, f->after, f->after_sum) ? FOUND_AFTER
                                                               : FOUND_OTHER;
    return 0;
}

static void add_edited(const struct run *run, size_t index, struct buf *edited)
{
    const struct record_file *f = &run->record.files[index];
    buf_addf(edited, "%s'%s'", edited->len ? ", " : "", f->shown);
    if (f->before && f->kind == PLAN_FILE)
        buf_addf(edited, " (as it was: %s/gen/%04u/before/%zu)", run->opts->state_dir,
                 run->record.id, index);
}

int undo_look(struct run *run, struct buf *edited, struct err *err)
{
    for (size_t i = 0; i < run->record.count; i++) {
        if (look_at(run, &run->record.files[i], err) < 0)
            return -1;
        if (run->record.files[i].found == FOUND_OTHER)
            add_edited(run, i, edited);
    }
    return 0;
}

/* --- files ------------------------------------------------------------------------------- */

static int stage_back(struct run *run, size_t index, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    if (f->found != FOUND_AFTER || !f->before)
        return 0;
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (f->kind == PLAN_SYMLINK)
        buf_adds(&content, f->target);
    else if (store_before(&run->store, &run->record, index, &content, err) < 0)
        return -1;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(run->root, f->path, &p, err) < 0)
        return -1;
    return swap_stage(&p, f->temp, f->kind, bytes_buf(&content), &f->attrs, true, err);
}

static int drop_staged(struct run *run, const struct record_file *f, struct err *err)
{
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(run->root, f->path, &p, err) < 0)
        return -1;
    return swap_drop(&p, f->temp, err);
}

static int put_back(struct run *run, const struct record_file *f, struct err *err)
{
    if (f->found != FOUND_AFTER)
        return drop_staged(run, f, err);
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(run->root, f->path, &p, err) < 0)
        return -1;
    run_say(run, "put back '%s'", f->shown);
    if (!f->before && (swap_drop(&p, f->temp, err) < 0 || swap_remove(&p, err) < 0))
        return -1;
    if (f->before && swap_put(&p, f->temp, f->after, err) < 0)
        return -1;
    run->begun = true;
    return 0;
}

static int stage_all(struct run *run, struct err *err)
{
    int rc = 0;
    for (size_t i = run->record.count; rc == 0 && i > 0; i--)
        rc = stage_back(run, i - 1, err);
    struct err second = ERR_INIT;
    for (size_t i = 0; rc < 0 && i < run->record.count; i++)
        (void)!drop_staged(run, &run->record.files[i], &second);
    return rc;
}

static int undo_files(struct run *run, struct err *err)
{
    for (size_t i = run->record.count; i > 0; i--)
        if (put_back(run, &run->record.files[i - 1], err) < 0)
            return -1;
    if (run_sync(run, err) < 0)
        return -1;
    for (size_t i = json_array_size(run->record.directories); i > 0; i--) {
        const char *text =
            json_string_value(json_array_get(run->record.directories, i - 1));
        CLEANUP(mem_freep) char *path = escape_string(text);
        if (!path || place_unmake(run->root, path, err) < 0)
            return path ? -1 : err_set(err, ERR_INPUT, "'%s' is not a path", text);
    }
    return 0;
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

static int undo_service(const struct run *run, const json_t *service, struct buf *edited,
                        struct err *err)
{
    const char *name = json_string_value(json_object_get(service, "name"));
    if (!record_is_activated(&run->record, name))
        return 0;
    run_say(run, "activate %s again", name);
    struct err first = ERR_INIT, second = ERR_INIT;
    int rc = undo_entries(run, name, edited, &first);
    int rc2 =
        run_commands(json_object_get(service, "activate"), "activate again", &second);
    if (rc == 0 && rc2 == 0)
        return 0;
    *err = rc < 0 ? first : second;
    return err_context(err, "%s", name);
}

static int undo_services(const struct run *run, struct buf *edited, struct err *err)
{
    struct err first = ERR_INIT;
    int rc = 0;
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
    if (undo_look(run, edited, err) < 0 || stage_all(run, err) < 0)
        return -1;
    if (undo_files(run, err) < 0)
        return -1;
    if (json_array_size(run->record.activated))
        run->begun = true;
    return undo_services(run, edited, err);
}

/* --- its uses ---------------------------------------------------------------------------- */

static int close_record(struct run *run, const char *cause, struct err *err)
{
    run->record.state = RECORD_ROLLED_BACK;
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

int undo_failed(struct run *run, struct err *err)
{
    const struct err cause = *err;
    struct err why = ERR_INIT;
    bool begun = run->begun;
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    if (run->record.state != RECORD_PENDING) {
        run->record.state =
            RECORD_PENDING; /* a commit that failed may have been written */
        (void)!store_update(&run->store, &run->record, &why);
    }
    run_say(run, "take everything back");
    if (undo(run, &edited, &why) < 0)
        return incomplete(err, &cause, &why);
    if (!begun) {
        (void)!store_discard(&run->store, &run->record, &why);
        return -1; /* as it came: nothing was changed */
    }
    if (close_record(run, cause.text, &why) < 0)
        return incomplete(err, &cause, &why);
    if (edited.len)
        return err_set(
            err, ERR_INCOMPLETE,
            "%.900s; everything is back but what somebody else changed: %.900s",
            cause.text, buf_str(&edited));
    return err_set(err, ERR_ROLLED_BACK, "%.1900s; everything is back as it was",
                   cause.text);
}

static int undo_generation(struct run *run, unsigned id, struct err *err)
{
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    if (store_load(&run->store, id, &run->record, err) < 0)
        return -1;
    run_say(run, "take back generation %04u, which was interrupted", id);
    if (undo(run, &edited, err) < 0 || close_record(run, "interrupted", err) < 0) {
        err->kind = ERR_INCOMPLETE;
        return err_context(err, "take back generation %04u, which was interrupted", id);
    }
    if (edited.len)
        return err_set(
            err, ERR_REFUSED,
            "generation %04u, which was interrupted, is taken back; kept as they "
            "are, since somebody edited them: %s",
            id, buf_str(&edited));
    return 0;
}

int undo_pending(struct run *run, bool *ret_had_work, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    *ret_had_work = false;
    if (store_list(&run->store, &ids, &n, err) < 0)
        return -1;
    for (size_t i = n; i > 0; i--) {
        enum record_state state;
        if (store_state(&run->store, ids[i - 1], &state, err) < 0)
            return -1;
        if (state != RECORD_PENDING)
            continue;
        *ret_had_work = true;
        if (undo_generation(run, ids[i - 1], err) < 0)
            return -1;
    }
    record_release(&run->record);
    run->begun = false;
    return 0;
}
