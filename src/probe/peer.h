/* The certificate that a server has shown, in words. */
#ifndef PROBE_PEER_H
#define PROBE_PEER_H

#include <openssl/ssl.h>

#include "probe/handshake.h"

/* Fills `ret` from a finished handshake. `name` (may be NULL) is what it has to cover; not `judged`: the
 * chain is not spoken of. Released by peer_release(). */
void peer_describe(const SSL *ssl, const char *name, bool judged,
                   struct handshake_certificate *ret);

void peer_release(struct handshake_certificate *c);

#endif
