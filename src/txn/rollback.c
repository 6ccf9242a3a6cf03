/*
 * Rollback and recovery: undo (undo.c), and which generation it is about. A rollback under way is a
 * pending generation, so that one that was killed is finished by recovery.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "txn/entry.h"
#include "txn/txn.h"
#include "txn/undo.h"

/* --- which ------------------------------------------------------------------------------- */

struct choice {
    unsigned id; /* as asked for; 0: the last one */
    bool found;  /* there is such a generation */
    enum record_state state;
    unsigned last;    /* last committed one; 0: none */
    struct buf later; /* committed ones after `id`, for people */
};

static void choice_release(struct choice *c)
{
    buf_release(&c->later);
}

static int parse_id(const char *text, unsigned *ret, struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || text[digits] || digits > 8 || strtoul(text, NULL, 10) == 0)
        return err_set(err, ERR_USAGE, "'%s' is not the number of a generation", text);
    *ret = (unsigned)strtoul(text, NULL, 10);
    return 0;
}

static int look_through(const struct store *s, struct choice *c, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        enum record_state state;
        if (store_state(s, ids[i], &state, err) < 0)
            return -1;
        if (ids[i] == c->id) {
            c->found = true;
            c->state = state;
        }
        if (state != RECORD_COMMITTED)
            continue;
        c->last = ids[i];
        if (ids[i] > c->id)
            buf_addf(&c->later, "%s%04u", c->later.len ? ", " : "", ids[i]);
    }
    return 0;
}

static int choose(const struct store *s, const char *text, unsigned *ret, struct err *err)
{
    CLEANUP(choice_release) struct choice c = {.id = 0};
    if (text && parse_id(text, &c.id, err) < 0)
        return -1;
    if (look_through(s, &c, err) < 0)
        return -1;
    if (!text && !c.last)
        return err_set(err, ERR_REFUSED, "there is nothing to roll back");
    if (text && !c.found)
        return err_set(err, ERR_REFUSED,
                       "there is no generation %04u: see 'tlsharden history'", c.id);
    if (text && c.state != RECORD_COMMITTED)
        return err_set(err, ERR_REFUSED, "generation %04u is %s already", c.id,
                       record_state_name(c.state));
    if (text && c.later.len)
        return err_set(err, ERR_REFUSED,
                       "generation %04u was followed by %s: roll back later ones first",
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

static int refuse_edits(struct run *run, struct err *err)
{
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    if (undo_look(run, &edited, err) < 0)
        return -1;
    if (edited.len)
        return err_set(err, ERR_REFUSED,
                       "edited since generation %04u, and nothing was changed: %s",
                       run->record.id, buf_str(&edited));
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

static int take_back(struct run *run, struct err *err)
{
    CLEANUP(buf_release) struct buf edited = BUF_INIT;
    activate_running(&run->record);
    if (mark(run, RECORD_PENDING, "rolled back", err) < 0)
        return -1;
    int rc = undo(run, &edited, err);
    if (rc < 0 && !run->begun) {
        struct err second = ERR_INIT;
        (void)!mark(run, RECORD_COMMITTED, NULL, &second);
        return -1;
    }
    if (rc == 0)
        rc = mark(run, RECORD_ROLLED_BACK, "rolled back", err);
    if (rc < 0) {
        err->kind = ERR_INCOMPLETE;
        return err_context(err, "roll back generation %04u (run 'tlsharden recover')",
                           run->record.id);
    }
    return 0;
}

static int roll_back(struct run *run, const char *text, struct err *err)
{
    unsigned id = 0;
    if (choose(&run->store, text, &id, err) < 0 ||
        store_load(&run->store, id, &run->record, err) < 0 ||
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
        rc = undo_pending(&run, &had_work, err);
    if (rc == 0)
        rc = roll_back(&run, id, err);
    if (rc == 0)
        *ret_generation = run.record.id;
    run_end(&run);
    return rc;
}

int txn_recover(const struct txn_opts *opts, bool *ret_had_work, struct err *err)
{
    struct run run;
    bool had_work = false;
    int rc = run_begin(&run, opts, err);
    if (rc == 0)
        rc = undo_pending(&run, &had_work, err);
    run_end(&run);
    *ret_had_work = had_work;
    return rc;
}
