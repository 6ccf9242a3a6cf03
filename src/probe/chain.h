/*
 * Judging the certificates of a first flight as a client would: does the chain that was sent lead
 * to a trust anchor, today? And the OCSP response beside them, if there is one: does it hold?
 *
 *     CLEANUP(anchors_free) X509_STORE *anchors = anchors_load(NULL, err);
 *     chain_read(&answer.flight, anchors, endpoint->name, &certificate);
 */
#ifndef PROBE_CHAIN_H
#define PROBE_CHAIN_H

#include <openssl/x509.h>

#include "base/err.h"
#include "probe/flight.h"
#include "probe/handshake.h"

/* No sensible server sends more certificates; what stands behind is not looked at. */
#define CHAIN_LIMIT 16

/* The certificates of a PEM file; NULL: the system's. NULL on failure: ERR_SYSTEM: unreadable;
 * ERR_INPUT: no certificate in it. Owned by the caller (anchors_free). */
X509_STORE *anchors_load(const char *ca_file, struct err *err) MUST_CHECK;
void anchors_free(X509_STORE **anchors); /* for CLEANUP */

/* Fills `ret` from a flight that shows its certificates, of SSLv3 to TLS 1.2. `anchors` NULL: the
 * chain is not judged. False: there is no leaf, or none that libcrypto can read. */
bool chain_read(const struct flight *f, X509_STORE *anchors, const char *name,
                struct handshake_certificate *ret);

#endif
