/*
 * Common lines at both ends are set aside first, which for edited configuration leaves little. What is
 * left goes through Myers' greedy algorithm: line by line compared by hash, then by bytes. The edit
 * script is two bit maps, deleted and inserted lines, from which hunks are printed in one pass.
 */
#include "report/unified.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Most differing lines that are aligned with one another; the trace needs its square of memory. */
#define DISTANCE_LIMIT 1024

struct text {
    struct bytes *lines; /* owned; line ends included */
    uint64_t *hashes;    /* owned */
    bool *changed;       /* owned; deleted from `before`, or inserted into `after` */
    size_t count;
};

static void text_release(struct text *t)
{
    free(t->lines);
    free(t->hashes);
    free(t->changed);
}

/* Ref: FNV-1a; equal hashes are compared by bytes. */
static uint64_t hash(struct bytes line)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < line.len; i++)
        h = (h ^ (unsigned char)line.data[i]) * 1099511628211u;
    return h;
}

static void text_read(struct text *t, struct bytes text)
{
    size_t cap = 64;
    *t = (struct text){.lines = mem_alloc(cap * sizeof *t->lines)};
    for (struct bytes line; bytes_next_line(&text, &line);) {
        MEM_GROW(t->lines, t->count, cap);
        t->lines[t->count++] = line;
    }
    t->hashes = mem_alloc((t->count + 1) * sizeof *t->hashes);
    t->changed = mem_alloc((t->count + 1) * sizeof *t->changed);
    for (size_t i = 0; i < t->count; i++)
        t->hashes[i] = hash(t->lines[i]);
}

static bool same_line(const struct text *a, size_t i, const struct text *b, size_t j)
{
    return a->hashes[i] == b->hashes[j] && bytes_eq(a->lines[i], b->lines[j]);
}

/* --- aligning -------------------------------------------------------------------------------- */

/* The middle of two texts: n lines of a from a0, m lines of b from b0. */
struct middle {
    const struct text *a, *b;
    size_t a0, b0;
    int n, m;
};

static void mark(bool *changed, size_t begin, size_t count)
{
    memset(changed + begin, true, count);
}

static bool same_at(const struct middle *w, int x, int y)
{
    return same_line(w->a, w->a0 + (size_t)x, w->b, w->b0 + (size_t)y);
}

