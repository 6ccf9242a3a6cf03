/*
 * libssl between two memory BIOs. What it wants to send goes out after each of its calls; when it
 * wants to read, the wire is waited for.
 *
 * openssl.cnf may narrow what a context offers (Debian's sets a security level and a lowest
 * version): each such setting is overridden here, since a probe that offers less sees less.
 */
#include "probe/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/hostname.h"
#include "policy/sigscheme.h"

#define EVERY_CIPHER "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
#define EVERY_CIPHERSUITE                                                                \
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"        \
    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"
#define PIECE ((size_t)16 << 10)

enum handshake_type { /* RFC 8446 4 */
                      SERVER_HELLO = 2,
                      NEW_SESSION_TICKET = 4,
                      CERTIFICATE_REQUEST = 13,
                      CERTIFICATE_VERIFY = 15,
};

/* --- what is offered ------------------------------------------------------------------------- */

bool tls_offer_schemes(SSL_CTX *ctx, const struct ids *schemes)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (schemes && !ids_has(schemes, table[i].id))
            continue;
        CLEANUP(mem_freep) char *name = mem_strdup(table[i].openssl);
        if (name && SSL_CTX_set1_sigalgs_list(ctx, name))
            buf_addf(&list, "%s%s", list.len ? ":" : "", name);
    }
    ERR_clear_error();
    return list.len && SSL_CTX_set1_sigalgs_list(ctx, list.data) == 1;
}

static bool offer_everything(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_clear_options(ctx, SSL_CTX_get_options(ctx));
    SSL_CTX_set_options(ctx,
                        SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(ctx, 0) &&
           SSL_CTX_set_max_proto_version(ctx, 0) &&
           SSL_CTX_set_cipher_list(ctx, EVERY_CIPHER) &&
           SSL_CTX_set_ciphersuites(ctx, EVERY_CIPHERSUITE) &&
           tls_offer_schemes(ctx, NULL);
}

void tls_context_free(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
    *ctx = NULL;
}

SSL_CTX *tls_context(void)
{
    CLEANUP(tls_context_free) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || !offer_everything(ctx))
        return NULL;
    return TAKE_PTR(ctx);
}

void tls_release(struct tls *t)
{
    SSL_free(t->ssl);
    *t = (struct tls)TLS_INIT;
}

/* --- what the server has sent ---------------------------------------------------------------- */

static unsigned number(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* The version that a ServerHello chooses: the field, unless supported_versions (43) says more.
 * Ref: RFC 8446 4.1.3, 4.2.1 */
static int chosen_version(const unsigned char *m, size_t len)
{
    size_t at = 4 + 2 + 32; /* header, version, random; then the session id */
    if (len < at + 1)
        return 0;
    int version = (int)number(m + 4);
    at += 1 + (size_t)m[at] + 2 + 1 + 2; /* suite, compression, length of extensions */
    while (at + 4 <= len) {
        unsigned type = number(m + at), size = number(m + at + 2);
        if (type == 43 && size == 2 && at + 6 <= len)
            return (int)number(m + at + 4);
        at += 4 + size;
    }
    return version;
}

static void on_message(int sent, int version, int type, const void *data, size_t len,
                       SSL *ssl, void *arg)
{
    struct tls *t = arg;
    const unsigned char *m = data;
    (void)version;
    (void)ssl;
    if (sent || type != SSL3_RT_HANDSHAKE || len == 0)
        return;
    if (m[0] == SERVER_HELLO)
        t->server_version = chosen_version(m, len);
    if (m[0] == CERTIFICATE_VERIFY && len >= 6)
        t->scheme = (uint16_t)number(m + 4);
    t->certificate_request = t->certificate_request || m[0] == CERTIFICATE_REQUEST;
    t->ticket = t->ticket || m[0] == NEW_SESSION_TICKET;
}

/* --- exchange -------------------------------------------------------------------------------- */

static void note_failure(struct tls *t)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
        reason < SSL_AD_REASON_OFFSET + 256) {
        t->alert = reason - SSL_AD_REASON_OFFSET;
        snprintf(t->why, sizeof t->why, "alert %s (%d)",
                 SSL_alert_desc_string_long(t->alert), t->alert);
        return;
    }
    const char *text = ERR_reason_error_string(code);
    snprintf(t->why, sizeof t->why, "%s", text ? text : "unknown error of libssl");
}

