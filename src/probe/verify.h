/*
 * Holds a running endpoint against a policy. Every required version works: a full handshake, which shows that the
 * server can use its key as well, negotiates a suite of the policy. And nothing is accepted that servers can be told
 * to refuse: by the proof of conform.h, which can offer what libssl no longer has.
 *
 * A closed or reset connection counts as a refusal (GnuTLS servers refuse so) when it happens twice and the
 * endpoint serves a handshake in between. One that does not begin TLS although it did a moment ago, or says that
 * it is busy (421, BYE), is no verdict. What stays unexplained is no verdict, and never passes. Connections are
 * made one at a time.
 */
#ifndef PROBE_VERIFY_H
#define PROBE_VERIFY_H

#include "base/endpoint.h"
#include "base/err.h"
#include "policy/policy.h"

struct verify_rules {
    const struct policy *policy; /* what is allowed there; borrowed */
    unsigned
        required; /* bits of enum protocol: versions that have to work (those that the server's library granted) */
    int deadline_ms; /* per connection; 0: default */
};

/* 0: conforms; `ret_soft` gets the number of groups and signature schemes beyond the policy, for which some servers
 * have no setting. -1: ERR_REFUSED: it answers and does not conform; ERR_SYSTEM: no verdict (nobody there,
 * time-outs, unexplained closes); ERR_INPUT: the endpoint itself is wrong. err->text begins with the endpoint
 * ("postfix submission 127.0.0.1:587 (starttls smtp): ...") and says what is expected and what was found. */
int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    unsigned *ret_soft, struct err *err) MUST_CHECK;

#endif
