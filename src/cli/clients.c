/* One handshake for each version and endpoint, with a short deadline, in a process apart: this is for a report, and
 * proves nothing. */
#include "cli/clients.h"

#include <string.h>

#include "base/apart.h"
#include "policy/protocol.h"
#include "probe/handshake.h"

#define LOOK_MS     3000
#define APART_TRIES 100000 /* keeps the time for all within an int */

/* False: nobody is there, or nobody answers; the other versions are not tried then. */
static bool try_version(const struct endpoint *e, const struct protocol_info *p,
                        json_t *versions, char **ret_problem)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {
        .min = p->wire, .max = p->wire, .deadline_ms = LOOK_MS};
    struct err err = ERR_INIT;
    if (handshake(e, &ask, &r, &err) < 0)
        return true; /* a version that libssl lacks */
    if (r.verdict == HANDSHAKE_OK) {
        json_object_set_new(versions, p->name, json_string(r.suite_name));
        return true;
    }
    mem_freep(ret_problem);
    *ret_problem = mem_strdup(r.why);
    return r.cause != HANDSHAKE_CONNECT && r.cause != HANDSHAKE_TIMED_OUT &&
           r.cause != HANDSHAKE_STARTTLS;
}

static json_t *look_at(const struct endpoint *e)
{
    json_t *versions = json_object();
    CLEANUP(mem_freep) char *problem = NULL;
    bool go_on = true;
    for (int v = PROTOCOL_TLS1_3; go_on && v >= PROTOCOL_TLS1; v--)
        go_on = try_version(e, protocol_info((enum protocol)v), versions, &problem);
    const char *told = json_object_size(versions) ? NULL : problem;
    return json_pack("{s:s?, s:s?, s:I, s:s?, s:s?, s:o, s:s?}", "role", e->role,
                     "address", e->address, "port", (json_int_t)e->port, "starttls",
                     e->starttls, "name", e->name, "versions", versions, "problem", told);
}

struct clients {
    const struct plan *plan;
    const char *service;
};

static size_t count_of(const struct clients *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->plan->endpoint_count; i++)
        n += strcmp(c->plan->endpoints[i].service, c->service) == 0;
    return n;
}

/* What one of these says: "answer" of an object or array; NULL with `err`. A new reference. */
static json_t *ask_apart(json_t *(*run)(void *ctx), const struct plan *plan,
                         const char *service, struct err *err)
{
    struct clients c = {.plan = plan, .service = service};
    size_t tries = PROTOCOL_COUNT * (count_of(&c) + 1);
    json_t *said = NULL;
    int most = tries < APART_TRIES ? (int)tries * LOOK_MS : APART_TRIES * LOOK_MS;
    return apart(run, &c, most, &said, err) < 0 ? NULL : said;
}

static json_t *look(void *ctx)
{
    const struct clients *c = ctx;
    json_t *all = json_array();
    for (size_t i = 0; i < c->plan->endpoint_count; i++)
        if (strcmp(c->plan->endpoints[i].service, c->service) == 0)
            json_array_append_new(all, look_at(&c->plan->endpoints[i]));
    return all;
}

json_t *clients_look(const struct plan *plan, const char *service)
{
    struct err ignored = ERR_INIT;
    json_t *all = ask_apart(look, plan, service, &ignored);
    return all ? all : json_array();
}

/* NULL: somebody is there; else why not, owned by the caller. */
static char *silence_of(const struct endpoint *e)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.deadline_ms = LOOK_MS};
    struct err err = ERR_INIT;
    if (handshake(e, &ask, &r, &err) < 0)
        return mem_strdup(err.text);
    return r.cause == HANDSHAKE_CONNECT ? mem_printf("port %u: %s", e->port, r.why)
                                        : NULL;
}

/* [why the first is silent], or []. */
static json_t *find_silent(void *ctx)
{
    const struct clients *c = ctx;
    for (size_t i = 0; i < c->plan->endpoint_count; i++) {
        const struct endpoint *e = &c->plan->endpoints[i];
        CLEANUP(mem_freep)
        char *why = strcmp(e->service, c->service) == 0 ? silence_of(e) : NULL;
        if (why)
            return json_pack("[s]", why);
    }
    return json_array();
}

int clients_answered(const struct plan *plan, const char *service, struct err *err)
{
    json_t *said CLEANUP(json_decrefp) = ask_apart(find_silent, plan, service, err);
    if (!said)
        return -1;
    const char *why = json_string_value(json_array_get(said, 0));
    return why ? err_set(err, ERR_SYSTEM, "%s", why) : 0;
}

static bool is_at_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && strcmp(a->address, b->address) == 0;
}

/* {"port": N} of one that answers, or {}. */
static json_t *find_answering(void *ctx)
{
    const struct clients *c = ctx;
    const struct endpoint *last =
        NULL; /* there may be thousands of names at one address */
    for (size_t i = 0; i < c->plan->endpoint_count; i++) {
        const struct endpoint *e = &c->plan->endpoints[i];
        if (strcmp(e->service, c->service) != 0 || !e->address ||
            (last && is_at_same(last, e)))
            continue;
        CLEANUP(mem_freep) char *why = silence_of(e);
        if (!why)
            return json_pack("{s:i}", "port", (int)e->port);
        last = e;
    }
    return json_object();
}

bool clients_reach(const struct plan *plan, const char *service)
{
    struct err ignored = ERR_INIT;
    json_t *said CLEANUP(json_decrefp) =
        ask_apart(find_answering, plan, service, &ignored);
    return json_object_size(said) > 0;
}

char *clients_text(const json_t *endpoint)
{
    const json_t *versions = json_object_get(endpoint, "versions");
    const char *problem = json_string_value(json_object_get(endpoint, "problem"));
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    for (int v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++) {
        const char *name = protocol_info((enum protocol)v)->name;
        if (json_object_get(versions, name))
            buf_addf(&out, "%s%s", out.len ? " " : "", name);
    }
    if (!out.len)
        buf_addf(&out, "no TLS (%s)", problem ? problem : "no version works");
    return buf_take(&out);
}
