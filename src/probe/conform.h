/*
 * Holds an endpoint to a policy by proof: one hello that offers everything the policy forbids must
 * be refused, so that what is not accepted need not be tried one by one.
 *
 *     CLEANUP(conform_release) struct conform found = CONFORM_INIT;
 *     if (conform(&endpoint, &rules, &found, err) < 0) ...      it cannot be asked at all
 *     for (size_t i = 0; i < found.count; i++) ... found.items[i] ...
 *
 * Only where such a hello is accepted is the forbidden set gone through, to name what is. A refusal
 * is believed as in scan.h: an alert, or what comes of retries beside a control, provided that everything
 * at once is accepted afterwards. What stays unexplained is CONFORM_UNKNOWN.
 *
 * Not judged: tickets of TLS 1.3, which OpenSSL sends also where they are turned off (stateful ones,
 * SSL_CTX_set_options(3), SSL_OP_NO_TICKET). Not seen: signature schemes of TLS 1.3 where an older version
 * shows its own; what needs a secret shared beforehand.
 */
#ifndef PROBE_CONFORM_H
#define PROBE_CONFORM_H

#include <openssl/x509.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/pace.h"
#include "policy/policy.h"
#include "policy/weakness.h"

enum conform_rule {
    CONFORM_ANSWERS,  /* something of the policy is served at all */
    CONFORM_VERSIONS, /* no version that is not the policy's; the next four likewise */
    CONFORM_SUITES,
    CONFORM_GROUPS,
    CONFORM_SCHEMES,
    CONFORM_DH, /* primes are long enough */
    CONFORM_COMPRESSION,
    CONFORM_RENEGOTIATION,
    CONFORM_EXTENDED_MASTER,
    CONFORM_TICKETS,  /* of TLS 1.2 and below */
    CONFORM_FALLBACK, /* RFC 7507 */
    CONFORM_CHAIN,
    CONFORM_NAME,
    CONFORM_EXPIRY,  /* not in the past */
    CONFORM_EXPIRES, /* not soon */
    CONFORM_LIFETIME,
    CONFORM_KEY,
    CONFORM_SIGNATURE,
    CONFORM_STAPLE,
    CONFORM_HSTS,
    CONFORM_REDIRECT,
    CONFORM_HAS_VERSIONS, /* exact: everything that is required is there */
    CONFORM_HAS_SUITES,
    CONFORM_HAS_GROUPS,
    CONFORM_ORDER,
};
#define CONFORM_RULES (CONFORM_ORDER + 1)

enum conform_verdict { CONFORM_YES, CONFORM_NO, CONFORM_UNKNOWN };

struct conform_item {
    enum conform_rule rule;
    enum conform_verdict verdict;
    enum weakness_grade grade; /* of the worst that was found; NONE: the rule's own */
    char *part; /* of the endpoint: "TLSv1.2", "RSA certificate"; "": all of it; owned */
    char *
        question; /* that was asked, where the verdict rests on a refusal; else NULL; owned */
    char *expected; /* owned */
    char *found;    /* owned; why, when unknown; NULL: as expected */
};

struct conform {
    struct conform_item *items;
    size_t count, cap;
    unsigned connections;
    int64_t took_ms;
};

#define CONFORM_INIT                                                                     \
    {                                                                                    \
        .items = NULL                                                                    \
    }

struct conform_rules {
    const struct policy *policy; /* borrowed */
    unsigned required;   /* bits of enum protocol that exact demands; 0: the policy's */
    bool exact;          /* everything required is there, in the policy's order */
    bool http;           /* a web server: HSTS and redirect */
    X509_STORE *anchors; /* borrowed; NULL: chains are not judged */
    struct pace *pace;   /* of new connections, with others'; borrowed; NULL: no limit */
    int deadline_ms;     /* for one question; 0: 5000 */
    int total_ms;        /* for all; 0: 60000 */
};

void conform_release(struct conform *c);

/* Whatever the network does is a result; -1 is for an endpoint that cannot be asked (ERR_INPUT).
 * `ret` is owned by the caller (conform_release), untouched on -1. */
int conform(const struct endpoint *endpoint, const struct conform_rules *rules,
            struct conform *ret, struct err *err) MUST_CHECK;

#endif
