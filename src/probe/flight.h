/*
 * A server's first flight: what it answers to a ClientHello, up to where cryptography would begin.
 * No input or output: bytes in, a state out.
 *
 *     CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
 *     while (flight_feed(&f, received) == FLIGHT_READING) ...
 *
 * Read are ServerHello and HelloRetryRequest of every version from SSLv3 on, alerts, the plain
 * rest of the flight up to TLS 1.2 (Certificate, CertificateStatus, ServerKeyExchange,
 * CertificateRequest, ServerHelloDone), and SSLv2's SERVER-HELLO and ERROR. Messages may be cut into
 * records and records into packets in every way. TLS 1.3 ends with its ServerHello: the rest is encrypted.
 *
 * Whatever is no such answer is FLIGHT_BROKEN, and `why` shows it: never a refusal.
 *
 * Ref: RFC 8446 4.1.3, 4.1.4, 5.1, 6; RFC 5246 6.2.1, 7.2, 7.4; RFC 6101 5; RFC 8422 5; RFC 7919
 */
#ifndef PROBE_FLIGHT_H
#define PROBE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Longest handshake message; a flight of them is limited to the same. Chains of real servers have
 * a few KiB. */
#define FLIGHT_LIMIT ((size_t)128 << 10)

enum flight_state {
    FLIGHT_READING,  /* needs more from the server */
    FLIGHT_COMPLETE, /* ServerHello of TLS 1.3 or SSLv2, or ServerHelloDone */
    FLIGHT_RETRY,    /* HelloRetryRequest */
    FLIGHT_ALERT,    /* a fatal alert, close_notify, or SSLv2's ERROR */
    FLIGHT_BROKEN,   /* not TLS, or not as it should be; `why` */
};

enum flight_flag { /* extensions and messages that the server has sent */
                   FLIGHT_RENEGOTIATION = 1 << 0,
                   FLIGHT_EXTENDED_MASTER = 1 << 1,
                   FLIGHT_ENCRYPT_THEN_MAC = 1 << 2,
                   FLIGHT_TICKET = 1 << 3,
                   FLIGHT_STAPLE = 1 << 4, /* an OCSP response itself */
                   FLIGHT_CERTIFICATE_REQUEST = 1 << 5,
};

struct flight {
    enum flight_state state;
    bool hello;          /* the following, up to `compression`, is known */
    uint16_t version;    /* on the wire: 0x0303; SSLv2 is 0x0002 */
    uint16_t suite;      /* 0 for SSLv2 */
    uint8_t compression; /* 0: none */
    uint16_t
        group; /* of HelloRetryRequest, key_share or ServerKeyExchange; 0: none known */
    uint16_t dh_bits;     /* of the prime in ServerKeyExchange; 0: none */
    uint16_t rsa_bits;    /* of the temporary key of an export suite; 0: none */
    uint16_t scheme;      /* that signed ServerKeyExchange, TLS 1.2; 0: none known */
    unsigned flags;       /* of enum flight_flag */
    char alpn[32];        /* protocol chosen, made visible; "" none */
    struct buf chain;     /* certificate_list as it came; see flight_certificate() */
    struct buf staple;    /* the DER of FLIGHT_STAPLE */
    uint8_t level, alert; /* of FLIGHT_ALERT; for SSLv2 (version) the error's number */
    bool amid;     /* the alert came within a message: the server had begun to answer */
    int warning;   /* the last alert that was only a warning; -1: none */
    char why[160]; /* of FLIGHT_BROKEN: what is wrong with what; visible */
    /* private */
    struct buf in;      /* has arrived, not judged: less than a record */
    struct buf message; /* handshake messages out of records, not judged */
    size_t total;       /* handshake bytes so far */
    bool tls; /* a whole record of TLS has come: nothing is SSLv2 from there on */
};

#define FLIGHT_INIT                                                                      \
    {                                                                                    \
        .state = FLIGHT_READING, .warning = -1                                           \
    }

void flight_release(struct flight *f);

/* Takes what has arrived. Once it has returned anything but FLIGHT_READING it returns the same for
 * ever. Ref: RFC 8446 5.1, RFC 5246 6.2.1 */
enum flight_state flight_feed(struct flight *f, struct bytes in);

/* The DER of a certificate of the chain, leaf first; borrowed. False: there are not so many.
 * Ref: RFC 5246 7.4.2 */
bool flight_certificate(const struct flight *f, size_t index, struct bytes *ret);

/* RFC 8446 6, RFC 5246 7.2: "handshake_failure"; "alert" for a number without a name. */
const char *flight_alert_name(unsigned alert);

#endif