static void flush(struct tls *t)
{
    char *data = NULL;
    BIO *out = SSL_get_wbio(t->ssl);
    long n = BIO_get_mem_data(out, &data);
    enum wire_end end = WIRE_OK;
    if (n > 0)
        end = wire_write(t->wire, (struct bytes){.data = data, .len = (size_t)n});
    BIO_reset(out);
    if (t->sent == WIRE_OK)
        t->sent = end;
}

/* A server that refuses may have closed before it was written to: what it said is read all the
 * same, and only then does the failed write count. */
static enum wire_end fill(struct tls *t)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    enum wire_end end = wire_read(t->wire, PIECE, &in);
    if (end == WIRE_CLOSED && t->sent != WIRE_OK)
        return t->sent;
    if (end == WIRE_OK && BIO_write(SSL_get_rbio(t->ssl), in.data, (int)in.len) < 0)
        end = WIRE_FAILED;
    return end;
}

/* After a call of libssl that did not succeed: OK when it is to be made again. */
static enum wire_end carry(struct tls *t, int result)
{
    int what = SSL_get_error(t->ssl, result);
    if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_ZERO_RETURN)
        note_failure(t);
    ERR_clear_error();
    flush(t);
    if (what == SSL_ERROR_ZERO_RETURN)
        return WIRE_CLOSED;
    return what == SSL_ERROR_WANT_READ ? fill(t) : WIRE_FAILED;
}

static int set_up(struct tls *t, SSL_CTX *ctx, const char *name)
{
    t->ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!t->ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        return -1;
    }
    SSL_set_bio(t->ssl, in, out);
    SSL_set_msg_callback(t->ssl, on_message);
    SSL_set_msg_callback_arg(t->ssl, t);
    CLEANUP(mem_freep) /* the macro wants it writable */
    char *sni = name ? mem_strndup(name, hostname_length(name)) : NULL;
    if (sni && !hostname_is_address(sni) && !SSL_set_tlsext_host_name(t->ssl, sni))
        return -1;
    return SSL_set_tlsext_status_type(t->ssl, TLSEXT_STATUSTYPE_ocsp) ? 0 : -1;
}

int tls_begin(struct tls *t, SSL_CTX *ctx, const struct endpoint *endpoint,
              struct err *err)
{
    ERR_clear_error();
    if (set_up(t, ctx, endpoint->name) < 0)
        return err_set(err, ERR_INPUT, "libssl cannot ask for the server name '%s'",
                       endpoint->name ? endpoint->name : "");
    int result = SSL_connect(t->ssl); /* nothing to read yet: it stops behind the hello */
    if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ) {
        note_failure(t);
        ERR_clear_error();
        return err_set(err, ERR_INPUT, "libssl has nothing to offer: %s", t->why);
    }
    return 0;
}

enum wire_end tls_connect(struct tls *t)
{
    int result;
    enum wire_end end = WIRE_OK;
    while (end == WIRE_OK && (result = SSL_connect(t->ssl)) != 1)
        end = carry(t, result);
    if (end == WIRE_OK)
        flush(t);
    return end;
}

enum wire_end tls_read(struct tls *t, size_t max, struct buf *in)
{
    size_t n = 0;
    enum wire_end end = WIRE_OK;
    buf_reserve(in, max);
    while (end == WIRE_OK) {
        int result = SSL_read_ex(t->ssl, in->data + in->len, max, &n);
        if (result == 1)
            break;
        end = carry(t, result);
    }
    in->len += n;
    in->data[in->len] = '\0';
    return end;
}

enum wire_end tls_write(struct tls *t, struct bytes out)
{
    size_t n = 0;
    enum wire_end end = WIRE_OK;
    while (end == WIRE_OK && out.len) {
        int result = SSL_write_ex(t->ssl, out.data, out.len, &n);
        if (result == 1)
            break;
        end = carry(t, result);
    }
    flush(t);
    return end == WIRE_OK ? t->sent : end;
}

/* Until the server has shown that it holds the connection for established. */
static enum wire_end hear_out(struct tls *t)
{
    char data[256];
    size_t n = 0;
    enum wire_end end = WIRE_OK;
    while (end == WIRE_OK && !t->ticket) {
        int result = SSL_read_ex(t->ssl, data, sizeof data, &n);
        if (result == 1)
            break;
        if (!t->ticket)
            end = carry(t, result);
    }
    return end;
}

enum wire_end tls_settle(struct tls *t, int ms)
{
    int64_t deadline = deadline_in(ms);
    if (deadline < t->wire->deadline)
        t->wire->deadline = deadline;
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    flush(t);
    if (SSL_version(t->ssl) < TLS1_3_VERSION)
        return WIRE_OK;
    shutdown(t->wire->fd, SHUT_WR);
    return hear_out(t);
}
