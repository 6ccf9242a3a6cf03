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
#include "probe/conform.h"
#include "probe/verify.h"

#define SETTLE_MS 15000
#define PAUSE_MS  200

void proof_release(struct proof *p)
{
    for (size_t i = 0; i < p->result_count; i++) {
        free(p->results[i].service);
        free(p->results[i].why);
        json_decref(p->results[i].now);
        json_decref(p->results[i].then);
        json_decref(p->results[i].without);
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

/* The versions that its library granted to this listener, or to the whole service. */
static unsigned granted_versions(const struct plan_service *s, const char *scope,
                                 const char *role)
{
    json_t *grants = json_object_get(s->grants, scope), *item;
    if (!grants)
        grants = json_object_get(s->grants, role);
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

int proof_policy(const struct profile *profile, const struct plan *plan,
                 const struct endpoint *e, struct policy *ret, unsigned *ret_versions,
                 struct err *err)
{
    const struct plan_service *s = service_of(plan, e->service);
    CLEANUP(mem_freep) char *scope = profile_scope(profile, e->service, e->role, e->name);
    if (profile_policy(profile, scope, ret, err) < 0)
        return -1;
    *ret_versions = s ? granted_versions(s, scope, e->role ? e->role : "") : 0;
    if (e->fewer_versions && *ret_versions)
        *ret_versions = protocol_bit(protocol_highest(*ret_versions));
    return 0;
}

/* What every server can be told, so that an answer to the contrary is reason enough to go back. Some servers have no
 * words for groups and signature schemes: these are told, and the change stays. */
static bool is_hard(enum conform_rule rule)
{
    return rule == CONFORM_VERSIONS || rule == CONFORM_SUITES ||
           rule == CONFORM_COMPRESSION;
}

/* By hellos of our own, which offer what libssl no longer can. */
static int prove_forbidden(struct proof *p, const struct policy *policy,
                           const struct endpoint *e, struct err *err)
{
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    const struct conform_rules rules = {.policy = policy};
    if (conform(e, &rules, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++) {
        const struct conform_item *item = &found.items[i];
        bool soft = item->rule == CONFORM_GROUPS || item->rule == CONFORM_SCHEMES;
        p->soft += soft && item->verdict == CONFORM_NO;
        if (!is_hard(item->rule) || item->verdict == CONFORM_YES)
            continue;
        return err_set(err, item->verdict == CONFORM_NO ? ERR_REFUSED : ERR_SYSTEM,
                       "%s %s port %u: %s: expected %s, found %s", e->service,
                       e->role ? e->role : "", e->port, item->part, item->expected,
                       item->found ? item->found : "nothing");
    }
    return 0;
}

static int prove_endpoint(struct proof *p, const struct endpoint *e, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct verify_rules rules = {.policy = &policy};
    if (proof_policy(p->profile, p->plan, e, &policy, &rules.required, err) < 0)
        return -1;
    return verify_endpoint(e, &rules, err) < 0 ? -1 : prove_forbidden(p, &policy, e, err);
}

/* --- a service ------------------------------------------------------------------------------- */

int proof_once(struct proof *p, const char *service, struct err *err)
{
    const struct plan_service *s = service_of(p->plan, service);
    unsigned soft = p->soft;
    for (size_t i = 0; s && i < p->plan->endpoint_count; i++) {
        const struct endpoint *e = &p->plan->endpoints[i];
        if (strcmp(e->service, service) == 0 && prove_endpoint(p, e, err) < 0) {
            p->soft = soft; /* it is asked again */
            return -1;
        }
    }
    return 0;
}

unsigned proof_count(const struct proof *p, const char *service)
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
        if (proof_once(p, service, &answer) == 0)
            break;
        if (deadline_left(deadline) == 0) {
            *err = answer;
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    p->endpoints += proof_count(p, service);
    return 0;
}
