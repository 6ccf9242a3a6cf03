/*
 * The ClientHello: what a client offers, as bytes. No cryptography, no library, no limits of what
 * a library still supports.
 *
 *     struct hello h = {.min = PROTOCOL_TLS1_2, .max = PROTOCOL_TLS1_2, .suites = &suites, ...};
 *     CLEANUP(buf_release) struct buf out = BUF_INIT;
 *     if (hello_write(&h, &out, err) < 0) ...
 *
 * Versions above TLS 1.2 are offered in supported_versions, with a key_share that is empty unless
 * shares are given: the server then answers with HelloRetryRequest, which names the group it
 * would use, and has spent no cryptography (RFC 8446 4.2.8). SSLv2 has a hello of its own and is
 * offered alone.
 *
 * Ref: RFC 8446 4.1.2; RFC 5246 7.4.1.2; RFC 6101 5.6.1.2; RFC 6176; "The SSL Protocol", 1995
 */
#ifndef PROBE_HELLO_H
#define PROBE_HELLO_H

#include "base/buf.h"
#include "base/err.h"
#include "policy/protocol.h"
#include "probe/ids.h"

#define HELLO_FALLBACK_SCSV      0x5600 /* RFC 7507 */
#define HELLO_RENEGOTIATION_SCSV 0x00ff /* RFC 5746 */

/* Longest hello: one record (RFC 8446 5.1). */
#define HELLO_LIMIT ((size_t)1 << 14)

enum hello_flag {
    HELLO_RENEGOTIATION =
        1 << 0, /* RFC 5746 3.4; the SCSV where there are no extensions */
    HELLO_EXTENDED_MASTER = 1 << 1,  /* RFC 7627 5.1 */
    HELLO_ENCRYPT_THEN_MAC = 1 << 2, /* RFC 7366 2 */
    HELLO_TICKET = 1 << 3,           /* RFC 5077 3.2 */
    HELLO_STAPLE = 1 << 4,           /* RFC 6066 8 */
    HELLO_COMPRESSION = 1 << 5,      /* DEFLATE, RFC 3749; not with TLS 1.3 */
    HELLO_FALLBACK = 1 << 6,         /* the SCSV of RFC 7507 4 */
};

struct hello_share {
    uint16_t group;
    struct bytes key; /* borrowed; as RFC 8446 4.2.8 wants it: see share.h */
};

struct hello {
    enum protocol min, max;   /* SSLv2: both */
    const struct ids *suites; /* not for SSLv2, whose seven kinds are all offered */
    const struct ids
        *groups; /* RFC 8446 4.2.7, RFC 8422 5.1.1, RFC 7919; NULL: not sent */
    const struct ids *schemes; /* RFC 8446 4.2.3; NULL: not sent */
    const struct ids
        *cert_schemes; /* for certificates, the same, TLS 1.3; NULL: not sent */
    const struct hello_share *shares; /* the key_share's */
    size_t share_count;               /* 0: an empty one */
    const char *name; /* server_name, RFC 6066 3; not sent for NULL or an address */
    const char *const *alpn; /* RFC 7301 3.1; NULL-terminated; NULL: not sent */
    unsigned flags;          /* of enum hello_flag */
    unsigned char random[32];
};

/* Appends the hello in its record. Extensions are written from TLS 1.0 on; a hello whose length
 * would be one that some load balancers choke on is padded (RFC 7685). ERR_INPUT: a name or
 * protocol name that cannot be sent, versions that cannot be offered together, longer than
 * HELLO_LIMIT; nothing is appended then. */
int hello_write(const struct hello *h, struct buf *out, struct err *err) MUST_CHECK;

#endif
