/*
 * The system's trust anchors. Its file takes longer to read than most endpoints to verify, and on Debian has what the
 * directory has as well: it is read when the directory does not do.
 *
 *     anchors = anchors_of_system();
 *     if (!verified(anchors) && anchors_complete(anchors)) verified(anchors) ...
 */
#ifndef PROBE_ANCHORS_SYSTEM_H
#define PROBE_ANCHORS_SYSTEM_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Those in libcrypto's directory (SSL_CERT_DIR). NULL: libcrypto has no memory. Owned by the caller (anchors_free). */
X509_STORE *anchors_of_system(void);

/* Adds those in libcrypto's file (SSL_CERT_FILE). False: nothing was added; they are there, there are none, or the
 * anchors are not the system's. */
bool anchors_complete(X509_STORE *anchors);

#endif
