/*
 * An endpoint's policy is its scope's in the profile ("postfix.submission"); the versions that have to
 * work are those that the service's library granted. A server that has just been told takes a moment
 * until the last process with the old settings is gone: the verdict is the one at the deadline.
 * What servers send is read in a process apart (base/apart.h): they run as other users, and we as root.
 */
#include "cli/proof.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/apart.h"
#include "base/deadline.h"
#include "base/visible.h"
#include "cli/progress.h"
#include "probe/verify.h"

#define SETTLE_MS      15000
#define PAUSE_MS       200
#define ENDPOINT_MS    180000 /* more than one can take, by its parts' own deadlines */
#define ENDPOINTS_MOST 10000  /* keeps the time for all within an int */

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

static int prove_endpoint(const struct proof *p, const struct endpoint *e, unsigned *soft,
                          struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct verify_rules rules = {.policy = &policy};
    unsigned here = 0;
    if (proof_policy(p->profile, p->plan, e, &policy, &rules.required, err) < 0 ||
        verify_endpoint(e, &rules, &here, err) < 0)
        return -1;
    *soft += here;
    return 0;
}

/* --- a service ------------------------------------------------------------------------------- */

struct service_proof {
    const struct proof *proof;
    const char *service;
};

/* {"soft": N}, and {"kind": of enum err_kind, "why": TEXT} of the first endpoint that is not as it should be. */
static json_t *prove_service(void *ctx)
{
    const struct service_proof *s = ctx;
    const struct plan *plan = s->proof->plan;
    struct err err = ERR_INIT;
    unsigned soft = 0;
    for (size_t i = 0; i < plan->endpoint_count; i++) {
        const struct endpoint *e = &plan->endpoints[i];
        if (strcmp(e->service, s->service) == 0 &&
            prove_endpoint(s->proof, e, &soft, &err) < 0) {
            CLEANUP(mem_freep) char *why = visible(bytes_str(err.text));
            return json_pack("{s:i, s:i, s:s}", "soft", (int)soft, "kind", (int)err.kind,
                             "why", why);
        }
    }
    return json_pack("{s:i}", "soft", (int)soft);
}

int proof_once(struct proof *p, const char *service, struct err *err)
{
    struct service_proof what = {.proof = p, .service = service};
    unsigned count = proof_count(p, service);
    json_t *said CLEANUP(json_decrefp) = NULL;
    if (count == 0 || !service_of(p->plan, service))
        return 0;
    int most = (int)(count < ENDPOINTS_MOST ? count : ENDPOINTS_MOST) * ENDPOINT_MS;
    if (apart(prove_service, &what, most, &said, err) < 0)
        return -1;
    const char *why = json_string_value(json_object_get(said, "why"));
    json_int_t kind = json_integer_value(json_object_get(said, "kind"));
    if (kind || why)
        return err_set(err,
                       kind == ERR_REFUSED || kind == ERR_INPUT ? (enum err_kind)kind
                                                                : ERR_SYSTEM,
                       "%s", why ? why : "no verdict");
    p->soft += (unsigned)json_integer_value(json_object_get(said, "soft"));
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
