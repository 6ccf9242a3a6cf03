/* Directories and files of the host, opened before anything is mounted over them. */
#ifndef REHEARSE_GROUND_H
#define REHEARSE_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

struct ground {
    char *path;     /* owned */
    int fd;         /* -1: it does not exist, or is not open */
    struct stat st; /* st_mode 0: it does not exist */
};

struct grounds {
    struct ground *items; /* owned */
    size_t count, cap;
};

void grounds_release(struct grounds *g);

bool grounds_have(const struct grounds *g, const char *path);

/* Opens a path with flags of open(2), unless they have it. */
void grounds_open(struct grounds *g, const char *path, int flags);

/* Does not open it. What cannot be told is left out. */
void grounds_look(struct grounds *g, const char *path);

/* A directory. */
void grounds_add(struct grounds *g, const char *path);

/* By path: a directory comes before those in it, which are then mounted over it. */
void grounds_sort(struct grounds *g);

/* Mounts memory at a path. 0; 1: the kernel does not let us, `err` says what. */
int ground_memory(const char *path, mode_t mode, struct err *err) MUST_CHECK;

/* Whether a path lies in a directory; both are absolute, without links and without a slash at the end. */
bool ground_lies_in(const char *dir, const char *path);

#endif
