/* From a leaf to what clients trust: which certificates lead there, and where they were found. */
#ifndef PROBE_CERTIFICATE_PATH_H
#define PROBE_CERTIFICATE_PATH_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "probe/certificate_file.h"

/* No sensible path is longer. */
#define CERTIFICATE_PATH_LIMIT 16

enum certificate_origin {
    CERTIFICATE_FROM_CHAIN,
    CERTIFICATE_FROM_CA,
    CERTIFICATE_FROM_STORE, /* the host's own, /etc/ssl/certs */
};

struct certificate_link {
    X509 *cert; /* owned */
    enum certificate_origin origin;
};

struct certificate_path {
    struct certificate_link links[CERTIFICATE_PATH_LIMIT]; /* leaf first */
    size_t count;
    bool trusted; /* the last is in the CA file or the host's store */
};

#define CERTIFICATE_PATH_INIT                                                            \
    {                                                                                    \
        .count = 0                                                                       \
    }

/* Where issuers are looked for, in this order. */
struct certificate_sources {
    const struct path_root *root;         /* whose store */
    const struct certificate_file *chain; /* what the server sends */
    const struct certificate_file *ca;    /* may be empty */
    int64_t now;
};

void certificate_path_release(struct certificate_path *p);

/* The best path from `leaf`: trusted if any is, and without expired certificates if there is one.
 * The host's store is read only when the files do not settle it. */
void certificate_path_find(const struct certificate_sources *from, X509 *leaf,
                           struct certificate_path *ret);

/* Signed by itself. */
bool certificate_is_root(X509 *cert);

/* A certificate's or key's time as seconds since the epoch. False: it is malformed. */
bool certificate_time(const ASN1_TIME *t, int64_t *ret);

#endif
