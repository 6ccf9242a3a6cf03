/*
 * TLS over a wire, as a client that allows everything: libssl works on memory, the wire carries
 * its bytes, so that deadline, limit and SIGPIPE are the wire's business and the end of a
 * connection is known exactly.
 *
 *     CLEANUP(tls_context_free) SSL_CTX *ctx = tls_context();
 *     CLEANUP(tls_release) struct tls t = TLS_INIT;
 *     if (tls_begin(&t, ctx, endpoint, err) < 0) ...    nothing that libssl could offer
 *     t.wire = &wire;
 *     if (tls_connect(&t) == WIRE_OK) ...
 *
 * WIRE_CLOSED stands for close_notify as well. WIRE_FAILED with a `why` is TLS that failed: a
 * fatal alert (then `alert` is its number) or an answer that libssl cannot follow.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "probe/ids.h"
#include "probe/wire.h"

struct tls {
    SSL *ssl;           /* owned */
    struct wire *wire;  /* borrowed */
    enum wire_end sent; /* how the first write that failed ended */
    int alert;          /* fatal one that was received; else -1 */
    char why[160];      /* why TLS failed; "" when it did not */
    /* what the server has sent */
    int server_version;       /* of its ServerHello; 0: none came */
    uint16_t scheme;          /* that signed CertificateVerify, TLS 1.3; 0: none came */
    bool certificate_request; /* it asked for a client certificate */
    bool ticket;
};

#define TLS_INIT                                                                         \
    {                                                                                    \
        .ssl = NULL, .alert = -1                                                         \
    }

/* A client's context that offers all that libssl has, whatever openssl.cnf says, certificates not
 * enforced. NULL: libssl has no memory or is broken. Owned by the caller (tls_context_free). */
SSL_CTX *tls_context(void);

/* Offers these signature schemes, by IANA's numbers, as far as libssl has them; NULL: all that it
 * has. False: it has none of them. */
bool tls_offer_schemes(SSL_CTX *ctx, const struct ids *schemes);

void tls_context_free(SSL_CTX **ctx);
void tls_release(struct tls *t);

/* Prepares a connection and its ClientHello, with endpoint->name as SNI unless it is an address.
 * `t` must not move afterwards. ERR_INPUT: there is nothing that could be offered. */
int tls_begin(struct tls *t, SSL_CTX *ctx, const struct endpoint *endpoint,
              struct err *err) MUST_CHECK;

/* The handshake. */
enum wire_end tls_connect(struct tls *t);

/* Appends at least one byte, at most `max`, to `in`. */
enum wire_end tls_read(struct tls *t, size_t max, struct buf *in);

/* Sends all of `out`, which is short. */
enum wire_end tls_write(struct tls *t, struct bytes out);

/* Says goodbye, and in TLS 1.3 hears the server out until it has shown what it thinks of the
 * handshake (a ticket, data, an alert) or closed, for no longer than `ms`. WIRE_FAILED: an alert
 * or nonsense; WIRE_TIMED_OUT: it had nothing to say. */
enum wire_end tls_settle(struct tls *t, int ms);

#endif
