/*
 * Everything that an endpoint accepts, found out in as few connections as proof allows.
 *
 *     CLEANUP(scan_release) struct scan found = SCAN_INIT;
 *     if (scan(&endpoint, NULL, &found, err) < 0) ...     it cannot be asked at all
 *     json_t *report = scan_json(&endpoint, &found);
 *
 * How: a server that is offered everything picks one suite and one group; what it picked is taken out
 * of the offer until it refuses. That refusal is the proof that nothing is missing, so it must be
 * one: see ask.h for what counts. A close or a reset counts only when it comes three times in the
 * same place, next to a control, the same hello with what is known to be accepted, that is
 * answered; and not at all from an endpoint that has dropped a connection which it served when
 * asked again. What stays unexplained stands in `inconclusive` and is never taken for a no.
 *
 * Not found out: suites that need a shared secret or Kerberos, where the server insists on it
 * before its hello; signature schemes of TLS 1.3 where older versions show every certificate: libraries
 * have one list for both.
 */
#ifndef PROBE_SCAN_H
#define PROBE_SCAN_H

#include <jansson.h>
#include <openssl/x509.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/pace.h"
#include "base/strv.h"
#include "policy/protocol.h"
#include "probe/handshake.h"
#include "probe/ids.h"

/* What an endpoint may take in all, waits of pace.h not counted; conform()'s, too. */
#define SCAN_TOTAL_MS 60000

struct scan_options {
    int deadline_ms;     /* for one question; 0: 5000 */
    int total_ms;        /* for all; 0: SCAN_TOTAL_MS */
    X509_STORE *anchors; /* chains are judged by these; borrowed; NULL: not judged */
    struct pace *pace;   /* of new connections, with others'; borrowed; NULL: no limit */
    bool alpn;           /* offer HTTP/2 and HTTP/1.1 (RFC 7301) */
};

enum scan_answer { SCAN_UNKNOWN, SCAN_NO, SCAN_YES };

enum scan_order { /* who decides which suite it is */
                  SCAN_ORDER_UNKNOWN,
                  SCAN_ORDER_SERVER,
                  SCAN_ORDER_CLIENT,
};

struct scan_version {
    enum scan_answer supported;
    struct ids suites; /* in the server's order, if it has one */
    enum scan_order order;
    struct ids
        groups; /* seen or asked for in this version; ffdhe ones also where DHE is not
                          negotiated (RFC 7919) but the prime is the same */
    struct ids schemes; /* that sign its handshakes; TLS 1.2 and 1.3 */
};

enum scan_fact {
    SCAN_COMPRESSION,
    SCAN_RENEGOTIATION, /* secure, RFC 5746 */
    SCAN_EXTENDED_MASTER,
    SCAN_ENCRYPT_THEN_MAC,
    SCAN_TICKETS,
    SCAN_STAPLE,
    SCAN_FALLBACK_SCSV,
    SCAN_CERTIFICATE_REQUEST,
};
#define SCAN_FACTS 8

struct scan {
    struct scan_version versions[PROTOCOL_COUNT];
    struct ids dh_bits; /* sizes of DHE primes */
    enum scan_answer facts
        [SCAN_FACTS]; /* up to TLS 1.2; when it has TLS 1.3 only, of that, and unknown what has no meaning there */
    char alpn[32];    /* chosen in TLS 1.2; "" none */
    struct handshake_certificate *certificates;
    size_t certificate_count, certificate_cap;
    struct strv inconclusive; /* what could not be found out, and why; visible */
    unsigned connections;
    int64_t took_ms;
};

#define SCAN_INIT                                                                        \
    {                                                                                    \
        .certificates = NULL, .inconclusive = STRV_INIT                                  \
    }

void scan_release(struct scan *s);

/* Does it serve a version below TLS 1.3? Facts are those of that version then. */
bool scan_has_older(const struct scan *s);

/* Scans. `options` may be NULL. Whatever the network does is a result; -1 is for an endpoint that
 * cannot be asked (ERR_INPUT). `ret` is owned by the caller (scan_release), untouched on -1. */
int scan(const struct endpoint *endpoint, const struct scan_options *options,
         struct scan *ret, struct err *err) MUST_CHECK;

/* The result as JSON: endpoint, versions, suites, order, groups, dh_bits, signature_schemes,
 * certificates, flags, inconclusive, connections, seconds. Owned by the caller (json_decref). */
json_t *scan_json(const struct endpoint *endpoint, const struct scan *s);

#endif
