/*
 * With what a server signs in TLS 1.3. CertificateVerify is encrypted, but a server that can sign with
 * nothing that is offered says so instead of its ServerHello (RFC 8446 4.4.2.2, 4.4.3): provided that
 * the hello has a key_share, for HelloRetryRequest comes before that is looked at. So one hello
 * proves that none of a set of schemes is there, and libssl, in a whole handshake, shows which is.
 *
 * Private to scan*.c and conform*.c.
 */
#ifndef PROBE_SIGNATURES_H
#define PROBE_SIGNATURES_H

#include "probe/handshake.h"
#include "probe/scanner.h"

/* Every scheme that may sign in TLS 1.3. Ref: RFC 8446 4.2.3 */
void signatures_all(struct ids *ret);

/* A question that is accepted by those who sign with one of `schemes` in TLS 1.3 and have one of
 * `groups`. False: libcrypto makes a key_share for none of those. */
bool signatures_question(const struct ids *groups, const struct ids *schemes,
                         struct question *ret);

/* A handshake that may be signed with those schemes only, repeated for as long as connections are only
 * dropped. What libssl cannot ask is inconclusive, too. `ret` is owned by the caller
 * (handshake_release). */
void signatures_handshake(struct scanner *s, const struct ids *schemes,
                          struct handshake_result *ret);

#endif
