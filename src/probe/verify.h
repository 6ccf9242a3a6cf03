/*
 * A running endpoint held against a policy, by full handshakes.
 *
 * What must work is tried first: those handshakes are the positive control for what must not. A server
 * that closes or resets instead of refusing in TLS (GnuTLS does) is believed only then, and only when it
 * does so twice.
 */
#ifndef PROBE_VERIFY_H
#define PROBE_VERIFY_H

#include "base/endpoint.h"
#include "base/err.h"
#include "policy/policy.h"

struct verify_rules {
    const struct policy *policy; /* what is allowed there; borrowed */
    unsigned
        required; /* bits of enum protocol: versions that have to work, since the server's
                          library has granted them */
    int deadline_ms; /* of each handshake; 0: HANDSHAKE_DEADLINE_MS */
};

/* Every required version works and chooses a suite of the policy; every other version is refused;
 * with the policy's versions and all suites but its own nothing is accepted. 0: it conforms.
 * -1: ERR_REFUSED, it answers and does not conform; ERR_SYSTEM, no verdict. The text begins with the
 * endpoint. */
int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    struct err *err) MUST_CHECK;

/* "postfix submission 127.0.0.1:587 (STARTTLS smtp)"; owned by the caller (free). */
char *verify_endpoint_text(const struct endpoint *endpoint);

#endif
