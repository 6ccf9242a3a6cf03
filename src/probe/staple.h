/*
 * Judging a stapled OCSP response as a client would: is it about this certificate, signed by who may sign it, and
 * of use today?
 *
 *     char *problem = staple_problem(bytes_buf(&flight.staple), &about, time(NULL), &revoked);
 *
 * Ref: RFC 6960 3.2, 4.2; RFC 6066 8
 */
#ifndef PROBE_STAPLE_H
#define PROBE_STAPLE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct staple_about {
    X509 *leaf; /* borrowed */
    STACK_OF(X509) *
        chain; /* that leads from it to an anchor; borrowed; NULL: signatures are not judged */
    X509_STORE *anchors; /* borrowed; goes with `chain` */
};

/* What is wrong with the DER of a response at the time `now`, in words; NULL: nothing. Owned by the caller (free).
 * `ret_revoked`: it says that the certificate is revoked, which is a problem as well. */
char *staple_problem(struct bytes der, const struct staple_about *about, int64_t now,
                     bool *ret_revoked);

/* Does the certificate say that it is not to be believed without one? Ref: RFC 7633 */
bool staple_is_demanded(const X509 *leaf);

#endif
