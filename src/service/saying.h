/*
 * What a web server's configuration says of one part of the policy, for hooks: which part, and
 * whether it allows less than the profile, so that it may stay.
 */
#ifndef SERVICE_SAYING_H
#define SERVICE_SAYING_H

#include "dialect/dialect.h"
#include "service/wanted.h"

/* Of enum part, or all that has no list. */
#define PART_OTHER 128u

/* Bits of marks from 256 on: whether what was said of a part is stricter than the policy, or is not. */
#define SAID_STRICTER(part) ((unsigned)(part) << 8)
#define SAID_LOOSER(part)   ((unsigned)(part) << 16)
#define SAID_ANY_LOOSER     SAID_LOOSER(255)

struct saying {
    unsigned part;
    char *text; /* owned (free); NULL: of PART_OTHER */
};

/* Whether everything that was said of the part is stricter, so that it stays. */
bool saying_kept(unsigned marks, unsigned part);

/* The same for templates: {protocols, suites, suites13}; a new reference. */
json_t *saying_kept_json(unsigned marks);

/* COMMAND VALUE of OpenSSL's configuration. Ref: SSL_CONF_cmd(3) */
struct saying saying_of_command(const char *command, const char *value);

/* The part's name in service.json's "kept"; NULL for PART_OTHER. */
const char *saying_name(unsigned part);

/* SAID_STRICTER or SAID_LOOSER of what was said; the latter where `may_stay` is not set. `judged` remembers
 * answers, since thousands of virtual hosts say the same. */
unsigned saying_mark(const struct wanted *w, const struct saying *s, bool may_stay,
                     json_t *judged);

#endif
