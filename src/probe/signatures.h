/*
 * With what a server signs in TLS 1.3. CertificateVerify is encrypted: libssl, in a whole handshake, shows what
 * signs. That nothing else does is shown by a hello of our own: a server that can sign with nothing that is offered
 * says so instead of its ServerHello (RFC 8446 4.4.2.2), provided that the hello has a key_share, for
 * HelloRetryRequest comes before that is looked at. JSSE looks only after its ServerHello, and a server that demands
 * a cookie (4.2.2) answers everybody: who answers a hello that nothing can be signed for shows that, and is believed
 * when it ends libssl's handshake with an alert, beside one that works.
 *
 * Private to scan*.c and conform*.c.
 */
#ifndef PROBE_SIGNATURES_H
#define PROBE_SIGNATURES_H

#include "probe/handshake.h"
#include "probe/scanner.h"

struct signatures {
    struct scanner *s;
    const struct ids *groups; /* some that TLS 1.3 has chosen */
    const char *about;        /* what a refusal proves, as in scanner_ask() */
    bool
        certificates; /* it is these that count: a key of RSA need not sign with each hash */
    void (*seen)(void *ctx, struct handshake_result *r); /* a handshake with news */
    void *ctx;
};

/* Every scheme that may sign in TLS 1.3. Ref: RFC 8446 4.2.3 */
void signatures_all(struct ids *ret);

/* Adds every scheme that the key of such a certificate can sign with. */
void signatures_of(const struct handshake_certificate *cert, struct ids *ret);

/* Asks whether it signs with any of `schemes`: a hello, in the manner of scanner_ask(). */
void signatures_ask(const struct signatures *g, const struct ids *schemes,
                    struct answer *ret);

/* Goes through those that it signs with out of `schemes`. NULL: there are no others. Else why nobody knows, which is
 * on the list of scanner_unsure() as well; owned by the caller. */
char *signatures_walk(const struct signatures *g, const struct ids *schemes);

#endif
