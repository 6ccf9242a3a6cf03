/* What running servers are held against before, during and after a change: the plan's endpoints, by
 * handshake. */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "base/buf.h"
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
    json_t *now,
        *then; /* clients_look() at the running server, and at the rehearsed one; or NULL */
    json_t *without; /* what the service has and its rehearsal had not: texts; or NULL */
};

struct proof {
    const struct cli *cli;
    const struct profile *profile;
    const struct plan *plan;
    enum { PROOF_AUTO, PROOF_REQUIRED, PROOF_NEVER } rehearsal; /* --rehearse */
    unsigned endpoints; /* how many were proven on the running servers */
    unsigned
        soft; /* groups or signature schemes that these allow beyond the profile: for want of a setting */
    struct proof_result *results; /* of the rehearsal, in the plan's order */
    size_t result_count, result_cap;
};

#define PROOF_INIT                                                                       \
    {                                                                                    \
        .cli = NULL                                                                      \
    }

void proof_release(struct proof *p);

/* Rehearses every service that the plan touches, side by side; what came of it is in p->results. Each is
 * started on the configuration as it is as well, to tell what clients lose, and what was broken before. */
void proof_rehearse_all(struct proof *p);

/* What an endpoint of the plan is held against: its scope of the profile, and the versions (bits of
 * enum protocol) that its service's library granted there. */
int proof_policy(const struct profile *profile, const struct plan *plan,
                 const struct endpoint *e, struct policy *ret, unsigned *ret_versions,
                 struct err *err) MUST_CHECK;

/* A new reference: [{"service", "result", "endpoints", "why", "without": [TEXT], "clients": [{"role", "address", "port", "starttls", "name",
 * "now": {VERSION: SUITE}, "then": {VERSION: SUITE}}]}]. */
json_t *proof_json(const struct proof *p);

/* Appends "  apache    127.0.0.1:443 www.example.org: TLSv1 TLSv1.2 -> TLSv1.2 TLSv1.3" for each endpoint of a result, or
 * for those where the versions change. */
void proof_clients_text(const struct proof_result *r, bool only_changed, struct buf *out);

/* "milters and authentication by another server"; owned, NULL when nothing was left out. */
char *proof_without(const struct proof_result *r);

const char *
proof_word(enum proof_rehearsal result); /* "works", "does not work", "not tried" */

/* Holds each running server of the plan against the profile, changed or not; those that do not run are told. -1 with
 * the first that does not conform: its kind says nothing. */
int proof_running(struct proof *p, struct err *err) MUST_CHECK;

/* Holds the endpoints of a service against the profile, each once. ERR_REFUSED: one does not conform; ERR_SYSTEM: no
 * verdict. */
int proof_once(struct proof *p, const char *service, struct err *err) MUST_CHECK;

/* How many endpoints the plan has of a service. */
unsigned proof_count(const struct proof *p, const char *service);

/* Callbacks of txn.h, with a struct proof as `ctx`. */
int proof_rehearse(void *ctx, const struct plan *plan, struct err *err);
int proof_verify(void *ctx, const char *service, struct err *err);
void proof_progress(void *ctx, const char *text);

#endif