/* Does the path to diagonal k with one more difference come from k + 1 (an insertion)? */
static bool comes_down(const int *v, int d, int k)
{
    return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* One more difference: v[k], the furthest x on each diagonal k. True at the end of both texts. */
static bool step(const struct middle *w, int *v, int d)
{
    for (int k = -d; k <= d; k += 2) {
        int x = comes_down(v, d, k) ? v[k + 1] : v[k - 1] + 1;
        while (x < w->n && x - k < w->m && same_at(w, x, x - k))
            x++;
        v[k] = x;
        if (x >= w->n && x - k >= w->m)
            return true;
    }
    return false;
}

/* From the end back through what v was before each step, marking insertions and deletions. */
static void walk_back(const struct middle *w, int *const *rows, int d)
{
    int x = w->n, y = w->m;
    for (; d > 0; d--) {
        const int *v = rows[d] + d + 1;
        int k = x - y;
        bool down = comes_down(v, d, k);
        int from = down ? k + 1 : k - 1;
        x = v[from];
        y = x - from;
        if (down)
            w->b->changed[w->b0 + (size_t)y] = true;
        else
            w->a->changed[w->a0 + (size_t)x] = true;
    }
}

/* v[-d-1] to v[d + 1]. */
static int *save(const int *v, int d)
{
    size_t size = (size_t)(2 * d + 3) * sizeof *v;
    return memcpy(mem_alloc(size), v - d - 1, size);
}

static bool align(const struct middle *w)
{
    int *v CLEANUP(mem_freep) = mem_alloc((2 * DISTANCE_LIMIT + 3) * sizeof *v);
    int **rows CLEANUP(mem_freep) = mem_alloc((DISTANCE_LIMIT + 1) * sizeof *rows);
    int *middle = v + DISTANCE_LIMIT + 1, d = 0;
    bool done = false;
    for (; !done && d <= DISTANCE_LIMIT; d++) {
        rows[d] = save(middle, d);
        done = step(w, middle, d);
    }
    if (done)
        walk_back(w, rows, d - 1);
    for (int i = 0; i < d; i++)
        free(rows[i]);
    return done;
}

static void compare(const struct text *a, const struct text *b)
{
    size_t head = 0, tail = 0;
    size_t least = a->count < b->count ? a->count : b->count;
    while (head < least && same_line(a, head, b, head))
        head++;
    while (tail < least - head &&
           same_line(a, a->count - 1 - tail, b, b->count - 1 - tail))
        tail++;
    size_t n = a->count - head - tail, m = b->count - head - tail;
    struct middle w = {.a = a, .b = b, .a0 = head, .b0 = head, .n = (int)n, .m = (int)m};
    bool countable = n < INT32_MAX / 4 && m < INT32_MAX / 4;
    if (n && m && countable && align(&w))
        return;
    mark(a->changed, head, n);
    mark(b->changed, head, m);
}

/* --- printing -------------------------------------------------------------------------------- */

struct cursor {
    size_t i, j; /* lines of a and b that are done */
};

static void add_line(struct buf *out, char sign, struct bytes line)
{
    buf_addc(out, sign);
    buf_addb(out, line);
    if (!line.len || line.data[line.len - 1] != '\n')
        buf_adds(out, "\n\\ No newline at end of file\n");
}

/* Past the changed lines here; how many there were. */
static size_t skip_change(const struct text *a, const struct text *b, struct cursor *c)
{
    size_t changed = 0;
    for (; c->i < a->count && a->changed[c->i]; c->i++)
        changed++;
    for (; c->j < b->count && b->changed[c->j]; c->j++)
        changed++;
    return changed;
}

static bool changes_at(const struct text *a, const struct text *b, struct cursor c)
{
    return (c.i < a->count && a->changed[c.i]) || (c.j < b->count && b->changed[c.j]);
}

/* Where the hunk that begins at `c` ends: changes less than two contexts apart belong together. */
static struct cursor hunk_end(const struct text *a, const struct text *b, struct cursor c)
{
    struct cursor end = c;
    size_t equal = 0;
    while (c.i < a->count || c.j < b->count) {
        if (skip_change(a, b, &c)) {
            end = c;
            equal = 0;
            continue;
        }
        if (++equal > 2 * (size_t)UNIFIED_CONTEXT)
            break;
        c.i++;
        c.j++;
    }
    return end;
}

/* "12,3", where an empty range is named by the line before it. */
static void add_range(struct buf *out, size_t begin, size_t count)
{
    buf_addf(out, count == 1 ? "%zu" : "%zu,%zu", begin + (count > 0), count);
}

static void add_hunk(const struct text *a, const struct text *b, struct cursor from,
                     struct cursor to, struct buf *out)
{
    buf_adds(out, "@@ -");
    add_range(out, from.i, to.i - from.i);
    buf_adds(out, " +");
    add_range(out, from.j, to.j - from.j);
    buf_adds(out, " @@\n");
    for (struct cursor c = from; c.i < to.i || c.j < to.j;) {
        for (; c.i < to.i && a->changed[c.i]; c.i++)
            add_line(out, '-', a->lines[c.i]);
        for (; c.j < to.j && b->changed[c.j]; c.j++)
            add_line(out, '+', b->lines[c.j]);
        if (c.i < to.i && !a->changed[c.i]) {
            add_line(out, ' ', a->lines[c.i++]);
            c.j++;
        }
    }
}

static void print(const struct text *a, const struct text *b, struct buf *out)
{
    struct cursor c = {.i = 0}, done = {.i = 0};
    while (c.i < a->count || c.j < b->count) {
        if (!changes_at(a, b, c)) {
            c.i++;
            c.j++;
            continue;
        }
        size_t before = c.i - done.i < UNIFIED_CONTEXT ? c.i - done.i : UNIFIED_CONTEXT;
        struct cursor from = {.i = c.i - before, .j = c.j - before};
        struct cursor to = hunk_end(a, b, c);
        size_t left = a->count - to.i,
               after = left < UNIFIED_CONTEXT ? left : UNIFIED_CONTEXT;
        c = done = (struct cursor){.i = to.i + after, .j = to.j + after};
        add_hunk(a, b, from, done, out);
    }
}

void unified_hunks(struct bytes before, struct bytes after, struct buf *out)
{
    if (bytes_eq(before, after))
        return;
    CLEANUP(text_release) struct text a;
    CLEANUP(text_release) struct text b;
    text_read(&a, before);
    text_read(&b, after);
    compare(&a, &b);
    print(&a, &b, out);
}

/* --- names ----------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return c > ' ' && c < 127 && c != '"' && c != '\\';
}

void unified_name(const char *prefix, const char *path, struct buf *out)
{
    bool plain = true;
    for (const char *c = path; *c; c++)
        plain = plain && is_plain((unsigned char)*c);
    if (plain) {
        buf_addf(out, "%s%s", prefix, path);
        return;
    }
    buf_addf(out, "\"%s", prefix);
    for (const char *c = path; *c; c++) {
        if (is_plain((unsigned char)*c) || *c == ' ')
            buf_addc(out, *c);
        else
            buf_addf(out, "\\%03o", (unsigned char)*c);
    }
    buf_addc(out, '"');
}
