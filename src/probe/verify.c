/*
 * What must work is tried first: it is also the control without which a closed connection means
 * nothing. What must be refused comes after, each refusal by closing a second time; and if there
 * was such a one, the control once more.
 *
 * What must be refused is offered in one version at a time: a server picks the version before the
 * suite, and would not get to see what it accepts in a lower one. Only the versions below the
 * policy's are offered together, with every suite: of those it would take the highest it has.
 */
#include "probe/verify.h"

#include <openssl/ssl.h>
#include <string.h>

#include "base/buf.h"
#include "policy/suite.h"
#include "probe/ask.h"
#include "probe/handshake.h"
#include "probe/tls.h"

struct check {
    const struct endpoint *endpoint;
    const struct verify_rules *rules;
    bool served;   /* a handshake has succeeded */
    bool on_trust; /* a closed connection was taken for a refusal */
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

static char *versions_text(unsigned set)
{
    struct buf out = BUF_INIT;
    for (enum protocol p = PROTOCOL_SSL2; p <= PROTOCOL_TLS1_3; p++)
        if (protocol_in(set, p))
            buf_addf(&out, "%s%s", out.len ? ", " : "", protocol_info(p)->name);
    return buf_take(&out);
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

int verify_alive(const struct endpoint *endpoint, int deadline_ms, struct err *err)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.any_chain = true, .deadline_ms = deadline_ms};
    if (attempt(endpoint, &ask, &r, err) < 0)
        return about(endpoint, err);
    if (r.verdict == HANDSHAKE_OK)
        return 0;
    err_set(err, kind_of(&r, false), "a TLS handshake has to work, but: %s", r.why);
    return about(endpoint, err);
}

/* --- what must work -------------------------------------------------------------------------- */

static int check_certificate(const struct check *c,
                             const struct handshake_certificate *cert)
{
    if (!c->rules->ca_file)
        return 0;
    if (!cert->trusted)
        return err_set(c->err, ERR_REFUSED,
                       "the certificate has to be trusted by '%s', but: %s",
                       c->rules->ca_file, cert->chain_text);
    if (!cert->name_matches)
        return err_set(c->err, ERR_REFUSED,
                       "the certificate has to be for %s, not for %s", c->endpoint->name,
                       cert->names.count ? cert->names.items[0] : "nobody");
    return 0;
}

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
    return check_certificate(c, &r->certificate);
}

/* Something else that works tells a server that refuses by closing from one that is broken. */
static int serves_otherwise(struct check *c)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.any_chain = true,
                                    .deadline_ms = c->rules->deadline_ms};
    if (c->served)
        return 0;
    if (handshake(c->endpoint, &ask, &r, c->err) < 0)
        return -1;
    c->served = r.verdict == HANDSHAKE_OK;
    return 0;
}

/* `r` is a close. The endpoint refuses that handshake if it serves another now, and this one still
 * not: one that has reached a limit serves neither. */
static int insist(struct check *c, const struct handshake_request *ask,
                  struct handshake_result *r)
{
    c->served = false;
    if (serves_otherwise(c) < 0)
        return -1;
    if (!c->served)
        return 0;
    handshake_release(r);
    return handshake(c->endpoint, ask, r, c->err);
}

static int must_work(struct check *c, int version)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.min = version,
                                    .max = version,
                                    .ca_file = c->rules->ca_file,
                                    .any_chain = !c->rules->ca_file,
                                    .deadline_ms = c->rules->deadline_ms};
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

/* Each required version; where none is, something has to work all the same. */
static int check_required(struct check *c)
{
    for (enum protocol p = PROTOCOL_TLS1; p <= PROTOCOL_TLS1_3; p++)
        if (protocol_in(c->rules->required, p) &&
            must_work(c, protocol_info(p)->wire) < 0)
            return -1;
    if (!c->served && serves_otherwise(c) < 0)
        return -1;
    if (!c->served)
        return err_set(c->err, ERR_SYSTEM,
                       "no handshake works, so that refusals would mean nothing");
    return 0;
}

/* --- what must be refused -------------------------------------------------------------------- */

static int accepted(const struct check *c, const struct handshake_result *r)
{
    const struct policy *p = c->rules->policy;
    const struct protocol_info *version = protocol_by_wire((uint16_t)r->protocol);
    if (version && protocol_in(p->protocols, version->id))
        return err_set(
            c->err, ERR_REFUSED,
            "%s has to refuse suites that are not the profile's, but accepts %s",
            version->name, r->suite_name);
    CLEANUP(mem_freep) char *allowed = versions_text(p->protocols);
    return err_set(c->err, ERR_REFUSED,
                   "only %s may be accepted, but %s is, too (with %s)", allowed,
                   version_text(r->protocol), r->suite_name);
}

