/*
 * A place: one name in a directory that was reached without following a symbolic link, without leaving
 * the root and through no directory that somebody else may change. Whatever is done to a file is done
 * by (dir, name), so nothing can be swapped on the way between looking and doing.
 */
#ifndef TXN_PLACE_H
#define TXN_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* A directory that was reached; shared by all places in it. */
struct place_dir {
    int fd;
    uid_t
        foreign; /* owner of directories on the way who is neither root nor we; else root */
    enum { ASIDE_UNKNOWN, ASIDE_YES, ASIDE_NO } aside; /* aside.h */
    char *path;
    unsigned users;
};

#define ROOT_DIRS 64

/* A root directory, open, and directories beneath it that were reached already: files come in heaps. */
struct root {
    int fd;
    bool live;   /* the running host, not a tree */
    uid_t owner; /* of the root: in a tree its files may be theirs */
    struct place_dir *dirs[ROOT_DIRS];
    size_t count, next; /* dirs in use; which is to give way */
};

#define ROOT_INIT                                                                        \
    {                                                                                    \
        .fd = -1                                                                         \
    }

void root_release(struct root *root);

int root_open(const char *path, struct root *ret, struct err *err) MUST_CHECK;

struct place {
    int dir;              /* open directory; -1: it does not exist */
    struct place_dir *at; /* whose it is; NULL: ours */
    uid_t foreign;        /* as in struct place_dir */
    char *name;           /* last component */
    char *shown;          /* the whole path, for messages */
};

#define PLACE_INIT                                                                       \
    {                                                                                    \
        .dir = -1                                                                        \
    }

void place_release(struct place *p);

/* Where something stands or is to stand: a name in an open directory (-1: there is none), and a path for
 * messages. Nothing in it is owned. */
struct spot {
    int dir;
    const char *name, *shown;
};

/* Where the place is, and another name in its directory. */
struct spot place_spot(const struct place *p);
struct spot place_beside(const struct place *p, const char *name);

/* Finds an absolute path beneath an open root. A directory on the way that does not exist is no
 * error: dir is -1. ERR_REFUSED: a symbolic link on the way, a directory that others may write to
 * or that belongs to somebody else (one somebody: `foreign`), a path with "..". Ref: openat2(2),
 * CVE-2018-6954. */
int place_find(struct root *root, const char *path, struct place *ret,
               struct err *err) MUST_CHECK;

/* Appends to the array `list` (escaped, outermost first) the directories that have to be made before
 * `path` can be, each once. */
int place_missing(struct root *root, const char *path, json_t *list,
                  struct err *err) MUST_CHECK;

/* Makes one directory (0755); one that is there already is fine. */
int place_make(struct root *root, const char *path, struct err *err) MUST_CHECK;

/* Removes it again if nothing is in it. */
int place_unmake(struct root *root, const char *path, struct err *err) MUST_CHECK;

#endif
