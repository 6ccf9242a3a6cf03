/*
 * libssl talks to the wire through a BIO of our own, so that one deadline holds for everything, no
 * signal is raised, and how the connection ended is known to us and not guessed from an error queue.
 *
 * Not handled: what a TLS 1.3 server does after the client is done (session tickets, a late alert
 * about a client certificate).
 */
#include "probe/handshake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/deadline.h"
#include "base/visible.h"
#include "policy/suite.h"
#include "probe/dial.h"
#include "probe/peer.h"
#include "probe/starttls.h"

#define ALL_CIPHERS "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
#define ALL_SUITES                                                                       \
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"        \
    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"

/* --- the wire as a BIO ------------------------------------------------------------------------ */

/* What a handshake needs, in one place for its cleanup. */
struct talk {
    struct wire wire;
    enum wire_end end; /* how reading or writing ended, if it did */
    BIO_METHOD *method;
    SSL_CTX *ctx;
    SSL *ssl;
};

static void talk_release(struct talk *t)
{
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->method);
    wire_release(&t->wire);
    ERR_clear_error();
}

/* The first end is the one that counts: libssl may still try to send an alert. */
static void note_end(struct talk *t, enum wire_end end)
{
    if (t->end == WIRE_OK)
        t->end = end;
}

static int bio_read(BIO *bio, char *data, int len)
{
    struct talk *t = BIO_get_data(bio);
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    if (len <= 0)
        return 0;
    enum wire_end end = wire_read(&t->wire, (size_t)len, &in);
    note_end(t, end);
    if (end != WIRE_OK)
        return end == WIRE_CLOSED ? 0 : -1;
    memcpy(data, in.data, in.len);
    return (int)in.len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct talk *t = BIO_get_data(bio);
    if (len <= 0)
        return 0;
    enum wire_end end =
        wire_write(&t->wire, (struct bytes){.data = data, .len = (size_t)len});
    note_end(t, end);
    return end == WIRE_OK ? len : -1;
}

static long bio_ctrl(BIO *bio, int what, long n, void *data)
{
    (void)n;
    (void)data;
    const struct talk *t = BIO_get_data(bio);
    if (what == BIO_CTRL_EOF)
        return t->end == WIRE_CLOSED;
    return what == BIO_CTRL_FLUSH;
}

static int attach(struct talk *t, struct err *err)
{
    t->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    BIO *bio = NULL;
    if (t->method && BIO_meth_set_read(t->method, bio_read) &&
        BIO_meth_set_write(t->method, bio_write) &&
        BIO_meth_set_ctrl(t->method, bio_ctrl))
        bio = BIO_new(t->method);
    if (!bio)
        return err_set(err, ERR_SYSTEM, "libssl has no memory");
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio); /* takes it */
    return 0;
}

/* --- the request ------------------------------------------------------------------------------ */

static int set_versions(SSL_CTX *ctx, const struct handshake_request *r, struct err *err)
{
    if (SSL_CTX_set_min_proto_version(ctx, r->min ? r->min : TLS1_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, r->max ? r->max : TLS1_3_VERSION) != 1)
        return err_set(err, ERR_INPUT, "libssl cannot speak versions 0x%04x to 0x%04x",
                       (unsigned)r->min, (unsigned)r->max);
    return 0;
}

static int set_lists(SSL_CTX *ctx, const struct handshake_request *r, struct err *err)
{
    SSL_CTX_set_security_level(ctx, 0);
    const char *list = r->cipher_list ? r->cipher_list : ALL_CIPHERS;
    const char *suites = r->ciphersuites ? r->ciphersuites : ALL_SUITES;
    if (SSL_CTX_set_cipher_list(ctx, list) != 1)
        return err_set(err, ERR_INPUT, "libssl knows no cipher of '%s'", list);
    if (SSL_CTX_set_ciphersuites(ctx, suites) != 1)
        return err_set(err, ERR_INPUT, "libssl does not know the suites '%s'", suites);
    if (r->groups && SSL_CTX_set1_groups_list(ctx, r->groups) != 1)
        return err_set(err, ERR_INPUT, "libssl does not know the groups '%s'", r->groups);
    return 0;
}

