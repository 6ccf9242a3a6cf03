/*
 * Holds a running endpoint against a policy, by full handshakes: every required version works
 * and negotiates a suite of the policy; every other version is refused; with the policy's
 * versions but none of its suites nothing is accepted.
 *
 * A closed or reset connection counts as a refusal (GnuTLS servers refuse so) when it happens
 * twice and the endpoint serves a handshake both before and after. One that does not begin TLS
 * although it did a moment ago, or says that it is busy (421, BYE), is no verdict. What stays unexplained is no
 * verdict, and never passes. Connections are made one at a time: per endpoint one for each
 * required version, one for the versions below and one for each above, one for each of the
 * policy's versions with other suites; where closing is how it refuses, one more for each, and one.
 *
 * Not seen is what libssl cannot offer (handshake.c); that needs hand-written ClientHellos.
 */
#ifndef PROBE_VERIFY_H
#define PROBE_VERIFY_H

#include "base/endpoint.h"
#include "base/err.h"
#include "policy/policy.h"

struct verify_rules {
    const struct policy *policy; /* what is allowed there; borrowed */
    unsigned
        required; /* bits of enum protocol: versions that have to work (those that the
                            server's library granted) */
    const char
        *ca_file;    /* trust anchors, PEM: then the certificate must be one that a client
                            with these accepts, by chain, dates and endpoint->name; NULL: any */
    int deadline_ms; /* per handshake; 0: default */
};

/* 0: conforms. -1: ERR_REFUSED: it answers and does not conform; ERR_SYSTEM: no verdict (nobody
 * there, time-outs, unexplained closes); ERR_INPUT: the endpoint itself is wrong. err->text
 * begins with the endpoint ("postfix submission 127.0.0.1:587 (starttls smtp): ...") and says
 * what is expected and what was found. */
int verify_endpoint(const struct endpoint *endpoint, const struct verify_rules *rules,
                    struct err *err) MUST_CHECK;

/* Does it answer with any full handshake at all? 0, or -1 as above. */
int verify_alive(const struct endpoint *endpoint, int deadline_ms,
                 struct err *err) MUST_CHECK;

#endif
