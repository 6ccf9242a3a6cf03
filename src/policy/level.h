/*
 * What a profile says of an item beside allowing it or not: how binding its source makes it, where
 * that stands and why. "levels" in a profile maps names to it: of versions, suites, groups and
 * schemes (also those that it leaves out), of settings ("certificate.rsa_min_bits"), or patterns
 * ("TLS_RSA_*").
 */
#ifndef POLICY_LEVEL_H
#define POLICY_LEVEL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"

enum level_kind {
    LEVEL_NONE, /* nothing is said */
    LEVEL_MUST,
    LEVEL_SHOULD,
    LEVEL_MAY,
    LEVEL_SHOULD_NOT,
    LEVEL_MUST_NOT,
};

struct level {
    enum level_kind kind;
    const char *source; /* borrowed; "" when it isn't told: "RFC 9325 4.2" */
    const char *reason; /* borrowed; "" */
    bool confirmed;     /* false: from memory, the text was not at hand */
};

const char *level_name(enum level_kind kind); /* "must", "should-not"; "" for none */

/* Whether the kind forbids: should not, must not. */
bool level_forbids(enum level_kind kind);

/* What an effective profile says of an item: by its own name, else by the longest pattern. */
struct level level_of(const json_t *profile, const char *item);

/* Whether a name can stand in "levels". */
bool level_names_something(const char *name);

/* Checks "levels" at `pointer` of a document. */
int level_check(const struct json_doc *doc, const char *pointer,
                struct err *err) MUST_CHECK;

#endif
