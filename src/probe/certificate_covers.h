/* Is a certificate for this host? One answer for files and for what servers show. */
#ifndef PROBE_CERTIFICATE_COVERS_H
#define PROBE_CERTIFICATE_COVERS_H

#include <openssl/x509.h>
#include <stdbool.h>

/* `name` is a DNS name, with a dot at its end or without, or an address. Only subject alternative names
 * count, and a wildcard only as the whole first label. Ref: RFC 9525 6.3, 6.4 */
bool certificate_covers(X509 *cert, const char *name);

/* The same, but where it has no alternative DNS name its common name counts, as it does for some clients. */
bool certificate_covers_loosely(X509 *cert, const char *name);

#endif