/* What libssl cannot offer cannot be tried. */
static int must_refuse(struct check *c, const struct handshake_request *ask)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct err own = ERR_INIT;
    if (attempt(c->endpoint, ask, &r, &own) < 0)
        return own.kind == ERR_INPUT ? 0 : err_set(c->err, own.kind, "%s", own.text);
    if (r.verdict == HANDSHAKE_REFUSED)
        return 0;
    if (r.verdict == HANDSHAKE_OK)
        return accepted(c, &r);
    if (is_close(&r)) {
        c->on_trust = true;
        return 0;
    }
    return err_set(c->err, ERR_SYSTEM,
                   "%s%s%s has to be refused, but there is no telling: %s",
                   ask->cipher_list || ask->ciphersuites ? "another suite in " : "",
                   version_text(ask->max), ask->min ? "" : " and below", r.why);
}

static void free_ssl(SSL **ssl)
{
    SSL_free(*ssl);
}

static void free_ciphers(STACK_OF(SSL_CIPHER) * *list)
{
    sk_SSL_CIPHER_free(*list);
}

/* The suites that libssl has for a version and the policy has not, in OpenSSL's words. Those that
 * need a secret shared beforehand are not among them: libssl has none to share. */
static void other_suites(const struct policy *policy, int version, struct buf *out)
{
    CLEANUP(tls_context_free) SSL_CTX *ctx = tls_context();
    CLEANUP(free_ssl) SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    if (!ssl || !SSL_set_min_proto_version(ssl, version) ||
        !SSL_set_max_proto_version(ssl, version))
        return;
    CLEANUP(free_ciphers)
    STACK_OF(SSL_CIPHER) *list = SSL_get1_supported_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, i);
        const struct suite *s = suite_by_id(SSL_CIPHER_get_protocol_id(cipher));
        if (!s || !policy_allows_suite(policy, s))
            buf_addf(out, "%s%s", out->len ? ":" : "", SSL_CIPHER_get_name(cipher));
    }
}

static int check_suites(struct check *c, enum protocol version)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    int wire = protocol_info(version)->wire;
    struct handshake_request ask = {.min = wire,
                                    .max = wire,
                                    .any_chain = true,
                                    .deadline_ms = c->rules->deadline_ms};
    other_suites(c->rules->policy, wire, &list);
    if (list.len == 0)
        return 0;
    if (version == PROTOCOL_TLS1_3)
        ask.ciphersuites = list.data;
    else
        ask.cipher_list = list.data;
    return must_refuse(c, &ask);
}

static int check_versions(struct check *c)
{
    unsigned allowed = c->rules->policy->protocols;
    struct handshake_request ask = {.any_chain = true,
                                    .deadline_ms = c->rules->deadline_ms};
    enum protocol low = protocol_lowest(allowed), high = protocol_highest(allowed);
    if (low > PROTOCOL_TLS1) {
        ask.max = protocol_info((enum protocol)(low - 1))->wire;
        if (must_refuse(c, &ask) < 0)
            return -1;
    }
    for (unsigned p = high + 1; p <= PROTOCOL_TLS1_3; p++) {
        ask.min = ask.max = protocol_info((enum protocol)p)->wire;
        if (must_refuse(c, &ask) < 0)
            return -1;
    }
    return 0;
}

/* A server that died on the way has not refused anything. */
static int check_again(struct check *c)
{
    CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
    struct handshake_request ask = {.any_chain = true,
                                    .deadline_ms = c->rules->deadline_ms};
    if (!c->on_trust)
        return 0;
    if (attempt(c->endpoint, &ask, &r, c->err) < 0)
        return -1;
    if (r.verdict == HANDSHAKE_OK)
        return 0;
    return err_set(c->err, ERR_SYSTEM, "it closed connections, and now serves nobody: %s",
                   r.why);
}

static int check_all(struct check *c)
{
    if (check_required(c) < 0 || check_versions(c) < 0)
        return -1;
    for (enum protocol p = PROTOCOL_TLS1; p <= PROTOCOL_TLS1_3; p++)
        if (protocol_in(c->rules->policy->protocols, p) && check_suites(c, p) < 0)
            return -1;
    return check_again(c);
}

int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    struct err *err)
{
    struct check c = {.endpoint = endpoint, .rules = rules, .err = err};
    return check_all(&c) < 0 ? about(endpoint, err) : 0;
}
