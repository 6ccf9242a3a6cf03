/* One handshake for each version and endpoint, with a short deadline: this is for a report, and proves nothing. */
#include "cli/clients.h"

#include <string.h>

#include "policy/protocol.h"
#include "probe/handshake.h"

#define LOOK_MS 3000

/* False: nobody is there, or nobody answers; the other versions are not tried then. */
static bool try_version(const struct endpoint *e, const struct protocol_info *p,
                        json_t *versions, char **ret_problem)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {
        .min = p->wire, .max = p->wire, .any_chain = true, .deadline_ms = LOOK_MS};
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

json_t *clients_look(const struct plan *plan, const char *service)
{
    json_t *all = json_array();
    for (size_t i = 0; i < plan->endpoint_count; i++)
        if (strcmp(plan->endpoints[i].service, service) == 0)
            json_array_append_new(all, look_at(&plan->endpoints[i]));
    return all;
}

static int answered(const struct endpoint *e, struct err *err)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.any_chain = true, .deadline_ms = LOOK_MS};
    if (handshake(e, &ask, &r, err) < 0)
        return -1;
    return r.cause == HANDSHAKE_CONNECT
               ? err_set(err, ERR_SYSTEM, "port %u: %s", e->port, r.why)
               : 0;
}

int clients_answered(const struct plan *plan, const char *service, struct err *err)
{
    for (size_t i = 0; i < plan->endpoint_count; i++)
        if (strcmp(plan->endpoints[i].service, service) == 0 &&
            answered(&plan->endpoints[i], err) < 0)
            return -1;
    return 0;
}

static bool is_at_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && strcmp(a->address, b->address) == 0;
}

bool clients_reach(const struct plan *plan, const char *service)
{
    const struct endpoint *last =
        NULL; /* there may be thousands of names at one address */
    struct err ignored = ERR_INIT;
    for (size_t i = 0; i < plan->endpoint_count; i++) {
        const struct endpoint *e = &plan->endpoints[i];
        if (strcmp(e->service, service) != 0 || !e->address ||
            (last && is_at_same(last, e)))
            continue;
        if (answered(e, &ignored) == 0)
            return true;
        last = e;
    }
    return false;
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
