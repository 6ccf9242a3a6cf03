/*
 * Paths on a host that may be a tree beneath some directory (--root).
 *
 * A path is always the one that the host itself uses ("/etc/postfix/main.cf"). Links are followed
 * as that host would follow them: an absolute link stays within the tree.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

/* A host: its root directory, open. */
struct path_root {
    char *name; /* as given, "/" for the running host */
    int fd;
};

/* For CLEANUP. */
void path_root_close(struct path_root *root);

int path_root_open(const char *name, struct path_root *ret, struct err *err) MUST_CHECK;

bool path_root_is_host(const struct path_root *root);

/* Whether something is there after following links. */
bool path_exists(const struct path_root *root, const char *path);

/* Reads a regular file beneath the root; `ret_resolved` (may be NULL) becomes its path on the host
 * with every link resolved, owned by the caller (free). `st` may be NULL. Returns 0; 1 when there
 * is no such file (nothing is set, no error); -1.
 * Ref: openat2(2) RESOLVE_IN_ROOT */
int path_read(const struct path_root *root, const char *path, struct buf *out,
              struct stat *st, char **ret_resolved, struct err *err) MUST_CHECK;

/* Paths beneath the root that match a pattern whose last component may hold * ? [ ], in the order
 * of glob(7) (bytewise); a pattern without these is itself when it exists. Names that begin with a
 * dot do not match *. */
int path_glob(const struct path_root *root, const char *pattern, struct strv *ret,
              struct err *err) MUST_CHECK;

/* The path on the host of what is there, with every link resolved; owned by the caller (free).
 * NULL: nothing is there. */
char *path_resolve(const struct path_root *root, const char *path);

/* Target of a symbolic link (not followed), owned by the caller; NULL when it is none. */
char *path_readlink(const struct path_root *root, const char *path);

#endif
