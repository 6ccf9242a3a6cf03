/*
 * What must work is tried first: nothing that is refused means anything on a server that serves nobody.
 */
#include "probe/verify.h"

#include <string.h>

#include "base/buf.h"
#include "policy/suite.h"
#include "probe/ask.h"
#include "probe/conform.h"
#include "probe/handshake.h"

struct check {
    const struct endpoint *endpoint;
    const struct verify_rules *rules;
    bool served; /* a handshake has succeeded */
    struct err *err;
};

/* --- words ----------------------------------------------------------------------------------- */

static void describe_endpoint(const struct endpoint *e, struct buf *out)
{
    bool six = strchr(e->address ? e->address : "", ':') != NULL;
    buf_addf(out, "%s %s %s%s%s:%u", e->service ? e->service : "server",
             e->role ? e->role : "", six ? "[" : "", e->address ? e->address : "",
             six ? "]" : "", e->port);
    if (e->starttls)
        buf_addf(out, " (starttls %s)", e->starttls);
    if (e->name)
        buf_addf(out, " for %s", e->name);
}

/* Puts the endpoint before the message; always -1. */
static int about(const struct endpoint *e, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    describe_endpoint(e, &text);
    return err_context(err, "%s", buf_str(&text));
}

static const char *version_text(int wire)
{
    const struct protocol_info *p = protocol_by_wire((uint16_t)wire);
    return p ? p->name : "an unknown version";
}

/* --- handshakes ------------------------------------------------------------------------------ */

static bool is_close(const struct handshake_result *r)
{
    return r->verdict == HANDSHAKE_INCONCLUSIVE &&
           (r->cause == HANDSHAKE_CLOSED || r->cause == HANDSHAKE_RESET);
}

/* A handshake, and once more if the connection was just closed. */
static int attempt(const struct endpoint *e, const struct handshake_request *ask,
                   struct handshake_result *ret, struct err *err)
{
    if (handshake(e, ask, ret, err) < 0)
        return -1;
    if (!is_close(ret))
        return 0;
    handshake_release(ret);
    return handshake(e, ask, ret, err);
}

/* What a handshake that had to succeed says when it did not: was that an answer? An endpoint that
 * has begun TLS a moment ago and now does not has a limit, or trouble: no verdict. */
static enum err_kind kind_of(const struct handshake_result *r, bool served)
{
    switch (r->cause) {
    case HANDSHAKE_ALERT:
    case HANDSHAKE_VERSION:
    case HANDSHAKE_BROKEN:
        return ERR_REFUSED;
    case HANDSHAKE_STARTTLS:
        return served || answer_is_busy(r->why) ? ERR_SYSTEM : ERR_REFUSED;
    case HANDSHAKE_CLOSED:
    case HANDSHAKE_RESET:
        return served ? ERR_REFUSED : ERR_SYSTEM;
    case HANDSHAKE_NO_CAUSE:
    case HANDSHAKE_TIMED_OUT:
    case HANDSHAKE_CONNECT:
    case HANDSHAKE_DROPPED:
        break;
    }
    return ERR_SYSTEM;
}

/* --- what must work -------------------------------------------------------------------------- */

static int check_agreed(const struct check *c, int version,
                        const struct handshake_result *r)
{
    const struct suite *suite = suite_by_id(r->suite);
    if (r->protocol != version)
        return err_set(c->err, ERR_REFUSED, "%s has to work, but it speaks %s",
                       version_text(version), version_text(r->protocol));
    if (!suite || !policy_allows_suite(c->rules->policy, suite))
        return err_set(c->err, ERR_REFUSED,
                       "%s has to negotiate a suite of the profile, but it negotiates %s",
                       version_text(version), r->suite_name);
    return 0;
}

/* `r` is a close. The endpoint refuses that handshake if it serves another now, and this one still
 * not: one that is broken, or has reached a limit, serves neither. */
static int insist(struct check *c, const struct handshake_request *ask,
                  struct handshake_result *r)
{
    CLEANUP(handshake_release) struct handshake_result other = HANDSHAKE_INIT;
    struct handshake_request any = {.deadline_ms = c->rules->deadline_ms};
    if (handshake(c->endpoint, &any, &other, c->err) < 0)
        return -1;
    c->served = other.verdict == HANDSHAKE_OK;
    if (!c->served)
        return 0;
    handshake_release(r);
    return handshake(c->endpoint, ask, r, c->err);
}

static int must_work(struct check *c, int version)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {
        .min = version, .max = version, .deadline_ms = c->rules->deadline_ms};
    if (attempt(c->endpoint, &ask, &r, c->err) < 0 ||
        (is_close(&r) && insist(c, &ask, &r) < 0))
        return -1;
    if (r.verdict == HANDSHAKE_OK) {
        c->served = true;
        return check_agreed(c, version, &r);
    }
    return err_set(c->err, kind_of(&r, c->served), "%s has to work, but: %s",
                   version_text(version), r.why);
}

static int check_required(struct check *c)
{
    for (enum protocol p = PROTOCOL_TLS1; p <= PROTOCOL_TLS1_3; p++)
        if (protocol_in(c->rules->required, p) &&
            must_work(c, protocol_info(p)->wire) < 0)
            return -1;
    return 0;
}

/* --- what must be refused -------------------------------------------------------------------- */

/* What every server can be told, so that an answer to the contrary is reason enough to go back. */
static bool is_hard(enum conform_rule rule)
{
    return rule == CONFORM_ANSWERS || rule == CONFORM_VERSIONS ||
           rule == CONFORM_SUITES || rule == CONFORM_COMPRESSION;
}

static int judge(const struct conform_item *item, unsigned *soft, struct err *err)
{
    bool is_soft = item->rule == CONFORM_GROUPS || item->rule == CONFORM_SCHEMES;
    *soft += is_soft && item->verdict == CONFORM_NO;
    if (!is_hard(item->rule) || item->verdict == CONFORM_YES)
        return 0;
    return err_set(err, item->verdict == CONFORM_NO ? ERR_REFUSED : ERR_SYSTEM,
                   "%s%sexpected %s, found %s", item->part, item->part[0] ? ": " : "",
                   item->expected, item->found ? item->found : "nothing");
}

static int check_refused(const struct check *c, unsigned *soft)
{
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    const struct conform_rules rules = {.policy = c->rules->policy,
                                        .deadline_ms = c->rules->deadline_ms};
    if (conform(c->endpoint, &rules, &found, c->err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++)
        if (judge(&found.items[i], soft, c->err) < 0)
            return -1;
    return 0;
}

int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    unsigned *ret_soft, struct err *err)
{
    struct check c = {.endpoint = endpoint, .rules = rules, .err = err};
    unsigned soft = 0;
    if (check_required(&c) < 0 || check_refused(&c, &soft) < 0)
        return about(endpoint, err);
    *ret_soft = soft;
    return 0;
}
