/*
 * Handshakes. First the ClientHello is made, so that an impossible request is known before
 * anybody is bothered; then come connection, STARTTLS and TLS, under one deadline; then what
 * happened is judged.
 *
 * Not handled: what libssl cannot offer (SSLv3 and below, RC4, 3DES, export suites, ML-KEM), and
 * finite-field groups in a ClientHello that ends at TLS 1.2, without which GnuTLS may hold back
 * its DHE suites.
 */
#include "probe/handshake.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"
#include "policy/suite.h"
#include "probe/anchors_system.h"
#include "probe/dial.h"
#include "probe/leaf.h"
#include "probe/staple.h"
#include "probe/starttls.h"
#include "probe/tls.h"

/* How long a TLS 1.3 server may take to show what it thinks of our Finished. */
#define SETTLE_MS 1000

void handshake_release(struct handshake_result *r)
{
    free(r->why);
    free(r->suite_name);
    free(r->group);
    leaf_release(&r->certificate);
    *r = (struct handshake_result)HANDSHAKE_INIT;
}

/* --- the request ----------------------------------------------------------------------------- */

static bool takes_version(SSL_CTX *ctx, int min, int max)
{
    return (min == 0 || (min >= TLS1_VERSION && min <= TLS1_3_VERSION)) &&
           (max == 0 || (max >= TLS1_VERSION && max <= TLS1_3_VERSION)) &&
           SSL_CTX_set_min_proto_version(ctx, min) &&
           SSL_CTX_set_max_proto_version(ctx, max);
}

static int make_context(const struct handshake_request *r, SSL_CTX **ret, struct err *err)
{
    CLEANUP(tls_context_free) SSL_CTX *ctx = tls_context();
    if (!ctx)
        return err_set(err, ERR_SYSTEM, "libssl gives no context");
    if (!takes_version(ctx, r->min, r->max))
        return err_set(err, ERR_INPUT, "libssl lacks TLS versions 0x%04x to 0x%04x",
                       (unsigned)r->min, (unsigned)r->max);
    if (r->schemes && !tls_offer_schemes(ctx, r->schemes))
        return err_set(err, ERR_INPUT, "libssl has none of those signature schemes");
    if (r->anchors) {
        anchors_complete(r->anchors);
        SSL_CTX_set1_cert_store(ctx, r->anchors);
    }
    ERR_clear_error();
    *ret = TAKE_PTR(ctx);
    return 0;
}

/* Whether there is a STARTTLS dialogue for it. */
static int check_protocol(const struct endpoint *e, struct err *err)
{
    CLEANUP(starttls_release) struct starttls talk = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf ignored = BUF_INIT;
    return e->starttls ? starttls_begin(&talk, e->starttls, e->name, &ignored, err) : 0;
}

/* --- what came of it ------------------------------------------------------------------------- */

static void not_ok(struct handshake_result *r, enum handshake_cause cause,
                   const char *why)
{
    r->verdict = cause == HANDSHAKE_VERSION ? HANDSHAKE_REFUSED : HANDSHAKE_INCONCLUSIVE;
    r->cause = cause;
    free(r->why);
    r->why = mem_strdup(why);
}

static bool was_offered(const struct tls *t)
{
    long min = SSL_get_min_proto_version(t->ssl), max = SSL_get_max_proto_version(t->ssl);
    return t->server_version >= (min ? min : TLS1_VERSION) &&
           t->server_version <= (max ? max : TLS1_3_VERSION);
}

static void judge_answer(const struct tls *t, struct handshake_result *r)
{
    if (t->alert >= 0) {
        not_ok(r, HANDSHAKE_ALERT, t->why);
        r->alert = t->alert;
        if (!t->server_version)
            r->verdict = HANDSHAKE_REFUSED;
    } else if (t->server_version && !was_offered(t)) {
        not_ok(r, HANDSHAKE_VERSION, t->why);
    } else {
        not_ok(r, HANDSHAKE_BROKEN, t->why);
    }
}

static void judge_failure(const struct tls *t, enum wire_end end,
                          struct handshake_result *r)
{
    bool amid = t->server_version != 0;
    switch (end) {
    case WIRE_OK:
        break;
    case WIRE_CLOSED:
        not_ok(r, amid ? HANDSHAKE_BROKEN : HANDSHAKE_CLOSED,
               amid ? "closed by the server amid the handshake"
                    : "closed by the server without an answer");
        break;
    case WIRE_RESET:
        not_ok(r, amid ? HANDSHAKE_BROKEN : HANDSHAKE_RESET,
               amid ? "reset by the server amid the handshake"
                    : "reset by the server without an answer");
        break;
    case WIRE_TIMED_OUT:
        not_ok(r, HANDSHAKE_TIMED_OUT, "no answer in time");
        break;
    case WIRE_FAILED:
        if (t->why[0])
            judge_answer(t, r);
        else
            not_ok(r, HANDSHAKE_BROKEN, wire_end_text(end));
        break;
    }
}

/* A server that asked for a certificate, got none and ended it there had agreed to the rest. */
static bool wants_us_certified(const struct tls *t, enum wire_end end)
{
    bool ended =
        end == WIRE_CLOSED || end == WIRE_RESET || (end == WIRE_FAILED && t->alert >= 0);
    return t->certificate_request && ended;
}

