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
 *      "visible": ["/home/example/key.pem"],          optional: what is seen of hidden directories
 *      "writable": ["/etc/example"],                  optional: directories whose changes go to memory
 *      "fresh": ["/srv/example/log"],                 optional: files that begin empty, and can be written
 *      "prepare": [["/usr/sbin/exampleconf", "x=y"]], optional: commands that come first, once the files are there
 *      "without": ["milters"],                        optional: what these take away, in words for people
 *      "log": "/var/log/example/error.log",           optional: where it explains a refusal, a pattern of
 *                                                     glob(7), or several
 *      "seconds": 10}                                 optional: how long it may take
 * /run and /tmp are always private; /home, /root, mail and spool are hidden.
 */
#ifndef REHEARSE_REHEARSE_H
#define REHEARSE_REHEARSE_H

#include <jansson.h>

#include "base/err.h"
#include "plan/plan.h"

#define REHEARSE_SECONDS 10

/* What is asked of the daemon, in a child inside the namespaces: what these change in memory is not seen by the caller. */
struct rehearse_calls {
    /* Again and again until it returns 0 or time is up or the daemon is gone. */
    int (*verify)(void *ctx, const char *service, struct err *err);
    /* Once it did: what is served there, a new reference; may be NULL. */
    json_t *(*look)(void *ctx, const char *service);
    void *ctx;
};

enum rehearse_on {
    REHEARSE_CANDIDATE, /* the plan's files */
    REHEARSE_PRESENT, /* the configuration as it is: what fails there was broken before */
};

/* One that is under way, beside others. */
struct rehearsal {
    const char *service; /* borrowed */
    pid_t pid;           /* -1: none was started, `rc` and `err` say why */
    int pipe;
    int64_t deadline;
    int rc;
    struct err err;
};

/* Starts a rehearsal; what stands in its way is told by rehearse_end(). */
void rehearse_begin(const struct plan *plan, const struct plan_service *service,
                    enum rehearse_on on, const struct rehearse_calls *calls,
                    struct rehearsal *ret);

/* Waits for its end. 0: it works; *ret_seen (unless NULL) is what look() said, a new reference, or NULL. 1: not possible
 * here (not permitted, or nothing to try: no trial, a plan for a tree); err->text says why. -1: ERR_REFUSED, with the
 * reason of verify, what the daemon said and what its log says; ERR_SYSTEM when the trial itself failed. */
int rehearse_end(struct rehearsal *r, json_t **ret_seen, struct err *err) MUST_CHECK;

/* Both, on the plan's files. */
int rehearse_service(const struct plan *plan, const struct plan_service *service,
                     int (*verify)(void *ctx, const char *service, struct err *err),
                     void *ctx, struct err *err) MUST_CHECK;

#endif
