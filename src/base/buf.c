/* Growing byte buffers and borrowed runs of bytes. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct bytes bytes_str(const char *s)
{
    return (struct bytes){.data = s ? s : "", .len = s ? strlen(s) : 0};
}

struct bytes bytes_buf(const struct buf *b)
{
    return (struct bytes){.data = b->data ? b->data : "", .len = b->len};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
    while (b.len && is_space(b.data[0]))
        b.data++, b.len--;
    while (b.len && is_space(b.data[b.len - 1]))
        b.len--;
    return b;
}

bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_eq_nocase(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool bytes_is(struct bytes a, const char *s)
{
    return bytes_eq(a, bytes_str(s));
}

bool bytes_starts(struct bytes a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.len >= n && memcmp(a.data, prefix, n) == 0;
}

char *bytes_dup(struct bytes b)
{
    return mem_strndup(b.data ? b.data : "", b.len);
}

bool bytes_next_line(struct bytes *rest, struct bytes *line)
{
    if (rest->len == 0)
        return false;
    const char *nl = memchr(rest->data, '\n', rest->len);
    size_t n = nl ? (size_t)(nl - rest->data) + 1 : rest->len;
    *line = (struct bytes){.data = rest->data, .len = n};
    rest->data += n;
    rest->len -= n;
    return true;
}

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_reserve(struct buf *b, size_t more)
{
    if (b->cap > b->len && b->cap - b->len > more)
        return;
    size_t want = b->cap ? b->cap : 64;
    while (want - b->len <= more && want <= SIZE_MAX / 2)
        want *= 2;
    if (want - b->len <= more)
        want = SIZE_MAX; /* refused below */
    b->data = mem_resize(b->data, want, 1);
    b->cap = want;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    buf_reserve(b, len);
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_addb(struct buf *b, struct bytes bytes)
{
    buf_add(b, bytes.data, bytes.len);
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
    buf_reserve(b, 0);
    b->data[b->len] = '\0';
    char *data = b->data;
    *b = (struct buf)BUF_INIT;
    return data;
}
