/* Making a plan: every service that is asked for, what it has against what is wanted. */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "plan/plan.h"
#include "policy/profile.h"
#include "service/detect.h"
#include "service/host.h"
#include "service/service.h"
#include "service/site.h"

struct plan_request {
    const struct host *host;
    const struct service_list *services;
    const struct strv *only; /* names; empty: every one that is installed */
    const struct profile *profile;
    const struct site *site;
    bool exact; /* what is stricter than the profile does not stay */
    /* Which service is being looked at; may be NULL. */
    void (*progress)(void *ctx, const char *text);
    void *ctx;
};

/* Reads the host and changes nothing. What forbids an apply is a note of the plan, not an error.
 * ERR_INPUT: a service that is named but unknown or not installed, a configuration that cannot be
 * worked on; ERR_SYSTEM: one that cannot be read; ERR_REFUSED: the profile cannot be had here. */
int plan_build(const struct plan_request *request, struct plan **ret,
               struct err *err) MUST_CHECK;

/* What apply would write on a host that has nothing but the service's stock configuration
 * (templates/NAME/stock): a plan of files, with grants and notes. `detected` says the versions and is
 * taken over; nothing of this machine is read, and certificates are not looked at. Errors as above. */
int plan_render(const struct service *service, const struct site *site,
                const struct profile *profile, struct detected *detected,
                struct plan **ret, struct err *err) MUST_CHECK;

#endif
