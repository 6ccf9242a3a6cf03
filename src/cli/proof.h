/* What running servers are held against before, during and after a change: the plan's endpoints, by
 * handshake. */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "cli/cli.h"
#include "plan/plan.h"
#include "policy/profile.h"

struct proof {
    const struct cli *cli;
    const struct profile *profile;
    const struct plan *plan;
    unsigned endpoints;  /* how many have been proven since it was last set to 0 */
    struct strv untried; /* services that could not be rehearsed, with the reason */
};

#define PROOF_INIT                                                                       \
    {                                                                                    \
        .cli = NULL                                                                      \
    }

void proof_release(struct proof *p);

/* Callbacks of txn.h, with a struct proof as `ctx`. */
int proof_rehearse(void *ctx, const struct plan *plan, struct err *err);
int proof_verify(void *ctx, const char *service, struct err *err);
void proof_progress(void *ctx, const char *text);

#endif