static char *group_of(SSL *ssl)
{
    long nid = SSL_get_negotiated_group(ssl);
    const char *name = nid > 0 && nid < 0x10000 ? OBJ_nid2sn((int)nid) : NULL;
    return mem_strdup(name);
}

static void judge_staple(SSL *ssl, bool judged, struct handshake_certificate *c)
{
    const unsigned char *der = NULL;
    long n = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    struct staple_about about = {.leaf = SSL_get0_peer_certificate(ssl)};
    if (n <= 0 || !about.leaf)
        return;
    if (judged && SSL_get_verify_result(ssl) == X509_V_OK) {
        about.chain = SSL_get0_verified_chain(ssl);
        about.anchors = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    }
    struct bytes response = {.data = (const char *)der, .len = (size_t)n};
    c->staple_problem = staple_problem(response, &about, time(NULL), &c->staple_revoked);
}

static void judge_certificate(SSL *ssl, const char *name, bool judged,
                              struct handshake_certificate *c)
{
    leaf_read(SSL_get0_peer_certificate(ssl), name, c);
    if (!c->present || !judged)
        c->chain_text = mem_strdup(c->present ? "not judged" : "no certificate");
    else
        leaf_judge((int)SSL_get_verify_result(ssl), SSL_get0_verified_chain(ssl), c);
    judge_staple(ssl, judged, c);
}

static void describe(const struct tls *t, struct handshake_result *r)
{
    SSL *ssl = t->ssl;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    if (!cipher)
        cipher = SSL_get_pending_cipher(ssl);
    r->suite = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;
    const struct suite *known = suite_by_id(r->suite);
    const char *name = known    ? known->name
                       : cipher ? SSL_CIPHER_standard_name(cipher)
                                : "";
    const unsigned char *staple = NULL;
    bool tls13 = SSL_version(ssl) == TLS1_3_VERSION;
    r->verdict = HANDSHAKE_OK;
    r->why = mem_strdup("");
    r->protocol = SSL_version(ssl);
    r->suite_name = mem_strdup(name ? name : "");
    r->group = group_of(ssl);
    r->compression = SSL_get_current_compression(ssl) != NULL;
    r->secure_renegotiation = tls13 || SSL_get_secure_renegotiation_support(ssl) == 1;
    r->extended_master = tls13 || SSL_get_extms_support(ssl) == 1;
    r->staple = SSL_get_tlsext_status_ocsp_resp(ssl, &staple) > 0;
    r->scheme = t->scheme;
    r->client_certificate = t->certificate_request;
    r->ticket = t->ticket;
}

/* --- the handshake --------------------------------------------------------------------------- */

/* In TLS 1.3 the client is done before the server has read its Finished: a server that does not
 * like it says so afterwards. Silence and an orderly end are consent. */
static enum wire_end shake(struct tls *t)
{
    enum wire_end end = tls_connect(t);
    if (end != WIRE_OK)
        return end;
    end = tls_settle(t, SETTLE_MS);
    return end == WIRE_CLOSED || end == WIRE_TIMED_OUT ? WIRE_OK : end;
}

static bool begin_tls(struct wire *w, const struct endpoint *e,
                      struct handshake_result *r)
{
    CLEANUP(mem_freep) char *why = NULL;
    if (!e->starttls)
        return true;
    enum starttls_state state = starttls_run(w, e->starttls, e->name, &why);
    bool unheard = state == STARTTLS_DROPPED || state == STARTTLS_TURNED_AWAY;
    if (state != STARTTLS_READY)
        not_ok(r, unheard ? HANDSHAKE_DROPPED : HANDSHAKE_STARTTLS, why);
    return state == STARTTLS_READY;
}

/* The wire is the caller's, since TLS outlives this call. */
static int run(struct tls *t, struct wire *wire, const struct endpoint *e,
               int64_t deadline, struct handshake_result *r, struct err *err)
{
    struct err dialled = ERR_INIT;
    if (dial(e, deadline, wire, &dialled) < 0) {
        if (dialled.kind == ERR_INPUT)
            return err_set(err, ERR_INPUT, "%s", dialled.text);
        not_ok(r, HANDSHAKE_CONNECT, dialled.text);
        return 0;
    }
    if (!begin_tls(wire, e, r))
        return 0;
    t->wire = wire;
    enum wire_end end = shake(t);
    if (end == WIRE_OK || wants_us_certified(t, end))
        describe(t, r);
    else
        judge_failure(t, end, r);
    return 0;
}

int handshake(const struct endpoint *endpoint, const struct handshake_request *request,
              struct handshake_result *ret, struct err *err)
{
    int ms = request->deadline_ms > 0 ? request->deadline_ms : HANDSHAKE_DEADLINE_MS;
    int64_t deadline = deadline_in(ms);
    CLEANUP(tls_context_free) SSL_CTX *ctx = NULL;
    CLEANUP(wire_release) struct wire wire = WIRE_INIT;
    CLEANUP(tls_release) struct tls t = TLS_INIT;
    struct handshake_result r = HANDSHAKE_INIT;
    if (check_protocol(endpoint, err) < 0 || make_context(request, &ctx, err) < 0 ||
        tls_begin(&t, ctx, endpoint, err) < 0 ||
        run(&t, &wire, endpoint, deadline, &r, err) < 0)
        return -1;
    if (r.verdict == HANDSHAKE_OK)
        judge_certificate(t.ssl, endpoint->name, request->anchors != NULL,
                          &r.certificate);
    *ret = r;
    return 0;
}
