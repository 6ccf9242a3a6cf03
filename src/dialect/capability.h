/*
 * Which version of which library has what: for when the library itself is not at hand (`--for`, a
 * foreign image). Recorded from real libraries; capability_origin() says from which.
 */
#ifndef DIALECT_CAPABILITY_H
#define DIALECT_CAPABILITY_H

#include "dialect/dialect.h"

struct capability {
    uint16_t suite;
    const char *since; /* first version that has it */
    const char *end;   /* first one that no longer has it; NULL: none yet */
    const char *name; /* OpenSSL's, of a suite that OpenSSL 3.0 has none for; else NULL */
};

/* OpenSSL's suites, sorted by number. */
const struct capability *capability_table(size_t *ret_count);

bool capability_suite(const struct library *l, const struct suite *s);
bool capability_group(const struct library *l, const struct tls_group *g);
bool capability_sigscheme(const struct library *l, const struct sigscheme *s);

/* OpenSSL's name for a suite, also where its newest versions have none; NULL: it never had. */
const char *capability_openssl_name(const struct suite *s);

/* By any spelling of suite_by_any(), and by names that only old versions of OpenSSL have. */
const struct suite *capability_suite_called(const char *name);

/* The version that first has it; NULL: none does, or this one has it or had it. */
const char *capability_since(const struct library *l, const struct suite *s);

/* The version that first lacked it again, where this one is no older; else NULL. */
const char *capability_end(const struct library *l, const struct suite *s);

/* The recorded version that answers for `version`, and how it was recorded. Static. */
struct capability_origin {
    enum dialect_kind kind;
    const char *version; /* "1.1.1" */
    const char *origin;
};

const struct capability_origin *capability_origins(size_t *ret_count);
const struct capability_origin *capability_origin(const struct library *l);

#endif
