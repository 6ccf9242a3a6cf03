/*
 * Bytes: `struct bytes` borrows a run of them, `struct buf` owns a growing one.
 *
 *     CLEANUP(buf_release) struct buf out = BUF_INIT;
 *     buf_addf(&out, "%s = %s\n", name, value);
 *
 * A buf is always followed by a NUL that `len` does not count, so `data` reads as a C string
 * once anything was added (buf_str() is safe before that, too). Contents may hold NULs.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct bytes {
    const char *data; /* borrowed; not NUL-terminated */
    size_t len;
};

struct buf {
    char *data;
    size_t len, cap;
};

#define BUF_INIT                                                                         \
    {                                                                                    \
        .data = NULL                                                                     \
    }
#define BYTES(literal) ((struct bytes){.data = "" literal, .len = sizeof(literal) - 1})

struct bytes bytes_str(const char *s);       /* a C string; NULL is empty */
struct bytes bytes_buf(const struct buf *b); /* what a buf holds now */
struct bytes
bytes_trim(struct bytes b); /* without leading and trailing space, \t, \r, \n */
bool bytes_eq(struct bytes a, struct bytes b);
bool bytes_eq_nocase(struct bytes a, struct bytes b); /* ASCII case */
bool bytes_is(struct bytes a, const char *s);         /* equals a C string */
bool bytes_starts(struct bytes a, const char *prefix);
char *bytes_dup(struct bytes b); /* owned C string (free); stops at no NUL */

/* The first line of `*rest`, its "\n" included when present; `*rest` advances. False at the end. */
bool bytes_next_line(struct bytes *rest, struct bytes *line);

void buf_release(struct buf *b);              /* frees; b is BUF_INIT again */
void buf_clear(struct buf *b);                /* empties; keeps the memory */
void buf_reserve(struct buf *b, size_t more); /* room for `more` bytes */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_addb(struct buf *b, struct bytes bytes);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
const char *buf_str(const struct buf *b); /* "" when nothing was added */
char *buf_take(struct buf *b);            /* owned C string (free); b is BUF_INIT again */

#endif
