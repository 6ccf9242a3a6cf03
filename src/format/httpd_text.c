/*
 * How httpd reads a logical line: white space at both ends goes; "#" makes a comment; of anything
 * else the first word decides, quoted or not: "</Name>" ends a section, "<Name" begins one, and a
 * ">" at the end of a name does not belong to it.
 *
 * A section end that does not fit is none; httpd refuses the file. A section begun without ">" is
 * begun all the same: httpd refuses it, too, or counts it, where a condition is false.
 * Macros are kept as text: what looks like a section in them need not be whole.
 */
#include "format/httpd_text.h"

#include <stdlib.h>
#include <string.h>

#include "format/httpd_line.h"
#include "format/lines.h"

void httpd_text_release(struct httpd_text *t)
{
    free(t->items);
    buf_release(&t->names);
    *t = (struct httpd_text){.items = NULL};
}

struct bytes httpd_name(const struct httpd_text *t, const struct httpd_node *n)
{
    return bytes_str(t->names.data ? t->names.data + n->called : "");
}

struct bytes httpd_raw(const struct httpd_text *t, const struct httpd_node *n)
{
    return text_span(t->text, n->args, n->args_end);
}

struct bytes httpd_indent(const struct httpd_text *t, const struct httpd_node *n)
{
    size_t at = n->begin;
    while (at < n->end && (t->text.data[at] == ' ' || t->text.data[at] == '\t'))
        at++;
    return text_span(t->text, n->begin, at);
}

static bool is_listed(struct bytes name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_eq_nocase(name, bytes_str(names[i])))
            return true;
    return false;
}

static bool is_transparent(struct bytes name)
{
    static const char *const names[] = {"IfDefine", "IfDirective", "IfFile",
                                        "IfModule", "IfSection",   "IfVersion"};
    return is_listed(name, names, ARRAY_LEN(names));
}

static bool is_opaque(struct bytes name)
{
    static const char *const names[] = {"Macro", "Perl"};
    return is_listed(name, names, ARRAY_LEN(names));
}

/* --- one node -------------------------------------------------------------------------------- */

struct reader {
    struct httpd_text *t;
    struct httpd_line line;
    struct buf word;
};

static void set_name(struct reader *r, struct httpd_node *n, struct bytes name)
{
    n->called = r->t->names.len;
    buf_addb(&r->t->names, name);
    buf_add(&r->t->names, "", 1);
}

/* Sets where bytes [from, to) of the line stand in the document; none are none behind the name. */
static void set_args(const struct reader *r, struct httpd_node *n, size_t from, size_t to)
{
    const struct httpd_line *l = &r->line;
    while (from < to && text_is_space(l->text.data[from]))
        from++;
    while (to > from && text_is_space(l->text.data[to - 1]))
        to--;
    n->args = from < to ? httpd_line_at(l, from) : n->name_end;
    n->args_end = from < to ? httpd_line_at(l, to - 1) + 1 : n->name_end;
}

/* A comment sign directly followed by a name: "#Name", "#Name argument". */
static void read_comment(struct reader *r, struct httpd_node *n, size_t from, size_t to)
{
    const struct httpd_line *l = &r->line;
    size_t end = ++from;
    while (end < to && !text_is_space(l->text.data[end]))
        end++;
    n->kind = HTTPD_COMMENT;
    n->name = n->name_end = httpd_line_at(l, from - 1) + 1;
    if (end > from)
        n->name_end = httpd_line_at(l, end - 1) + 1;
    set_name(r, n, text_span(l->text, from, end));
    set_args(r, n, end, to);
}

/* What the first word says; false for one that httpd does not act upon. */
static bool read_word(struct reader *r, struct httpd_node *n)
{
    struct bytes word = bytes_buf(&r->word);
    bool section = word.len && word.data[0] == '<';
    bool slash = word.len > 1 && word.data[1] == '/';
    size_t end = word.len;
    if (end && ((section && slash) || (!slash && word.data[end - 1] == '>')))
        end--;
    size_t begin = !section ? 0 : slash ? 2 : 1;
    if (end < begin || (!section && end == begin))
        return false;
    n->kind = !section ? HTTPD_DIRECTIVE : slash ? HTTPD_CLOSE : HTTPD_OPEN;
    set_name(r, n, text_span(word, begin, end));
    return true;
}

