/*
 * Rollback and recovery: undo (undo.c), and which generation it is about. A rollback under way is a
 * pending generation, so that one that was killed is finished by recovery.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "txn/entry.h"
#include "txn/id.h"
#include "txn/txn.h"
#include "txn/undo.h"

/* --- which ------------------------------------------------------------------------------- */

struct choice {
    unsigned id; /* as asked for; 0: the last one */
    bool found;  /* there is such a generation */
    enum record_state state;
    unsigned last;    /* the last one that is in place; 0: none */
    struct buf later; /* those in place after `id`, for people */
};

static void choice_release(struct choice *c)
{
    buf_release(&c->later);
}

static bool is_in_place(enum record_state state)
{
    return state == RECORD_COMMITTED || state == RECORD_UNCONFIRMED;
}

static int consider(const struct store *s, unsigned id, struct choice *c, struct err *err)
{
    CLEANUP(record_release) struct record r = RECORD_INIT;
    if (store_state(s, id, &r, err) < 0)
        return -1;
    if (id == c->id) {
        c->found = true;
        c->state = r.state;
    }
    if (!is_in_place(r.state))
        return 0;
    c->last = id;
    if (id > c->id)
        buf_addf(&c->later, "%s%04u", c->later.len ? ", " : "", id);
    return 0;
}

static int look_through(const struct store *s, struct choice *c, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (consider(s, ids[i], c, err) < 0)
            return -1;
    return 0;
}

static int choose(const struct store *s, const char *text, unsigned *ret, struct err *err)
{
    CLEANUP(choice_release) struct choice c = {.id = 0};
    if (text && id_parse(text, &c.id, err) < 0)
        return -1;
    if (look_through(s, &c, err) < 0)
        return -1;
    if (!text && !c.last)
        return err_set(err, ERR_REFUSED,
                       "there is nothing to roll back: no change is in place; see "
                       "'tlsharden history'");
    if (text && !c.found)
        return id_unknown(c.id, err);
    if (text && !is_in_place(c.state))
        return err_set(err, ERR_REFUSED,
                       "generation %04u is %s already, and nothing was changed", c.id,
                       record_state_name(c.state));
    if (text && c.later.len)
        return err_set(
            err, ERR_REFUSED,
            "generation %04u was followed by %s, and nothing was changed: roll back "
            "later ones first ('tlsharden rollback' takes back the last)",
            c.id, buf_str(&c.later));
    *ret = text ? c.id : c.last;
    return 0;
}

/* --- whether ----------------------------------------------------------------------------- */

static int look_at_entries(struct run *run, struct err *err)
{
    for (size_t i = 0; run->live && i < json_array_size(run->record.entries); i++) {
        const json_t *entry = json_array_get(run->record.entries, i);
        enum record_found found;
        if (entry_look(entry, &found, err) < 0)
            return -1;
        if (found == FOUND_OTHER)
            return err_set(err, ERR_REFUSED,
                           "'%s' was edited since generation %04u: nothing was changed",
                           json_string_value(json_object_get(entry, "dn")),
                           run->record.id);
    }
    return 0;
}

/* Each name that may be forced must be one of the generation's, or nobody would notice a slip. */
static int take_force(struct run *run, struct err *err)
{
    const struct strv *force = run->opts->force;
    for (size_t i = 0; force && i < force->count; i++) {
        bool known = false;
        for (size_t k = 0; k < run->record.count; k++)
            if (strcmp(run->record.files[k].path, force->items[i]) == 0)
                known = run->record.files[k].forced = true;
        if (!known)
            return err_set(err, ERR_REFUSED,
                           "generation %04u has not changed '%s': see 'tlsharden history "
                           "show %04u'",
                           run->record.id, force->items[i], run->record.id);
    }
    return 0;
}

static int refuse_edits(struct run *run, struct err *err)
{
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    if (undo_look(run, err) < 0)
        return -1;
    undo_edited(run, &edited);
    if (edited.len)
        return err_set(
            err, ERR_REFUSED,
            "edited since generation %04u, and nothing was changed: %s; 'tlsharden "
            "history show %04u' tells what it was, 'tlsharden rollback --force "
            "FILE' takes it back nevertheless",
            run->record.id, buf_str(&edited), run->record.id);
    return look_at_entries(run, err);
}

/* --- doing it ---------------------------------------------------------------------------- */

static int mark(struct run *run, enum record_state state, const char *cause,
                struct err *err)
{
    run->record.state = state;
    free(run->record.cause);
    run->record.cause = mem_strdup(cause);
    return store_update(&run->store, &run->record, err);
}

/* Whoever was running then shall take notice now. */
static void activate_running(struct record *r)
{
    for (size_t i = 0; i < json_array_size(r->services); i++) {
        const json_t *service = json_array_get(r->services, i);
        if (json_is_true(json_object_get(service, "running")))
            record_activate(r, json_string_value(json_object_get(service, "name")));
    }
}

/* What was edited in the meantime stays, and is told; all else is back. */
static int tell(const struct run *run, const struct buf *edited, struct err *err)
{
    if (edited->len)
        return err_set(err, ERR_REFUSED,
                       "generation %04u is taken back, but for what somebody edited "
                       "meanwhile: %s",
                       run->record.id, buf_str(edited));
    if (run->kept.len)
        run_say(run, "what was edited is kept: %s", buf_str(&run->kept));
    return 0;
}

static int take_back(struct run *run, struct err *err)
{
    enum record_state before = run->record.state;
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    activate_running(&run->record);
    int rc = mark(run, RECORD_ROLLING_BACK, "rolled back", err);
    if (rc == 0)
        rc = undo(run, &edited, err);
    if (rc < 0 && !run->begun) {
        struct err second = ERR_INIT; /* a mark that failed may have been written */
        (void)!mark(run, before, NULL, &second);
        return -1;
    }
    run->record.settled = true;
    if (rc == 0)
        rc = mark(run, RECORD_ROLLED_BACK, "rolled back", err);
    if (rc == 0)
        return tell(run, &edited, err);
    err->kind = ERR_INCOMPLETE;
    return err_context(err, "roll back generation %04u (run 'tlsharden recover')",
                       run->record.id);
}

static int roll_back(struct run *run, const char *text, struct err *err)
{
    unsigned id = 0;
    if (choose(&run->store, text, &id, err) < 0 ||
        store_load(&run->store, id, &run->record, err) < 0 || take_force(run, err) < 0 ||
        refuse_edits(run, err) < 0 || run_safe_point(run, err) < 0)
        return -1;
    return take_back(run, err);
}

int txn_rollback(const char *id, const struct txn_opts *opts, unsigned *ret_generation,
                 struct err *err)
{
    struct run run;
    bool had_work;
    int rc = run_begin(&run, opts, err);
    if (rc == 0)
        rc = undo_pending(&run, UNDO_WAITING_LEAVE, &had_work, err);
    if (rc == 0)
        rc = roll_back(&run, id, err);
    if (rc == 0)
        *ret_generation = run.record.id;
    run_end(&run);
    return rc;
}

int txn_recover(const struct txn_opts *opts, bool *ret_had_work, struct err *err)
{
    enum undo_waiting waiting =
        opts->only_expired ? UNDO_WAITING_LEAVE : UNDO_WAITING_BACK;
    struct run run;
    bool had_work = false;
    int rc = run_begin(&run, opts, err);
    if (rc == 0)
        rc = undo_pending(&run, waiting, &had_work, err);
    run_end(&run);
    *ret_had_work = had_work;
    return rc;
}