static int set_anchors(SSL_CTX *ctx, const struct handshake_request *r, struct err *err)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    if (r->any_chain)
        return 0;
    if (r->ca_file && SSL_CTX_load_verify_file(ctx, r->ca_file) != 1)
        return err_set(err, ERR_SYSTEM, "'%s' has no readable CA certificates",
                       r->ca_file);
    if (!r->ca_file && SSL_CTX_set_default_verify_paths(ctx) != 1)
        ERR_clear_error(); /* no anchors: nothing will be trusted, which is said */
    return 0;
}

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 ||
           inet_pton(AF_INET6, name, address) == 1;
}

static int prepare(struct talk *t, const struct endpoint *e,
                   const struct handshake_request *r, struct err *err)
{
    t->ctx = SSL_CTX_new(TLS_client_method());
    if (!t->ctx)
        return err_set(err, ERR_SYSTEM, "libssl cannot be set up");
    SSL_CTX_set_options(t->ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_AUTO_RETRY);
    if (set_versions(t->ctx, r, err) < 0 || set_lists(t->ctx, r, err) < 0 ||
        set_anchors(t->ctx, r, err) < 0)
        return -1;
    t->ssl = SSL_new(t->ctx);
    if (!t->ssl)
        return err_set(err, ERR_SYSTEM, "libssl has no memory");
    if (e->name && !is_address(e->name) && SSL_set_tlsext_host_name(t->ssl, e->name) != 1)
        return err_set(err, ERR_INPUT, "'%s' cannot be sent as a server name", e->name);
    SSL_set_tlsext_status_type(t->ssl, TLSEXT_STATUSTYPE_ocsp);
    return 0;
}

/* --- what became of it ------------------------------------------------------------------------ */

static void conclude(struct handshake_result *ret, enum handshake_verdict verdict,
                     enum handshake_cause cause, const char *why)
{
    ret->verdict = verdict;
    ret->cause = cause;
    ret->why = visible_cut(bytes_str(why), 300);
}

static void conclude_wire(struct handshake_result *ret, enum wire_end how)
{
    static const struct {
        enum handshake_cause cause;
        const char *why;
    } ends[] = {
        [WIRE_CLOSED] = {HANDSHAKE_CLOSED, "the server closed the connection"},
        [WIRE_RESET] = {HANDSHAKE_RESET, "the server reset the connection"},
        [WIRE_TIMED_OUT] = {HANDSHAKE_TIMED_OUT, "no answer in time"},
        [WIRE_FAILED] = {HANDSHAKE_BROKEN, "reading failed"},
    };
    conclude(ret, HANDSHAKE_INCONCLUSIVE, ends[how].cause, ends[how].why);
}

/* A fatal alert shows as a reason of libssl's above its offset. Ref: RFC 8446 6 */
static bool is_alert(unsigned long code, int *alert)
{
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET ||
        reason > SSL_AD_REASON_OFFSET + 255)
        return false;
    *alert = reason - SSL_AD_REASON_OFFSET;
    return true;
}

static bool is_other_version(unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    return ERR_GET_LIB(code) == ERR_LIB_SSL &&
           (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION);
}

/* Nothing could be offered: no suite that fits the versions. */
static bool is_impossible(unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    return ERR_GET_LIB(code) == ERR_LIB_SSL && (reason == SSL_R_NO_CIPHERS_AVAILABLE ||
                                                reason == SSL_R_NO_PROTOCOLS_AVAILABLE);
}

static int judge_failure(const struct talk *t, int rc, struct handshake_result *ret,
                         struct err *err)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    int how = SSL_get_error(t->ssl, rc);
    if (code && is_impossible(code))
        return err_set(err, ERR_INPUT, "there is no suite to offer in these versions");
    if (code && is_alert(code, &ret->alert)) {
        CLEANUP(mem_freep)
        char *why = mem_printf("alert %d (%s)", ret->alert,
                               SSL_alert_desc_string_long(ret->alert));
        conclude(ret, HANDSHAKE_REFUSED, HANDSHAKE_ALERT, why);
    } else if (code && is_other_version(code)) {
        conclude(ret, HANDSHAKE_REFUSED, HANDSHAKE_VERSION,
                 "the server chose a version that was not offered");
    } else if (t->end != WIRE_OK) {
        conclude_wire(ret, t->end);
    } else if (how == SSL_ERROR_ZERO_RETURN) {
        conclude_wire(ret, WIRE_CLOSED);
    } else {
        conclude(ret, HANDSHAKE_INCONCLUSIVE, HANDSHAKE_BROKEN,
                 reason ? reason : "the answer is not TLS");
    }
    return 0;
}

