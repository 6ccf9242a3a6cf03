/*
 * Whether a library takes a certificate and its key as they stand in files: what one library reads another may
 * refuse, and then a server that uses it does not start.
 *
 *     const struct loading l = {.chain = "/etc/ssl/host/fullchain.pem", .key = "/etc/ssl/host/privkey.pem"};
 *     CLEANUP(loading_verdict_release) struct loading_verdict v = LOADING_VERDICT_INIT;
 *     if (loading_try(&library, &l, &v, err) < 0) ...
 *     if (v.refused != LOADING_NOTHING) ... v.why
 *
 * It is the library itself that reads them, in a process of its own (child.h), as the user who will. Lines of that
 * process: "unread chain|key|ca WHY", "refused chain|key|pair|ca WHY", "taken -".
 */
#ifndef DIALECT_LOADING_H
#define DIALECT_LOADING_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/user.h"
#include "dialect/dialect.h"

#define LOADING_LIMIT ((size_t)1 << 20) /* bytes of a file */

struct loading {
    const char *chain, *key;   /* PEM; key NULL: in the same file */
    const char *ca;            /* NULL: none */
    const struct user *reader; /* who reads them; NULL: who we are */
    bool any_order;            /* the server looks for its certificate in the chain */
};

enum loading_part {
    LOADING_NOTHING, /* all of it was taken */
    LOADING_CHAIN,
    LOADING_KEY,
    LOADING_PAIR, /* each of them, but not together */
    LOADING_CA,
};

struct loading_verdict {
    enum loading_part refused;
    char *why; /* in the library's words; owned */
};

#define LOADING_VERDICT_INIT                                                             \
    {                                                                                    \
        .refused = LOADING_NOTHING                                                       \
    }

void loading_verdict_release(struct loading_verdict *v);

/* 0, or 1: this library cannot be asked, or a file cannot be read. ERR_SYSTEM: it cannot be loaded, or ended. */
int loading_try(const struct library *library, const struct loading *l,
                struct loading_verdict *ret, struct err *err) MUST_CHECK;

/* --- for engines ----------------------------------------------------------------------------- */

/* What was read; `ca` has no data when there is none. */
struct loading_files {
    struct bytes chain, key, ca;
    bool any_order;
};

#endif
