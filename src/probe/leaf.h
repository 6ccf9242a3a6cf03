/* What a server's certificate says, as far as a handshake's result needs it. */
#ifndef PROBE_LEAF_H
#define PROBE_LEAF_H

#include <openssl/x509.h>

#include "probe/handshake.h"

/* Fills all of `ret` but what the chain decides (trusted, chain_text, weakest_issuer). `name` is a DNS name, an
 * address, or NULL. Nothing is taken from `cert`, which may be NULL: then `present` is false. */
void leaf_read(X509 *cert, const char *name, struct handshake_certificate *ret);

/* Fills that. `code` is libcrypto's (X509_V_OK, ...), and `chain` what it has built, to the trust anchor; borrowed. */
void leaf_judge(int code, const STACK_OF(X509) * chain,
                struct handshake_certificate *ret);

void leaf_release(struct handshake_certificate *c);

#endif
