/* Rules that a certificate keeps or breaks by itself: dates, key, signature, usage, names. */
#ifndef PROBE_CERTIFICATE_RULES_H
#define PROBE_CERTIFICATE_RULES_H

#include <openssl/x509.h>

#include "probe/certificate.h"

/* What is judged, by what, and where findings go; all borrowed. */
struct certificate_case {
    const struct certificate_rules *rules;
    struct certificate_report *report;
    const char *file; /* for findings */
    int64_t now;
};

/* The leaf: everything. */
void certificate_judge_leaf(const struct certificate_case *c, X509 *leaf);

/* A certificate between leaf and root: what would make clients or servers refuse the chain. */
void certificate_judge_intermediate(const struct certificate_case *c, X509 *cert);

/* A root, of which clients look at the key only. */
void certificate_judge_root(const struct certificate_case *c, X509 *cert);

/* A subject or issuer on one line, safe to show; owned by the caller (free). */
char *certificate_name_text(const X509_NAME *name);

#endif
