/* The trial: starts the daemon on the scene and asks until it answers well, or time is up. */
#ifndef REHEARSE_TRIAL_H
#define REHEARSE_TRIAL_H

#include <jansson.h>

#include "base/err.h"
#include "rehearse/rehearse.h"
#include "rehearse/syslog.h"

struct trial {
    const char *service;
    const json_t *how; /* plan_service.trial */
    struct rehearse_calls calls;
    struct trial_log log;
    json_t *seen; /* out: what calls.look said; owned by process 1, which ends */
};

/* Its seconds, within reason. */
int trial_seconds(const json_t *how);

/* Runs as the first process of the namespace, since it waits for every child there is. 0, or -1:
 * ERR_REFUSED with what verify, the daemon and its log say; ERR_INPUT, ERR_SYSTEM. */
int trial_run(struct trial *t, struct err *err) MUST_CHECK;

#endif
