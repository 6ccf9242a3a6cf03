/*
 * Reading a message of TLS: numbers in network order and vectors with their length before them,
 * each checked against what is left (RFC 8446 3.3, 3.4). A failed read leaves the cursor as it
 * was.
 */
#ifndef PROBE_CURSOR_H
#define PROBE_CURSOR_H

#include <stdint.h>

#include "base/buf.h"

struct cursor {
    struct bytes left; /* borrowed */
};

static inline bool cursor_take(struct cursor *c, size_t n, struct bytes *ret)
{
    if (c->left.len < n)
        return false;
    *ret = (struct bytes){.data = c->left.data, .len = n};
    c->left.data += n;
    c->left.len -= n;
    return true;
}

static inline bool cursor_skip(struct cursor *c, size_t n)
{
    struct bytes skipped;
    return cursor_take(c, n, &skipped);
}

/* A number of `size` bytes, at most 3. */
static inline bool cursor_number(struct cursor *c, size_t size, size_t *ret)
{
    struct bytes b;
    if (!cursor_take(c, size, &b))
        return false;
    *ret = 0;
    for (size_t i = 0; i < size; i++)
        *ret = *ret << 8 | (unsigned char)b.data[i];
    return true;
}

static inline bool cursor_u8(struct cursor *c, uint8_t *ret)
{
    size_t n;
    if (!cursor_number(c, 1, &n))
        return false;
    *ret = (uint8_t)n;
    return true;
}

static inline bool cursor_u16(struct cursor *c, uint16_t *ret)
{
    size_t n;
    if (!cursor_number(c, 2, &n))
        return false;
    *ret = (uint16_t)n;
    return true;
}

/* A vector whose length stands in `size` bytes before it. */
static inline bool cursor_vector(struct cursor *c, size_t size, struct bytes *ret)
{
    struct cursor at = *c;
    size_t n;
    if (!cursor_number(&at, size, &n) || !cursor_take(&at, n, ret))
        return false;
    *c = at;
    return true;
}

#endif
