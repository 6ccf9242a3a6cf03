/*
 * The scene: what the daemon of a rehearsal sees of the host. Built inside namespaces of its own (mount,
 * network, process), where nothing can reach the host and nothing outlives the last process.
 */
#ifndef REHEARSE_SCENE_H
#define REHEARSE_SCENE_H

#include <jansson.h>

#include "base/err.h"
#include "plan/plan.h"

#define SCENE_PRIVATE                                                                    \
    "/run/.tlsharden" /* a directory of ours in the scene, for root only */

/* Makes the host read-only, and memory of /run, /tmp, /var/tmp, /dev/shm and the directories in how.private; hides
 * people's files, mail and spool (plan/rehearsable.h) but for how.visible; makes changes
 * in how.writable go to memory, with empty files in the place of how.fresh; lays the plan's files of `service` over the real ones (none, when `plan` is NULL) and brings loopback up. Members of `how` may be left out.
 * 0; 1: the kernel or a container does not let us, `err` says what; -1: ERR_SYSTEM, ERR_INPUT. */
int scene_build(const struct plan *plan, const char *service, const json_t *how,
                struct err *err) MUST_CHECK;

#endif
