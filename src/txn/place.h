/*
 * A place: one name in a directory that was reached without following a symbolic link and without
 * leaving the root. Whatever is done to a file is done by (dir, name), so nothing can be swapped
 * on the way between looking and doing.
 */
#ifndef TXN_PLACE_H
#define TXN_PLACE_H

#include <jansson.h>

#include "base/err.h"

struct place {
    int dir;     /* open directory; -1: it does not exist */
    char *name;  /* last component */
    char *shown; /* the whole path, for messages */
};

#define PLACE_INIT                                                                       \
    {                                                                                    \
        .dir = -1                                                                        \
    }

void place_release(struct place *p);

/* The root as an open directory; -1: ERR_SYSTEM. */
int place_root(const char *root, struct err *err) MUST_CHECK;

/* Finds an absolute path beneath an open root. A directory on the way that does not exist is no
 * error: dir is -1. ERR_REFUSED: a symbolic link on the way, a directory that anybody may write
 * to, a path with "..". Ref: openat2(2), CVE-2018-6954. */
int place_find(int root, const char *path, struct place *ret, struct err *err) MUST_CHECK;

/* Appends to the array `list` (escaped, outermost first) the directories that have to be made before
 * `path` can be, each once. */
int place_missing(int root, const char *path, json_t *list, struct err *err) MUST_CHECK;

/* Makes one directory (0755), durably; one that is there already is fine. */
int place_make(int root, const char *path, struct err *err) MUST_CHECK;

/* Removes it again if nothing is in it. */
int place_unmake(int root, const char *path, struct err *err) MUST_CHECK;

/* fsync of the directory that holds `path`; fine when that does not exist. */
int place_sync(int root, const char *path, struct err *err) MUST_CHECK;

#endif
