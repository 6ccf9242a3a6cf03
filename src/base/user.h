/* Whom a process may become: a user's numbers, looked up once. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct user {
    char *name; /* owned; for messages */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* owned; supplementary groups, gid among them */
    size_t group_count;
};

void user_release(struct user *u);

/* Looks `name` up in the running system's user database. ERR_INPUT: no such user; ERR_SYSTEM:
 * the database could not be read. `ret` is untouched on failure. */
int user_find(const char *name, struct user *ret, struct err *err) MUST_CHECK;

/* Makes the calling process `u`, for good: groups, gid, uid, and proves that there is no way
 * back. Safe after fork. 0, or -1 with errno. */
int user_become(const struct user *u) MUST_CHECK;

#endif
