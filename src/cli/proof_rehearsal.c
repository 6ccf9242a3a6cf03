/*
 * Services rehearsed side by side, each on the plan's files and on its configuration as it is, and what came of it in
 * text and JSON.
 */
#include "cli/proof.h"

#include <string.h>

#include "cli/clients.h"
#include "cli/progress.h"
#include "rehearse/rehearse.h"

/* --- the rehearsal --------------------------------------------------------------------------- */

static int rehearsal_verify(void *ctx, const char *service, struct err *err)
{
    return proof_once(ctx, service, err);
}

static json_t *rehearsal_look(void *ctx, const char *service)
{
    const struct proof *p = ctx;
    return clients_look(p->plan, service);
}

static int present_verify(void *ctx, const char *service, struct err *err)
{
    const struct proof *p = ctx;
    return clients_answered(p->plan, service, err);
}

static struct proof_result *add_result(struct proof *p, const struct plan_service *s,
                                       int rc, const struct err *err)
{
    enum proof_rehearsal result = rc == 0   ? PROOF_WORKS
                                  : rc == 1 ? PROOF_UNTRIED
                                            : PROOF_FAILS;
    MEM_GROW(p->results, p->result_count, p->result_cap);
    struct proof_result *r = &p->results[p->result_count++];
    *r = (struct proof_result){
        .service = mem_strdup(s->name),
        .result = result,
        .endpoints = result == PROOF_WORKS ? proof_count(p, s->name) : 0,
        .why = rc == 0 ? NULL : mem_strdup(err->text),
        .without = result == PROOF_UNTRIED
                       ? NULL
                       : json_incref(json_object_get(s->trial, "without"))};
    return r;
}

/* Two that run side by side: on the plan's files, and on the configuration as it is. The running server is not asked:
 * it would write that into its logs. */
struct under_way {
    const struct plan_service *service;
    struct rehearsal candidate, present;
};

static void begin(struct proof *p, const struct plan_service *s, struct under_way *ret)
{
    const struct rehearse_calls candidate = {
        .verify = rehearsal_verify, .look = rehearsal_look, .ctx = p};
    const struct rehearse_calls present = {
        .verify = present_verify, .look = rehearsal_look, .ctx = p};
    *ret = (struct under_way){
        .service = s, .candidate = {.pid = -1, .rc = 1}, .present = {.pid = -1, .rc = 1}};
    if (!s->running) {
        err_set(&ret->candidate.err, ERR_SYSTEM,
                "it does not run, so that nobody knows its ports");
        return;
    }
    rehearse_begin(p->plan, s, REHEARSE_CANDIDATE, &candidate, &ret->candidate);
    rehearse_begin(p->plan, s, REHEARSE_PRESENT, &present, &ret->present);
}

static void finish(struct proof *p, struct under_way *u)
{
    struct err err = ERR_INIT, present = ERR_INIT;
    json_t *now = NULL, *then = NULL;
    progress(p->cli, "rehearse %s", u->service->name);
    int rc = rehearse_end(&u->candidate, &then, &err);
    int before = rehearse_end(&u->present, &now, &present);
    if (rc < 0 && before < 0) {
        CLEANUP(mem_freep) char *text = mem_strdup(err.text);
        err_set(&err, err.kind,
                "%s; with its configuration as it is, it does not start either: that was "
                "broken before",
                text);
    }
    struct proof_result *r = add_result(p, u->service, rc, &err);
    r->now = now;
    r->then = then;
}

void proof_rehearse_all(struct proof *p)
{
    struct under_way *list CLEANUP(mem_freep) =
        mem_alloc((p->plan->service_count + 1) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < p->plan->service_count; i++)
        if (plan_touches(p->plan, p->plan->services[i].name))
            begin(p, &p->plan->services[i], &list[count++]);
    for (size_t i = 0; i < count; i++)
        finish(p, &list[i]);
}

/* --- what came of it ------------------------------------------------------------------------- */

const char *proof_word(enum proof_rehearsal result)
{
    switch (result) {
    case PROOF_WORKS:
        return "works";
    case PROOF_FAILS:
        return "does not work";
    case PROOF_UNTRIED:
        return "not tried";
    }
    return "";
}

/* Both looks have the plan's endpoints in its order. */
static json_t *clients_json(const struct proof_result *r)
{
    json_t *all = json_array(), *v;
    size_t i;
    json_array_foreach(r->then, i, v)
    {
        json_t *one = json_copy(v);
        const json_t *now = json_array_get(r->now, i);
        json_object_set(one, "then", json_object_get(v, "versions"));
        json_object_set(one, "now", json_object_get(now, "versions"));
        json_object_del(one, "versions");
        json_object_del(one, "problem");
        json_array_append_new(all, one);
    }
    return all;
}

json_t *proof_json(const struct proof *p)
{
    json_t *all = json_array();
    for (size_t i = 0; i < p->result_count; i++) {
        const struct proof_result *r = &p->results[i];
        json_array_append_new(all, json_pack("{s:s, s:s, s:i, s:s?, s:O?, s:o}",
                                             "service", r->service, "result",
                                             proof_word(r->result), "endpoints",
                                             (int)r->endpoints, "why", r->why, "without",
                                             r->without, "clients", clients_json(r)));
    }
    return all;
}

void proof_clients_text(const struct proof_result *r, bool only_changed, struct buf *out)
{
    size_t i;
    json_t *v;
    json_array_foreach(r->then, i, v)
    {
        const char *address = json_string_value(json_object_get(v, "address"));
        const char *name = json_string_value(json_object_get(v, "name"));
        CLEANUP(mem_freep) char *now = clients_text(json_array_get(r->now, i));
        CLEANUP(mem_freep) char *then = clients_text(v);
        bool same = strcmp(now, then) == 0;
        bool six = address && strchr(address, ':');
        if (same && only_changed)
            continue;
        buf_addf(out, "  %-9s %s%s%s:%lld%s%s: %s%s%s\n", r->service, six ? "[" : "",
                 address ? address : "", six ? "]" : "",
                 json_integer_value(json_object_get(v, "port")), name ? " " : "",
                 name ? name : "", same ? "" : now, same ? "" : " -> ", then);
    }
}

char *proof_without(const struct proof_result *r)
{
    struct buf out = BUF_INIT;
    size_t count = json_array_size(r->without);
    for (size_t i = 0; i < count; i++) {
        const char *between = i + 1 < count ? ", " : " and ";
        buf_addf(&out, "%s%s", i ? between : "",
                 json_string_value(json_array_get(r->without, i)));
    }
    return count ? buf_take(&out) : NULL;
}

/* --- in the transaction ---------------------------------------------------------------------- */

int proof_rehearse(void *ctx, const struct plan *plan, struct err *err)
{
    struct proof *p = ctx;
    (void)plan; /* it is p->plan */
    if (p->rehearsal == PROOF_NEVER)
        return 0;
    proof_rehearse_all(p);
    for (size_t i = 0; i < p->result_count; i++) {
        const struct proof_result *r = &p->results[i];
        if (r->result == PROOF_FAILS)
            return err_set(err, ERR_REFUSED, "%s", r->why);
        if (r->result == PROOF_UNTRIED && p->rehearsal == PROOF_REQUIRED)
            return err_set(err, ERR_REFUSED, "%s: %s: --rehearse auto goes on without",
                           r->service, r->why);
    }
    return 0;
}
