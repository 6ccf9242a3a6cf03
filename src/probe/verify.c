/*
 * One connection at a time, for mail servers count them: one for each required version, one for each
 * version that must be refused, one with the forbidden suites up to TLS 1.2 and one for TLS 1.3.
 */
#include "probe/verify.h"

#include <string.h>

#include "base/buf.h"
#include "probe/handshake.h"

struct check {
    const struct endpoint *endpoint;
    const struct verify_rules *rules;
    bool control; /* a handshake has succeeded */
};

char *verify_endpoint_text(const struct endpoint *e)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    buf_addf(&out, "%s", e->service ? e->service : "");
    if (e->role)
        buf_addf(&out, "%s%s", out.len ? " " : "", e->role);
    bool v6 = strchr(e->address, ':') != NULL;
    buf_addf(&out, "%s%s%s%s:%u", out.len ? " " : "", v6 ? "[" : "", e->address,
             v6 ? "]" : "", e->port);
    if (e->name)
        buf_addf(&out, " %s", e->name);
    if (e->starttls)
        buf_addf(&out, " (STARTTLS %s)", e->starttls);
    return buf_take(&out);
}

static const char *version_name(int wire)
{
    const struct protocol_info *p = protocol_by_wire((uint16_t)wire);
    return p ? p->name : "an unknown version";
}

static int ask(const struct check *c, const struct handshake_request *request,
               struct handshake_result *ret, struct err *err)
{
    struct handshake_request r = *request;
    r.deadline_ms = c->rules->deadline_ms;
    r.any_chain = true;
    return handshake(c->endpoint, &r, ret, err);
}

/* --- what has to work ------------------------------------------------------------------------- */

static bool is_allowed(const struct policy *p, const struct handshake_result *got)
{
    const struct suite *s = suite_by_id(got->suite);
    return s && policy_has_suite(p, s);
}

/* It answered in a way that decides: then it does not conform, else there is no verdict. */
static int not_working(const struct handshake_result *got, const char *version,
                       struct err *err)
{
    bool decided = got->verdict == HANDSHAKE_REFUSED || got->cause == HANDSHAKE_STARTTLS;
    return err_set(err, decided ? ERR_REFUSED : ERR_SYSTEM, "%s does not work: %s",
                   version, got->why);
}

static int must_work(struct check *c, enum protocol p, struct err *err)
{
    const struct protocol_info *info = protocol_info(p);
    CLEANUP(handshake_release) struct handshake_result got = HANDSHAKE_INIT;
    struct handshake_request request = {.min = info->wire, .max = info->wire};
    if (ask(c, &request, &got, err) < 0)
        return -1;
    if (got.verdict != HANDSHAKE_OK)
        return not_working(&got, info->name, err);
    c->control = true;
    if (!is_allowed(c->rules->policy, &got))
        return err_set(err, ERR_REFUSED, "chooses %s, which the profile does not have",
                       got.suite_name);
    return 0;
}

static int what_works(struct check *c, struct err *err)
{
    unsigned versions = c->rules->policy->protocols & c->rules->required;
    for (int p = PROTOCOL_TLS1_3; p >= PROTOCOL_TLS1; p--)
        if (protocol_in(versions, (enum protocol)p) &&
            must_work(c, (enum protocol)p, err) < 0)
            return -1;
    return 0;
}

/* --- what must not ---------------------------------------------------------------------------- */

static int is_accepted(const struct handshake_result *got, struct err *err)
{
    return err_set(err, ERR_REFUSED,
                   "accepts %s with %s, which the profile does not have",
                   version_name(got->protocol), got->suite_name);
}

/* Refused without a word: believed when it happens again and something else has worked. */
static int must_fail_again(const struct check *c, const struct handshake_request *request,
                           const struct handshake_result *first, struct err *err)
{
    CLEANUP(handshake_release) struct handshake_result got = HANDSHAKE_INIT;
    bool silent = first->cause == HANDSHAKE_CLOSED || first->cause == HANDSHAKE_RESET;
    if (!silent || !c->control)
        return err_set(err, ERR_SYSTEM, "no verdict: %s", first->why);
    if (ask(c, request, &got, err) < 0)
        return -1;
    if (got.verdict == HANDSHAKE_OK)
        return is_accepted(&got, err);
    if (got.verdict == HANDSHAKE_REFUSED || got.cause == first->cause)
        return 0;
    return err_set(err, ERR_SYSTEM, "no verdict: %s", got.why);
}

/* A request that libssl cannot make leaves nothing to be refused. */
static int must_fail(const struct check *c, const struct handshake_request *request,
                     struct err *err)
{
    CLEANUP(handshake_release) struct handshake_result got = HANDSHAKE_INIT;
    struct err impossible = ERR_INIT;
    if (ask(c, request, &got, &impossible) < 0) {
        if (impossible.kind == ERR_INPUT)
            return 0;
        *err = impossible;
        return -1;
    }
    switch (got.verdict) {
    case HANDSHAKE_OK:
        return is_accepted(&got, err);
    case HANDSHAKE_REFUSED:
        return 0;
    case HANDSHAKE_INCONCLUSIVE:
        return must_fail_again(c, request, &got, err);
    }
    return 0;
}

static int other_versions(const struct check *c, struct err *err)
{
    for (int p = PROTOCOL_TLS1; p <= PROTOCOL_TLS1_3; p++) {
        int wire = protocol_info((enum protocol)p)->wire;
        struct handshake_request request = {.min = wire, .max = wire};
        if (!protocol_in(c->rules->policy->protocols, (enum protocol)p) &&
            must_fail(c, &request, err) < 0)
            return -1;
    }
    return 0;
}

/* Every suite of the table that the policy lacks, in OpenSSL's names. */
static void list_others(const struct policy *policy, bool tls13, struct buf *out)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct suite *s = &table[i];
        if (s->openssl && suite_is_tls13(s) == tls13 && !suite_has(s, SUITE_SIGNAL) &&
            !policy_has_suite(policy, s))
            buf_addf(out, "%s%s", out->len ? ":" : "", s->openssl);
    }
}

static int other_suites(const struct check *c, struct err *err)
{
    unsigned protocols = c->rules->policy->protocols;
    CLEANUP(buf_release) struct buf old = BUF_INIT;
    CLEANUP(buf_release) struct buf new = BUF_INIT;
    list_others(c->rules->policy, false, &old);
    list_others(c->rules->policy, true, &new);
    bool tls13 = protocol_in(protocols, PROTOCOL_TLS1_3);
    unsigned before = protocols & ~protocol_bit(PROTOCOL_TLS1_3);
    if (before && old.len) {
        buf_adds(&old, ":@SECLEVEL=0");
        struct handshake_request request = {.cipher_list = buf_str(&old)};
        request.min = protocol_info(protocol_lowest(before))->wire;
        request.max = protocol_info(protocol_highest(before))->wire;
        if (must_fail(c, &request, err) < 0)
            return -1;
    }
    if (!tls13 || !new.len)
        return 0;
    struct handshake_request request = {.ciphersuites = buf_str(&new)};
    request.min = request.max = protocol_info(PROTOCOL_TLS1_3)->wire;
    return must_fail(c, &request, err);
}

int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    struct err *err)
{
    struct check c = {.endpoint = endpoint, .rules = rules};
    if (what_works(&c, err) == 0 && other_versions(&c, err) == 0 &&
        other_suites(&c, err) == 0)
        return 0;
    CLEANUP(mem_freep) char *text = verify_endpoint_text(endpoint);
    return err_context(err, "%s", text);
}
