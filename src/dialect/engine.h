/* One TLS library's language; dialect.c picks by kind. */
#ifndef DIALECT_ENGINE_H
#define DIALECT_ENGINE_H

#include "dialect/dialect.h"

struct engine {
    const char *name;
    /* Writes a policy, using what this version is known to have; nothing is reported yet. */
    void (*write)(const struct library *library, const struct policy *policy,
                  struct native *ret);
    /* Expands strings by the library itself; 1 when it is not the one at hand. */
    int (*resolve)(const struct library *library, const struct native *native,
                   struct resolved *ret, struct err *err);
    /* Expands strings from the tables. */
    int (*read)(const struct library *library, const struct native *native,
                struct resolved *ret, struct err *err);
    /* Whether the tables say that this version has it. */
    bool (*has_suite)(const struct library *library, const struct suite *s);
    bool (*has_group)(const struct library *library, const struct tls_group *g);
    bool (*has_sigscheme)(const struct library *library, const struct sigscheme *s);
};

extern const struct engine engine_openssl, engine_gnutls;

const struct engine *engine_of(enum dialect_kind kind);

/* Adds to a set unless it is there; owned arrays of a resolved. */
void resolved_add_suite(struct resolved *r, const struct suite *s);
void resolved_add_group(struct resolved *r, const struct tls_group *g);
void resolved_add_sigscheme(struct resolved *r, const struct sigscheme *s);

/* Calls `take` for each element of a list separated by ':'. */
void list_each(const char *list, void (*take)(void *ctx, const char *word), void *ctx);

#endif
