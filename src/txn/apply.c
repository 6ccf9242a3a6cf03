/*
 * Apply: survey, rehearse, record, stage, replace, activate, verify, commit. Files take their places
 * in the plan's order, removals last; services are activated in the plan's order, one at a time, after
 * all of their checks have passed.
 */
#include <string.h>

#include "txn/entry.h"
#include "txn/escape.h"
#include "txn/place.h"
#include "txn/survey.h"
#include "txn/swap.h"
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

static int make_directories(const struct run *run, struct err *err)
{
    for (size_t i = 0; i < json_array_size(run->record.directories); i++) {
        CLEANUP(mem_freep)
        char *path =
            escape_string(json_string_value(json_array_get(run->record.directories, i)));
        if (place_make(run->root, path, err) < 0)
            return -1;
    }
    return 0;
}

static int stage_one(const struct run *run, const struct record_file *f,
                     const struct plan_file *wanted, struct err *err)
{
    if (!f->after)
        return 0;
    run_say(run, "stage '%s'", f->shown);
    if (run_safe_point(run, err) < 0)
        return -1;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(run->root, f->path, &p, err) < 0)
        return -1;
    return swap_stage(&p, f->temp, f->kind, bytes_buf(&wanted->after), &f->attrs, false,
                      err);
}

static int stage_all(const struct run *run, const struct plan *plan, struct err *err)
{
    if (make_directories(run, err) < 0)
        return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (stage_one(run, &run->record.files[i], &plan->files[i], err) < 0)
            return -1;
    return run_sync(run, err);
}

static int replace_one(struct run *run, const struct record_file *f, struct err *err)
{
    run_say(run, "%s '%s'", f->after ? "replace" : "remove", f->shown);
    if (run_safe_point(run, err) < 0)
        return -1;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(run->root, f->path, &p, err) < 0)
        return -1;
    if (f->after ? swap_put(&p, f->temp, f->before, err) < 0 : swap_remove(&p, err) < 0)
        return -1;
    run->begun = true;
    return 0;
}

static int replace_all(struct run *run, struct err *err)
{
    for (size_t i = 0; i < run->record.count; i++)
        if (run->record.files[i].after &&
            replace_one(run, &run->record.files[i], err) < 0)
            return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (!run->record.files[i].after &&
            replace_one(run, &run->record.files[i], err) < 0)
            return -1;
    return run_sync(run, err);
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

static int commit(struct run *run, struct err *err)
{
    run_say(run, "commit");
    if (run_safe_point(run, err) < 0)
        return -1;
    run->record.state = RECORD_COMMITTED;
    return store_update(&run->store, &run->record, err);
}

static int carry_out(struct run *run, const struct plan *plan, struct err *err)
{
    if (stage_all(run, plan, err) < 0 || replace_all(run, err) < 0 ||
        activate_all(run, plan, err) < 0 || commit(run, err) < 0)
        return undo_failed(run, err);
    return 0;
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
        rc = undo_pending(&run, &had_work, err);
    if (rc == 0)
        rc = prepare(&run, plan, err);
    if (rc == 0)
        rc = carry_out(&run, plan, err);
    if (rc == 0)
        *ret_generation = run.record.id;
    run_end(&run);
    return rc;
}
