/*
 * A policy: what one scope of a profile asks for, with every name looked up. Made by
 * profile_policy() (policy/profile.h); read by dialects, probes and audits.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <jansson.h>
#include <stdbool.h>

#include "policy/group.h"
#include "policy/protocol.h"
#include "policy/sigscheme.h"
#include "policy/suite.h"

struct policy_suite {
    const struct suite *suite;
    bool optional; /* a library that lacks it is no error */
};

struct policy_group {
    const struct tls_group *group;
    bool optional;
};

struct policy_sigscheme {
    const struct sigscheme *scheme;
    bool optional;
};

struct policy {
    unsigned protocols;            /* bits of enum protocol; contiguous, never empty */
    unsigned optional_protocols;   /* of these, those that a library may lack */
    struct policy_suite *suites13; /* owned; TLS 1.3 suites, in order of preference */
    size_t suite13_count;
    struct policy_suite *suites; /* owned; those of TLS 1.2 and before, in order */
    size_t suite_count;
    const struct suite *
        *accepted; /* owned; not wanted, but a library that cannot leave them out
                                      may bring them along */
    size_t accepted_count;
    struct policy_group *groups; /* owned; in order */
    size_t group_count;
    struct policy_sigscheme *sigschemes; /* owned; in order */
    size_t sigscheme_count;
    bool server_preference, session_tickets, compression;
    struct {
        unsigned rsa_min_bits;
        const struct tls_group **curves; /* owned array; empty: any */
        size_t curve_count;
        unsigned max_lifetime_days; /* 0: any; a longer one is a warning only */
        unsigned expiry_warn_days;
    } certificate;
    unsigned dh_min_bits;
    json_t
        *effective; /* owned reference: the scope's whole profile, inheritance and overlay
                          resolved, defaults filled in, without "scopes"; templates and
                          services read "http", "smtp", "imap" and "ldap" here */
};

#define POLICY_INIT                                                                      \
    {                                                                                    \
        .protocols = 0                                                                   \
    }

void policy_release(struct policy *p);

bool policy_has_suite(const struct policy *p, const struct suite *s);
/* Wanted, or accepted where a library brings it along. */
bool policy_allows_suite(const struct policy *p, const struct suite *s);
bool policy_has_group(const struct policy *p, const struct tls_group *g);
bool policy_has_sigscheme(const struct policy *p, const struct sigscheme *s);

/* May a certificate's key be on that curve, by any spelling of its name? */
bool policy_allows_curve(const struct policy *p, const char *curve);

/* A setting of the effective profile by path, e.g. policy_string(p, "smtp", "inbound"): loaded
 * profiles have every key, so these never fail; a wrong path gives "", 0, false. */
const char *policy_string(const struct policy *p, const char *section, const char *key);
long policy_number(const struct policy *p, const char *section, const char *key);
bool policy_flag(const struct policy *p, const char *section, const char *key);

#endif