static void read_command(struct reader *r, struct httpd_node *n, size_t from, size_t to)
{
    const struct httpd_line *l = &r->line;
    struct bytes line = text_span(l->text, 0, to);
    size_t end = from;
    buf_clear(&r->word);
    if (!httpd_word(line, &end, &r->word) || !read_word(r, n))
        return;
    n->name_end = httpd_line_at(l, end - 1) + 1;
    if (n->kind == HTTPD_OPEN) {
        const char *sign = memrchr(line.data + end, '>', to - end);
        to = sign ? (size_t)(sign - line.data) : to;
        n->transparent = is_transparent(httpd_name(r->t, n));
        n->opaque = is_opaque(httpd_name(r->t, n));
    }
    set_args(r, n, end, to);
}

static void read_node(struct reader *r, struct httpd_node *n)
{
    struct bytes line = r->line.text;
    size_t from = 0, to = line.len;
    while (from < to && text_is_space(line.data[from]))
        from++;
    while (to > from && text_is_space(line.data[to - 1]))
        to--;
    n->kind = HTTPD_OTHER;
    n->name = n->name_end = n->args = n->args_end = httpd_line_at(&r->line, from);
    if (from == to)
        return;
    if (line.data[from] == '#')
        read_comment(r, n, from, to);
    else
        read_command(r, n, from, to);
}

/* --- sections -------------------------------------------------------------------------------- */

/* Puts the last node into its place: `open` is the innermost open section before it; returns
 * the innermost one behind it. */
static size_t nest(struct httpd_text *t, size_t open)
{
    size_t at = t->count - 1;
    struct httpd_node *n = &t->items[at];
    struct httpd_node *section = open == HTTPD_NONE ? NULL : &t->items[open];
    bool fits = section && bytes_eq_nocase(httpd_name(t, section), httpd_name(t, n));
    n->parent = open;
    n->direct = !section || (section->direct && section->transparent);
    if (n->kind == HTTPD_CLOSE && fits) {
        section->close = at;
        n->parent = section->parent;
        n->direct = section->direct;
        return section->parent;
    }
    if (n->kind == HTTPD_CLOSE ||
        (n->kind == HTTPD_OPEN && section && section->opaque && !fits)) {
        n->kind = HTTPD_OTHER;
        n->transparent = n->opaque = false;
    }
    return n->kind == HTTPD_OPEN ? at : open;
}

/* The first directive that stands further in than its section shows the step. */
static void find_step(struct httpd_text *t)
{
    const struct httpd_node *n = &t->items[t->count - 1];
    if (t->step.len || n->kind != HTTPD_DIRECTIVE || n->parent == HTTPD_NONE)
        return;
    struct bytes own = httpd_indent(t, n);
    struct bytes outer = httpd_indent(t, &t->items[n->parent]);
    if (own.len > outer.len && bytes_eq(text_span(own, 0, outer.len), outer))
        t->step = text_span(own, outer.len, own.len);
}

static void settle_unclosed(struct httpd_text *t, size_t open)
{
    t->unclosed = open;
    for (; open != HTTPD_NONE; open = t->items[open].parent)
        t->items[open].close = t->count;
}

void httpd_text_read(struct httpd_text *t, struct bytes text)
{
    *t = (struct httpd_text){.text = text};
    buf_add(&t->names, "", 1); /* of nodes without a name */
    struct reader r = {.t = t, .line = HTTPD_LINE_INIT};
    size_t open = HTTPD_NONE, line = 1;
    for (size_t at = 0; at < text.len; at = r.line.end) {
        httpd_line_read(&r.line, text, at);
        MEM_GROW(t->items, t->count, t->cap);
        struct httpd_node *n = &t->items[t->count++];
        *n = (struct httpd_node){
            .begin = at, .end = r.line.end, .line = line, .close = HTTPD_NONE};
        read_node(&r, n);
        open = nest(t, open);
        find_step(t);
        line += r.line.lines;
    }
    settle_unclosed(t, open);
    t->open = r.line.open;
    t->guard = t->open || httpd_line_continues(&r.line);
    httpd_line_release(&r.line);
    buf_release(&r.word);
}

/* --- ranges ---------------------------------------------------------------------------------- */

struct httpd_range httpd_within(const struct httpd_text *t, size_t section)
{
    return (struct httpd_range){section + 1, t->items[section].close, section};
}

struct httpd_range httpd_range_of(const struct httpd_text *t, const struct scope *scope)
{
    if (!scope)
        return (struct httpd_range){0, t->count, HTTPD_NONE};
    return httpd_within(t, scope->index);
}

size_t httpd_next(const struct httpd_text *t, const struct httpd_range *r, size_t i)
{
    const struct httpd_node *n = &t->items[i];
    if (n->kind != HTTPD_OPEN || n->transparent)
        return i + 1;
    return n->close < r->last ? n->close + 1 : r->last;
}

bool httpd_is_conditional(const struct httpd_node *n, const struct httpd_range *r)
{
    return n->parent != r->section;
}
