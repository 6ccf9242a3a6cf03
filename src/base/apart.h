/*
 * What reads the words of strangers on behalf of root is done in a process of its own, which can read files and talk
 * to the network, and nothing more.
 *
 *     json_t *seen = NULL;
 *     if (apart(look, &endpoint, 60000, &seen, err) < 0) ...
 *
 * The process is nobody where it was root, is confined (confine.h), has nothing open but its pipe, and ends with its
 * answer.
 */
#ifndef BASE_APART_H
#define BASE_APART_H

#include <jansson.h>

#include "base/err.h"

#define APART_LIMIT ((size_t)64 << 20) /* bytes of an answer */

/* From now on the calling process is nobody, if it was root and its user namespace has others, and is confined. -1:
 * ERR_SYSTEM. */
int apart_become(struct err *err) MUST_CHECK;

/* Runs `run(ctx)` there, which returns a new reference to an object or array; what it changes in memory is not seen
 * here. `ret` gets an equal one, a new reference. ERR_SYSTEM: the process could not be made, died, or has not
 * answered within `deadline_ms`; `ret` is untouched. */
int apart(json_t *(*run)(void *ctx), void *ctx, int deadline_ms, json_t **ret,
          struct err *err) MUST_CHECK;

#endif
