/* A proof on its way: what its parts share. Private to conform*.c. */
#ifndef PROBE_CONFORM_CHECK_H
#define PROBE_CONFORM_CHECK_H

#include "probe/conform.h"
#include "probe/scanner.h"

/* The two kinds of certificate that suites up to TLS 1.2 tell apart. */
enum conform_key { CONFORM_RSA, CONFORM_ECDSA };
#define CONFORM_KEYS 2

struct conform_check {
    struct scanner s; /* asks, counts, and knows controls */
    struct scan scan;
    const struct endpoint *endpoint;
    const struct conform_rules *rules;
    const struct policy *policy;
    struct conform *ret;
    /* what the policy has, as numbers */
    struct ids suites12, suites13, groups, schemes;
    struct ids accepted; /* suites that may be there, too */
    struct ids flagged;  /* suites that are accepted, although forbidden */
    enum protocol old;   /* the policy's highest version up to TLS 1.2 */
    bool has_old;        /* it has one */
    /* what was seen */
    bool served[PROTOCOL_COUNT];
    bool has_key[CONFORM_KEYS]; /* a suite with such a key was accepted */
    struct ids groups13;      /* one that TLS 1.3 chose, if that is all that was asked */
    struct flight first13;    /* what it chose from everything: suite and group only */
    uint16_t curve;           /* group of the ECDSA certificate; 0: unknown */
    struct strv certificates; /* digests of those that were judged */
    bool unseen_asked;        /* whether others sign, in TLS 1.2: they were refused */
    struct ids signs;         /* schemes that their keys can sign with */
    bool facts_seen;
    char *no_starttls; /* the server's words, if it will not begin TLS; owned */
};

/* A new item; `expected` is stolen, and NULL for nothing. Valid until the next call. */
struct conform_item *conform_add(struct conform_check *c, enum conform_rule rule,
                                 enum conform_verdict verdict, const char *part,
                                 char *expected);

/* Keeps the worse of two. */
void conform_grade(struct conform_item *item, struct weakness w);

/* The policy's suites for a version, restricted to one kind of key. Suites that are not signed
 * count as RSA's. */
void conform_suites(const struct conform_check *c, enum protocol version,
                    enum conform_key key, struct ids *ret);

/* A hello of that version with everything, to be narrowed. */
void conform_question(enum protocol version, struct question *ret);

/* --- conform_certificate.c: what works, and what it shows ------------------------------------ */

/* First flights with each kind of key: controls, certificates, extensions. */
void conform_flights(struct conform_check *c);

/* No older version has shown what it signs with. */
bool conform_has_tls13_only(const struct conform_check *c);

/* Judges the certificate of a flight up to TLS 1.2, unless it has been. */
void conform_flight_certificate(struct conform_check *c, const struct flight *f);

/* Judges one, unless it has been. */
void conform_certificate(struct conform_check *c,
                         const struct handshake_certificate *cert, bool staple);

/* --- conform_negation.c: what must be refused ------------------------------------------------ */

void conform_versions(struct conform_check *c);
void conform_forbidden_suites(struct conform_check *c);
void conform_forbidden_groups(struct conform_check *c);
void conform_forbidden_schemes(struct conform_check *c);
void conform_primes(struct conform_check *c);
void conform_fallback(struct conform_check *c);

/* Not to be refused but to be looked at. */
void conform_further_certificates(struct conform_check *c);

/* --- conform_http.c -------------------------------------------------------------------------- */

void conform_http(struct conform_check *c);

/* --- conform_exact.c: what must be there ----------------------------------------------------- */

void conform_exact(struct conform_check *c);

#endif