static char *group_of(SSL *ssl)
{
    EVP_PKEY *key = NULL;
    char name[64];
    size_t n = 0;
    if (SSL_get_peer_tmp_key(ssl, &key) != 1 || !key)
        return NULL;
    char *group = EVP_PKEY_get_group_name(key, name, sizeof name, &n) == 1
                      ? mem_strdup(name)
                      : mem_strdup(EVP_PKEY_get0_type_name(key));
    EVP_PKEY_free(key);
    return group;
}

static void describe(SSL *ssl, const struct endpoint *e, bool judged,
                     struct handshake_result *ret)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    const unsigned char *staple = NULL;
    ret->verdict = HANDSHAKE_OK;
    ret->why = mem_strdup("");
    ret->protocol = SSL_version(ssl);
    ret->suite = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;
    const struct suite *suite = suite_by_id(ret->suite);
    ret->suite_name = suite ? mem_strdup(suite->name) : mem_printf("0x%04X", ret->suite);
    ret->group = group_of(ssl);
    ret->compression = SSL_get_current_compression(ssl) != NULL;
    ret->ticket = SSL_SESSION_has_ticket(SSL_get_session(ssl)) == 1;
    bool tls13 = ret->protocol == TLS1_3_VERSION;
    ret->secure_renegotiation = tls13 || SSL_get_secure_renegotiation_support(ssl) == 1;
    ret->extended_master = tls13 || SSL_get_extms_support(ssl) == 1;
    ret->staple = SSL_get_tlsext_status_ocsp_resp(ssl, &staple) > 0;
    peer_describe(ssl, e->name, judged, &ret->certificate);
}

/* --- all together ----------------------------------------------------------------------------- */

/* Up to the point where TLS begins; true: it does. */
static bool reach(struct talk *t, const struct endpoint *e, int deadline_ms,
                  struct handshake_result *ret)
{
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(deadline_ms ? deadline_ms : HANDSHAKE_DEADLINE_MS);
    if (dial(e, deadline, &t->wire, &err) < 0) {
        conclude(ret, HANDSHAKE_INCONCLUSIVE, HANDSHAKE_CONNECT, err.text);
        return false;
    }
    CLEANUP(mem_freep) char *why = NULL;
    if (e->starttls && starttls_run(&t->wire, e->starttls, &why) != STARTTLS_READY) {
        conclude(ret, HANDSHAKE_INCONCLUSIVE, HANDSHAKE_STARTTLS, why);
        return false;
    }
    return true;
}

int handshake(const struct endpoint *e, const struct handshake_request *r,
              struct handshake_result *ret, struct err *err)
{
    CLEANUP(talk_release) struct talk t = {.wire = WIRE_INIT};
    struct handshake_result got = HANDSHAKE_INIT;
    ERR_clear_error();
    if (prepare(&t, e, r, err) < 0)
        return -1;
    if (!reach(&t, e, r->deadline_ms, &got)) {
        *ret = got;
        return 0;
    }
    if (attach(&t, err) < 0)
        return -1;
    int rc = SSL_connect(t.ssl);
    if (rc == 1) {
        describe(t.ssl, e, !r->any_chain, &got);
        SSL_shutdown(t.ssl);
    } else if (judge_failure(&t, rc, &got, err) < 0) {
        return -1;
    }
    *ret = got;
    return 0;
}

void handshake_release(struct handshake_result *r)
{
    mem_freep(&r->why);
    mem_freep(&r->suite_name);
    mem_freep(&r->group);
    peer_release(&r->certificate);
    *r = (struct handshake_result)HANDSHAKE_INIT;
}
