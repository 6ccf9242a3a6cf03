/*
 * One full TLS handshake through libssl, of the versions and signature schemes that the caller likes, and what came of it.
 *
 *     struct handshake_request ask = {.min = 0x0303, .max = 0x0303, .deadline_ms = 5000};
 *     CLEANUP(handshake_release) struct handshake_result got = HANDSHAKE_INIT;
 *     if (handshake(&endpoint, &ask, &got, err) < 0) ...   the request itself is impossible
 *
 * Everything libssl can speak is allowed (security level 0) unless restricted; the certificate
 * is looked at, and its chain judged if there are anchors; a bad one does not end the handshake.
 *
 * A verdict has three values, and the middle one is given for an answer in TLS only: a ClientHello
 * that was turned down. GnuTLS servers refuse by closing the connection, which a crash, a connection
 * limit or a middle box can do as well: that is HANDSHAKE_INCONCLUSIVE with HANDSHAKE_CLOSED or
 * HANDSHAKE_RESET, and becomes a refusal only in the hands of a caller that has a positive control
 * (verify.h). A server that has chosen version and suite and fails later has not refused them:
 * whatever ends such a handshake, it is inconclusive. Only a server that wants a certificate of the
 * client's, and ends the handshake for lack of it, has agreed to everything else: OK.
 */
#ifndef PROBE_HANDSHAKE_H
#define PROBE_HANDSHAKE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "base/strv.h"
#include "probe/ids.h"

struct handshake_request {
    int min, max; /* 0x0301 .. 0x0304; 0: whatever libssl has */
    const struct ids
        *schemes; /* for signatures, as far as libssl has them; NULL: everything it has */
    X509_STORE
    *anchors;        /* the chain is judged by these; borrowed; NULL: it is not judged */
    int deadline_ms; /* for everything, connecting included; 0: HANDSHAKE_DEADLINE_MS */
};

#define HANDSHAKE_DEADLINE_MS 10000

enum handshake_verdict {
    HANDSHAKE_OK,
    HANDSHAKE_REFUSED, /* a fatal alert to our ClientHello, or an answer in a version that was not offered */
    HANDSHAKE_INCONCLUSIVE, /* connect, STARTTLS, time-out, reset, close, broken TLS, a late alert */
};

enum handshake_cause { /* why not OK */
                       HANDSHAKE_NO_CAUSE,
                       HANDSHAKE_ALERT, /* `alert` is its number */
                       HANDSHAKE_VERSION, /* the server chose a version that was not offered */
                       HANDSHAKE_CLOSED, /* end of file or close_notify instead of an answer */
                       HANDSHAKE_RESET,     /* reset instead of an answer */
                       HANDSHAKE_TIMED_OUT, /* silence */
                       HANDSHAKE_CONNECT,   /* nobody there */
                       HANDSHAKE_DROPPED, /* closed, reset, silent or turned away before TLS was agreed on */
                       HANDSHAKE_STARTTLS, /* the server's answer before TLS; `why` says which */
                       HANDSHAKE_BROKEN, /* an answer that is not TLS, that libssl cannot follow, or that breaks off */
};

struct handshake_certificate {
    bool present;
    char digest[DIGEST_SIZE]; /* SHA-256 of the DER */
    char *subject;            /* RFC 2253, control characters escaped */
    struct strv
        names; /* DNS names and addresses it is for; the common name if there are none */
    bool names_common; /* there are none: clients do not look at the common name */
    int64_t not_before, not_after; /* seconds since the epoch */
    char *key_type;                /* "RSA", "EC", "ED25519", ... */
    char *curve;                   /* of an EC key, e.g. "prime256v1"; else NULL */
    int bits;                      /* of the key */
    bool
        trusted; /* the chain leads to a trust anchor, is in date, and above the leaf strong enough for clients */
    bool self_signed; /* issued by itself */
    char *signature;  /* algorithm of the issuer's, e.g. "RSA-SHA256" */
    const char *
        weak_digest; /* of that signature, if clients refuse it: "SHA1"; static; else NULL */
    char *
        weakest_issuer; /* subject of the intermediate with the shortest RSA key; NULL: none has one, or not trusted */
    int issuer_bits;    /* of that key */
    char *chain_text;   /* "ok", why not trusted, "not judged" */
    bool name_matches;  /* covers endpoint->name; true when that is NULL */
    bool ocsp_responder;  /* names one */
    bool staple_demanded; /* says that it comes with a staple, RFC 7633 */
    char *
        staple_problem; /* of the staple that came with it, in words; NULL: none, or no staple came */
    bool staple_revoked; /* the staple says that it is revoked */
};

struct handshake_result {
    enum handshake_verdict verdict;
    enum handshake_cause cause;
    int alert; /* for HANDSHAKE_ALERT; else -1 */
    char *why; /* owned; "" when OK */
    /* the rest is set when OK only */
    int protocol;     /* 0x0303, ... */
    uint16_t suite;   /* IANA number */
    char *suite_name; /* IANA name */
    uint16_t scheme;  /* that signed it, TLS 1.3; 0: unknown */
    char *group;      /* of the key exchange, OpenSSL's name; NULL: none or unknown */
    bool compression;
    bool ticket;               /* a session ticket was issued */
    bool secure_renegotiation; /* RFC 5746; always true for TLS 1.3 */
    bool extended_master;      /* RFC 7627; always true for TLS 1.3 */
    bool staple;               /* an OCSP response was stapled */
    bool client_certificate;   /* one was asked for; none was sent */
    struct handshake_certificate certificate;
};

#define HANDSHAKE_INIT                                                                   \
    {                                                                                    \
        .verdict = HANDSHAKE_INCONCLUSIVE, .alert = -1                                   \
    }

void handshake_release(struct handshake_result *r);

/* Connects, speaks STARTTLS where the endpoint wants it, shakes hands, and closes. endpoint->name,
 * unless NULL or an address, goes out as SNI. Whatever the network does is a verdict; -1 is for a request that
 * cannot be made: ERR_INPUT for signature schemes of which libssl has none, a version it lacks, a protocol
 * without a STARTTLS dialogue, an address that is none. `ret` is owned by the caller (handshake_release), untouched on -1. */
int handshake(const struct endpoint *endpoint, const struct handshake_request *request,
              struct handshake_result *ret, struct err *err) MUST_CHECK;

#endif
