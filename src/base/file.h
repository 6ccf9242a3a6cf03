/*
 * Reading files, and owning descriptors. Writing to the host belongs to txn.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

/* No file that tlsharden reads is larger; a larger one is an error, not a slow machine. */
#define FILE_LIMIT ((size_t)64 << 20)

/* For CLEANUP: closes unless negative, and sets to -1. */
void fd_close(int *fd);

/* For CLEANUP: fclose unless NULL. */
void file_closep(FILE **f);

/* Appends a whole regular file of at most `limit` bytes to `out`; follows symbolic links.
 * A FIFO or device is refused without blocking. `st` may be NULL. Errors: ERR_SYSTEM, with
 * errno's text; `out` is as before on failure. */
int file_read(const char *path, size_t limit, struct buf *out, struct stat *st,
              struct err *err) MUST_CHECK;

/* The same for an open descriptor, which stays open; `path` is for messages. */
int file_read_fd(int fd, const char *path, size_t limit, struct buf *out, struct stat *st,
                 struct err *err) MUST_CHECK;

/* True when something (after following links) is there. */
bool file_exists(const char *path);

/* `root` and `path` joined with one slash between; root "/" or "" gives the path itself. Owned
 * by the caller (free). */
char *file_join(const char *root, const char *path);

/* Writes all of `data`, in pieces and after signals if need be. */
int file_write_all(int fd, const void *data, size_t len, const char *path,
                   struct err *err) MUST_CHECK;

/* Makes `path` and its parents, as mkdir -p -m mode. */
int file_mkdirs(const char *path, mode_t mode, struct err *err) MUST_CHECK;

#endif
