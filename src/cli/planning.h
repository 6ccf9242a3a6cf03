/* From the command line to a plan: what diff, apply and their kin begin with. */
#ifndef CLI_PLANNING_H
#define CLI_PLANNING_H

#include "cli/cli.h"
#include "cli/reasoning.h"
#include "plan/build.h"

struct planning {
    struct profile *profile;
    struct service_list services;
    struct site site;
    struct host host;
    struct plan *plan;
};

#define PLANNING_INIT                                                                    \
    {                                                                                    \
        .profile = NULL, .services = SERVICE_LIST_INIT, .site = SITE_INIT,               \
        .host = HOST_INIT                                                                \
    }

void planning_release(struct planning *p);

/* Loads profile and site, looks at the host and builds the plan. Reads only. */
int planning_make(const struct cli *cli, struct planning *ret,
                  struct err *err) MUST_CHECK;

/* Tells the plan's notes on stderr, the worst last. Returns 3 when one of them is an error, else 0. */
int planning_notes(const struct cli *cli, const struct plan *plan);

/* Prints patch, LDIF and summary on stdout, each change with its reasons unless `reasoning` is NULL. */
int planning_show(const struct cli *cli, const struct plan *plan,
                  struct reasoning *reasoning, struct err *err) MUST_CHECK;

#endif
