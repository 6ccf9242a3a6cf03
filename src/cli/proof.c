/*
 * An endpoint's policy is its scope's in the profile ("postfix.submission"); the versions that have to
 * work are those that the service's library granted. A server that has just been told takes a moment
 * until the last process with the old settings is gone: the verdict is the one at the deadline.
 */
#include "cli/proof.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"
#include "cli/progress.h"
#include "probe/verify.h"
#include "rehearse/rehearse.h"

#define SETTLE_MS 15000
#define PAUSE_MS  200

void proof_release(struct proof *p)
{
    for (size_t i = 0; i < p->result_count; i++) {
        free(p->results[i].service);
        free(p->results[i].why);
    }
    free(p->results);
}

void proof_progress(void *ctx, const char *text)
{
    const struct proof *p = ctx;
    progress(p->cli, "%s", text);
}

/* --- one endpoint ---------------------------------------------------------------------------- */

static const struct plan_service *service_of(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->service_count; i++)
        if (strcmp(plan->services[i].name, name) == 0)
            return &plan->services[i];
    return NULL;
}

/* Of the listener, or of the whole service. */
static unsigned granted_versions(const struct plan_service *s, const char *role)
{
    json_t *grants = json_object_get(s->grants, role), *item;
    if (!grants)
        grants = json_object_get(s->grants, s->name);
    unsigned set = 0;
    size_t i;
    json_array_foreach(json_object_get(grants, "asked"), i, item)
    {
        const char *verdict = json_string_value(json_object_get(item, "verdict"));
        const char *name = json_string_value(json_object_get(item, "name"));
        const struct protocol_info *p = name ? protocol_by_name(name) : NULL;
        if (p && verdict && strcmp(verdict, "granted") == 0)
            set |= protocol_bit(p->id);
    }
    return set;
}

unsigned proof_versions(const struct plan *plan, const struct endpoint *e)
{
    const struct plan_service *s = service_of(plan, e->service);
    return s ? granted_versions(s, e->role ? e->role : "") : 0;
}

static int prove_endpoint(const struct proof *p, const struct plan_service *s,
                          const struct endpoint *e, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    CLEANUP(mem_freep)
    char *scope = mem_printf("%s.%s", e->service, e->role ? e->role : "");
    if (profile_policy(p->profile, scope, &policy, err) < 0)
        return -1;
    struct verify_rules rules = {.policy = &policy,
                                 .required = granted_versions(s, e->role ? e->role : "")};
    return verify_endpoint(e, &rules, err);
}

/* --- a service ------------------------------------------------------------------------------- */

static int prove_once(const struct proof *p, const char *service, struct err *err)
{
    const struct plan_service *s = service_of(p->plan, service);
    for (size_t i = 0; s && i < p->plan->endpoint_count; i++) {
        const struct endpoint *e = &p->plan->endpoints[i];
        if (strcmp(e->service, service) == 0 && prove_endpoint(p, s, e, err) < 0)
            return -1;
    }
    return 0;
}

static unsigned count_endpoints(const struct proof *p, const char *service)
{
    unsigned n = 0;
    for (size_t i = 0; i < p->plan->endpoint_count; i++)
        n += strcmp(p->plan->endpoints[i].service, service) == 0;
    return n;
}

int proof_verify(void *ctx, const char *service, struct err *err)
{
    struct proof *p = ctx;
    int64_t deadline = deadline_in(SETTLE_MS);
    if (!service)
        return 0;
    for (;;) {
        struct err answer = ERR_INIT;
        if (prove_once(p, service, &answer) == 0)
            break;
        if (deadline_left(deadline) == 0) {
            *err = answer;
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    p->endpoints += count_endpoints(p, service);
    return 0;
}

/* --- the rehearsal --------------------------------------------------------------------------- */

static int rehearsal_verify(void *ctx, const char *service, struct err *err)
{
    return prove_once(ctx, service, err);
}

static void add_result(struct proof *p, const struct plan_service *s,
                       enum proof_rehearsal result, const char *why)
{
    MEM_GROW(p->results, p->result_count, p->result_cap);
    p->results[p->result_count++] = (struct proof_result){
        .service = mem_strdup(s->name),
        .result = result,
        .endpoints = result == PROOF_WORKS ? count_endpoints(p, s->name) : 0,
        .why = mem_strdup(why)};
}

static void rehearse_one(struct proof *p, const struct plan_service *s)
{
    struct err err = ERR_INIT;
    if (!s->running) {
        add_result(p, s, PROOF_UNTRIED,
                   "it does not run, so that nobody knows its ports");
        return;
    }
    progress(p->cli, "rehearse %s", s->name);
    int rc = rehearse_service(p->plan, s, rehearsal_verify, p, &err);
    enum proof_rehearsal result = rc == 0   ? PROOF_WORKS
                                  : rc == 1 ? PROOF_UNTRIED
                                            : PROOF_FAILS;
    add_result(p, s, result, rc == 0 ? NULL : err.text);
}

void proof_rehearse_all(struct proof *p)
{
    for (size_t i = 0; i < p->plan->service_count; i++)
        if (plan_touches(p->plan, p->plan->services[i].name))
            rehearse_one(p, &p->plan->services[i]);
}

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
