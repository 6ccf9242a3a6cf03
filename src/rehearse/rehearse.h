/*
 * The rehearsal: the real daemon starts on the candidate files before anything is touched.
 *
 * In mount, network and process namespaces of its own, the plan's files of one service lie over the real
 * ones, everything else is read-only, what the daemon writes goes to memory, and only loopback
 * exists: real paths and real ports, and nothing of it is seen outside. When the answer is known,
 * everything vanishes with the namespace.
 *
 * struct plan_service.trial says how ("trial" in service.json):
 *     {"argv": ["/usr/sbin/apache2ctl", "start"],     argument vector, ends or stays
 *      "private": ["/run/apache2", "/var/log/apache2"],   directories that become empty ones in
 *                                                         memory: owner, mode and subdirectories stay
 *      "log": "/var/log/apache2/error.log",           optional: its last lines explain a refusal
 *      "seconds": 10}                                 optional: how long it may take
 * /run and /tmp are always private.
 */
#ifndef REHEARSE_REHEARSE_H
#define REHEARSE_REHEARSE_H

#include "base/err.h"
#include "plan/plan.h"

#define REHEARSE_SECONDS 10

/* Runs `verify` again and again in a child inside the namespaces until it returns 0 or time is up or
 * the daemon is gone; what it changes in memory is not seen by the caller.
 *
 * 0: it works. 1: not possible here (not permitted, or nothing to try: no trial, a plan for a
 * tree); err->text says why. -1: ERR_REFUSED, with the reason of verify, what the daemon said and the end
 * of its log; ERR_SYSTEM when the trial itself failed. */
int rehearse_service(const struct plan *plan, const struct plan_service *service,
                     int (*verify)(void *ctx, const char *service, struct err *err),
                     void *ctx, struct err *err) MUST_CHECK;

#endif
