/* The keys of a profile: what may stand where, and what holds when it doesn't. */
#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"

enum key_type {
    KEY_SECTION, /* an object with keys of its own */
    KEY_TEXT,    /* prose: no control characters */
    KEY_NAME,    /* a short name: letters, digits, "-", "." and "_" */
    KEY_TEXTS,   /* an array of prose */
    KEY_FLAG,
    KEY_NUMBER,
    KEY_CHOICE, /* one of `choices` */
    KEY_PROTOCOLS,
    KEY_SUITES,
    KEY_GROUPS,
    KEY_SIGSCHEMES,
    KEY_OPTIONAL, /* any version, suite, group or signature scheme */
    KEY_SCOPES,
    KEY_LEVELS,
};

struct key {
    const char *pointer; /* "/tls/protocols" */
    enum key_type type;
    long min, max;        /* of a number */
    const char *choices;  /* of a choice: "never allow try demand" */
    const char *fallback; /* JSON of the default, or NULL: none */
    bool or_false;        /* `false` may stand there as well */
    bool top_only;        /* not within a scope */
};

/* By pointer; NULL when there is no such key. */
const struct key *key_find(const char *pointer);

/* The whole table; ret_count is its length. */
const struct key *key_table(size_t *ret_count);

/* Checks the object at `pointer` of a document (its keys as those at `base` in the table, "" for
 * a whole profile), and all below it. `scoped`: keys that only a whole profile has are refused. */
int key_check(const struct json_doc *doc, const char *pointer, const char *base,
              bool scoped, struct err *err) MUST_CHECK;

/* Checks prose: a string without control characters, at most 4096 bytes. */
int key_check_text(const struct json_doc *doc, const char *at, const json_t *v,
                   struct err *err) MUST_CHECK;

/* Adds what is missing in an effective profile. */
void key_defaults(json_t *profile);

/* Whether a key's value is a list that may be edited instead of replaced. */
bool key_is_list(const struct key *key);

#endif
