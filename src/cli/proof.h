/* What running servers are held against before, during and after a change: the plan's endpoints, by
 * handshake. */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "cli/cli.h"
#include "plan/plan.h"
#include "policy/profile.h"

enum proof_rehearsal { PROOF_WORKS, PROOF_FAILS, PROOF_UNTRIED };

/* What came of rehearsing one service. */
struct proof_result {
    char *service;
    enum proof_rehearsal result;
    unsigned endpoints; /* proven there */
    char *why;          /* unless it works */
};

struct proof {
    const struct cli *cli;
    const struct profile *profile;
    const struct plan *plan;
    enum { PROOF_AUTO, PROOF_REQUIRED, PROOF_NEVER } rehearsal; /* --rehearse */
    unsigned endpoints;           /* how many were proven on the running servers */
    struct proof_result *results; /* of the rehearsal, in the plan's order */
    size_t result_count, result_cap;
};

#define PROOF_INIT                                                                       \
    {                                                                                    \
        .cli = NULL                                                                      \
    }

void proof_release(struct proof *p);

/* Rehearses every service that the plan touches; what came of it is in p->results. */
void proof_rehearse_all(struct proof *p);

/* The versions, bits of enum protocol, that the library granted to an endpoint's service. */
unsigned proof_versions(const struct plan *plan, const struct endpoint *e);

/* Callbacks of txn.h, with a struct proof as `ctx`. */
int proof_rehearse(void *ctx, const struct plan *plan, struct err *err);
int proof_verify(void *ctx, const char *service, struct err *err);
void proof_progress(void *ctx, const char *text);

#endif
