/* One TLS library's language; dialect.c picks by kind. */
#ifndef DIALECT_ENGINE_H
#define DIALECT_ENGINE_H

#include <stdio.h>

#include "dialect/dialect.h"
#include "dialect/loading.h"

struct engine {
    const char *name;
    const char *object; /* "ssl", "gnutls": the stem of its shared object */
    /* Writes a policy, using what this version is known to have; nothing is reported yet. */
    void (*write)(const struct library *library, const struct policy *policy,
                  struct native *ret);
    /* Runs where the library is loaded: says of each question what its strings mean, in lines that
     * answer.h describes. `handle` is dlopen()'s. False: that is no such library. */
    bool (*tell)(void *handle, const struct native *questions, size_t count, FILE *out);
    /* Runs there, too: whether the library takes these files; NULL: it cannot be asked that. Writes the lines that
     * loading.h describes. False: that is no such library. */
    bool (*load)(void *handle, const struct loading_files *files, FILE *out);
    /* Expands strings from the tables. */
    int (*read)(const struct library *library, const struct native *native,
                struct resolved *ret, struct err *err);
    /* Whether the tables say that this version has it. */
    bool (*has_suite)(const struct library *library, const struct suite *s);
    bool (*has_group)(const struct library *library, const struct tls_group *g);
    bool (*has_sigscheme)(const struct library *library, const struct sigscheme *s);
    /* Why a suite, group or scheme that this version has (the others are NULL) isn't granted, in
     * words that follow the library's name; owned. NULL: nothing more is known. */
    char *(*why_not)(const struct library *library, const struct policy *policy,
                     const struct suite *s, const struct tls_group *g);
};

extern const struct engine engine_openssl, engine_gnutls;

const struct engine *engine_of(enum dialect_kind kind);

/* Adds to a set unless it is there; owned arrays of a resolved. */
void resolved_add_suite(struct resolved *r, const struct suite *s);
void resolved_add_group(struct resolved *r, const struct tls_group *g);
void resolved_add_sigscheme(struct resolved *r, const struct sigscheme *s);

/* Are they in the set? */
bool resolved_has_suite(const struct resolved *r, const struct suite *s);
bool resolved_has_group(const struct resolved *r, const struct tls_group *g);
bool resolved_has_sigscheme(const struct resolved *r, const struct sigscheme *s);

/* Takes away suites that no version of the set can negotiate, and versions with no suite. */
void resolved_settle(struct resolved *r);

/* Adds to `g` what became of everything that the policy asks for, and what came with it. */
void compare(const struct library *l, const struct policy *p, const struct resolved *r,
             struct grants *g);

/* Calls `take` for each element of a list separated by ':'. */
void list_each(const char *list, void (*take)(void *ctx, const char *word), void *ctx);

#endif
