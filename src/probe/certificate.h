/*
 * Certificates and keys in files, checked before anything is written: what would make a server
 * refuse to start, break one of its two ways in, or fail at every client.
 *
 *     CLEANUP(certificate_report_release) struct certificate_report report = CERTIFICATE_REPORT_INIT;
 *     certificate_check(&files, &rules, &report);
 *     if (certificate_errors(&report)) ...
 *
 * All problems are listed, not the first. A private key is held for the comparison only.
 */
#ifndef PROBE_CERTIFICATE_H
#define PROBE_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "base/user.h"

/* Largest certificate or key file that is read (a CA file may be FILE_LIMIT). */
#define CERTIFICATE_FILE_LIMIT ((size_t)1 << 20)

struct certificate_files {
    const char *root;  /* put before the paths; NULL or "/": the host itself */
    const char *chain; /* leaf first, then intermediates; PEM */
    const char *key;   /* PEM; NULL or the same path as chain: both in one file */
    const char *ca;    /* CA certificates, PEM; NULL: the system's store only */
    bool key_first; /* in one file: the key must come before the certificates (Postfix) */
    bool
        any_order; /* the server finds the leaf wherever it stands, and sends nothing from the CA
                     * file (Courier) */
};

struct certificate_rules {
    int rsa_min_bits;          /* 0: no rule */
    const struct strv *curves; /* IANA names, "secp256r1"; NULL or empty: any */
    const struct strv *names;  /* host names the certificate must cover; may be NULL */
    int expiry_warn_days;      /* warn when fewer are left; 0: no rule */
    int max_lifetime_days;     /* warn when issued for longer; 0: no rule */
    const struct user
        *reader; /* who must be able to read chain and key; NULL: nobody particular */
    int64_t now; /* seconds since the epoch; 0: the clock */
};

enum certificate_severity { CERTIFICATE_WARNING, CERTIFICATE_ERROR };

struct certificate_finding {
    enum certificate_severity severity;
    const char *id; /* static: "certificate/key-mismatch", ... */
    char *file;     /* path without root; owned */
    char *what;     /* what is wrong; owned */
    char *remedy;   /* what to do; owned */
};

struct certificate_report {
    struct certificate_finding *items;
    size_t count, cap;
};

#define CERTIFICATE_REPORT_INIT                                                          \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void certificate_report_release(struct certificate_report *r);

/* Appends what is wrong with `files` to `report`; nothing is appended when all is well. */
void certificate_check(const struct certificate_files *files,
                       const struct certificate_rules *rules,
                       struct certificate_report *report);

/* How many findings are errors. */
size_t certificate_errors(const struct certificate_report *r);

/* Does the first certificate in the file name an OCSP responder (RFC 6960 3.1)? -1: it cannot be read
 * (ERR_SYSTEM) or holds no certificate (ERR_INPUT). */
int certificate_has_responder(const char *root, const char *path, bool *ret,
                              struct err *err) MUST_CHECK;

/* Key type of the first certificate in the file ("RSA", "EC", "ED25519", ...), and its curve by IANA name ("secp256r1";
 * NULL for other keys, and for curves that TLS does not know). Both are owned by the caller (free); `ret_curve` may be
 * NULL. Errors as above. */
int certificate_key_type(const char *root, const char *path, char **ret, char **ret_curve,
                         struct err *err) MUST_CHECK;

#endif
