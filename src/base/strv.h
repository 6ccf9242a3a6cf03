/*
 * A vector of strings; also an argument vector: items[count] is always NULL once one was added.
 *
 *     CLEANUP(strv_release) struct strv argv = STRV_INIT;
 *     strv_add(&argv, "/usr/sbin/postfix");
 */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct strv {
    char **items; /* owned, NULL-terminated */
    size_t count, cap;
};

#define STRV_INIT                                                                        \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void strv_release(struct strv *v);
void strv_add(struct strv *v, const char *s); /* copies */
void strv_take(struct strv *v, char *s);      /* steals */
bool strv_has(const struct strv *v, const char *s);
void strv_sort(struct strv *v); /* bytewise */

#endif
