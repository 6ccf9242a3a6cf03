/*
 * What GnuTLS makes of a priority string: every key exchange with every cipher with every MAC. A
 * product is the words of these three dimensions; the best one for a policy is found, not guessed.
 */
#ifndef DIALECT_GNUTLS_PRODUCT_H
#define DIALECT_GNUTLS_PRODUCT_H

#include "dialect/dialect.h"

enum product_dimension { PRODUCT_KX, PRODUCT_CIPHER, PRODUCT_MAC };
#define PRODUCT_DIMENSIONS 3
#define PRODUCT_WORDS      32

struct product {
    const char *words[PRODUCT_DIMENSIONS][PRODUCT_WORDS]; /* borrowed: static */
    size_t counts[PRODUCT_DIMENSIONS];
    bool tls13, older; /* versions that are switched on */
};

/* GnuTLS's word for that side of a suite: "ECDHE-RSA", "AES-128-GCM", "AEAD"; NULL: none, as the
 * key exchange of TLS 1.3. Static. */
const char *product_word(const struct suite *s, enum product_dimension d);

/* Adds a word unless it is there. */
void product_add(struct product *p, enum product_dimension d, const char *word);

/* Whether it yields the suite in a GnuTLS that has it. */
bool product_yields(const struct product *p, const struct suite *s);

/* The product that yields nothing but suites of the policy, and of these as many as any such
 * product can: first it keeps every protocol usable, then required suites, then optional ones,
 * then those that come first; of equals the one with the fewest words. Words stand in the order
 * in which the policy's suites need them. */
struct product product_best(const struct library *l, const struct policy *policy);

/* A suite outside the policy that would come along with `s`, or NULL: none would. */
const struct suite *product_burden(const struct library *l, const struct policy *policy,
                                   const struct product *p, const struct suite *s);

#endif
