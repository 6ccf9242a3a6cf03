/*
 * How httpd reads lines: a backslash immediately before the line end continues the line, whatever
 * it is, a comment too; then leading white space goes; "#" makes a comment, "<" a section.
 * A line with a NUL, or a name that is quoted or broken in two, is not looked into.
 */
#include "format/httpd_text.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

void httpd_text_release(struct httpd_text *t)
{
    free(t->items);
    *t = (struct httpd_text){.items = NULL};
}

struct bytes httpd_name(const struct httpd_text *t, const struct httpd_node *n)
{
    return text_span(t->text, n->name, n->name_end);
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

void httpd_lower(struct bytes name, struct buf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

size_t httpd_continuation(struct bytes text, size_t at)
{
    if (text.data[at] != '\\' || at + 1 >= text.len)
        return 0;
    if (text.data[at + 1] == '\n')
        return 2;
    bool crlf = at + 2 < text.len && memcmp(text.data + at + 1, "\r\n", 2) == 0;
    return crlf ? 3 : 0;
}

static bool is_transparent(struct bytes name)
{
    static const char *const names[] = {"IfModule", "IfDefine",    "IfVersion",
                                        "IfFile",   "IfDirective", "IfSection"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (bytes_eq_nocase(name, bytes_str(names[i])))
            return true;
    return false;
}

/* --- logical lines --------------------------------------------------------------------------- */

/* Where the physical line at `at` ends, its line end included; *content is where that begins. */
static size_t line_end(struct bytes text, size_t at, size_t *content)
{
    const char *newline = memchr(text.data + at, '\n', text.len - at);
    size_t end = newline ? (size_t)(newline - text.data) : text.len;
    *content = newline && end > at && text.data[end - 1] == '\r' ? end - 1 : end;
    return newline ? end + 1 : end;
}

/* The end of the logical line, and where its content ends; counts its physical lines. */
static size_t logical_end(struct bytes text, size_t at, size_t *content, size_t *lines)
{
    size_t end = line_end(text, at, content);
    for (*lines = 1; end<text.len && * content> at && text.data[*content - 1] == '\\';
         ++*lines) {
        at = end;
        end = line_end(text, at, content);
    }
    return end;
}

/* --- one node -------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static size_t skip_blanks(struct bytes text, size_t at, size_t end)
{
    while (at < end && is_blank(text.data[at]))
        at++;
    return at;
}

static size_t skip_word(struct bytes text, size_t at, size_t end)
{
    while (at < end && !text_is_space(text.data[at]))
        at++;
    return at;
}

/* Is this the backslash of a continuation? */
static bool continues(struct bytes text, size_t at)
{
    return text.data[at] == '\\' && httpd_continuation(text, at) > 0;
}

/* Continuations and blanks around the arguments do not belong to them. */
static void set_args(struct bytes text, struct httpd_node *n, size_t from, size_t to)
{
    while (from < to && (text_is_space(text.data[from]) || continues(text, from)))
        from++;
    while (to > from && (text_is_space(text.data[to - 1]) || continues(text, to - 1)))
        to--;
    n->args = from;
    n->args_end = to;
}

/* A name is the first word; a continuation ends it where a blank follows. */
static size_t skip_name(struct bytes text, size_t at, size_t end)
{
    size_t word = skip_word(text, at, end);
    if (word == at || !continues(text, word - 1))
        return word;
    size_t next = word - 1 + httpd_continuation(text, word - 1);
    return next >= end || text_is_space(text.data[next]) ? word - 1 : word;
}

static bool is_name(struct bytes name)
{
    if (!name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (strchr("\"'\\<>", name.data[i]))
            return false;
    return true;
}

static void read_section(struct bytes text, struct httpd_node *n, size_t at,
                         size_t content)
{
    bool closes = at + 1 < content && text.data[at + 1] == '/';
    size_t name = at + 1 + closes, name_end = name;
    while (name_end < content && !text_is_space(text.data[name_end]) &&
           text.data[name_end] != '>')
        name_end++;
    const char *sign = memrchr(text.data + name_end, '>', content - name_end);
    struct bytes called = text_span(text, name, name_end);
    if (!sign || !is_name(called) || (closes && text.data[name_end] != '>'))
        return;
    n->kind = closes ? HTTPD_CLOSE : HTTPD_OPEN;
    n->name = name;
    n->name_end = name_end;
    n->transparent = !closes && is_transparent(called);
    set_args(text, n, name_end, (size_t)(sign - text.data));
}

/* A comment sign directly followed by a name: "#Name", "#Name argument". */
static void read_comment(struct bytes text, struct httpd_node *n, size_t at,
                         size_t content)
{
    n->kind = HTTPD_COMMENT;
    n->name = at + 1;
    n->name_end = skip_word(text, at + 1, content);
    set_args(text, n, n->name_end, content);
}

static void read_node(struct bytes text, struct httpd_node *n, size_t content)
{
    size_t at = skip_blanks(text, n->begin, content);
    n->kind = HTTPD_OTHER;
    n->name = n->name_end = n->args = n->args_end = at;
    if (at == content || memchr(text.data + n->begin, '\0', content - n->begin))
        return;
    if (text.data[at] == '#') {
        read_comment(text, n, at, content);
        return;
    }
    if (text.data[at] == '<') {
        read_section(text, n, at, content);
        return;
    }
    size_t name_end = skip_name(text, at, content);
    if (!is_name(text_span(text, at, name_end)))
        return;
    n->kind = HTTPD_DIRECTIVE;
    n->name_end = name_end;
    set_args(text, n, name_end, content);
}

/* --- sections -------------------------------------------------------------------------------- */

/* Puts the last node into its place: `open` is the innermost open section before it; returns
 * the innermost one behind it. */
static size_t nest(struct httpd_text *t, size_t open)
{
    size_t at = t->count - 1;
    struct httpd_node *n = &t->items[at];
    n->parent = open;
    if (n->kind == HTTPD_CLOSE) {
        struct httpd_node *section = open == HTTPD_NONE ? NULL : &t->items[open];
        if (section && bytes_eq_nocase(httpd_name(t, section), httpd_name(t, n))) {
            section->close = at;
            n->parent = section->parent;
            n->direct = section->direct;
            return section->parent;
        }
        n->kind = HTTPD_OTHER;
    }
    n->direct =
        open == HTTPD_NONE || (t->items[open].direct && t->items[open].transparent);
    return n->kind == HTTPD_OPEN ? at : open;
}

static void settle_unclosed(struct httpd_text *t, size_t open)
{
    for (; open != HTTPD_NONE; open = t->items[open].parent)
        t->items[open].close = t->count;
}

void httpd_text_read(struct httpd_text *t, struct bytes text)
{
    *t = (struct httpd_text){.text = text};
    size_t open = HTTPD_NONE, line = 1, lines;
    for (size_t at = 0, content; at < text.len; line += lines) {
        MEM_GROW(t->items, t->count, t->cap);
        struct httpd_node *n = &t->items[t->count++];
        *n = (struct httpd_node){.begin = at, .line = line, .close = HTTPD_NONE};
        n->end = at = logical_end(text, at, &content, &lines);
        read_node(text, n, content);
        open = nest(t, open);
    }
    settle_unclosed(t, open);
}

/* --- parts ----------------------------------------------------------------------------------- */

struct httpd_range httpd_range(const struct httpd_text *t, size_t section)
{
    if (section == HTTPD_NONE)
        return (struct httpd_range){0, t->count, HTTPD_NONE};
    return (struct httpd_range){section + 1, t->items[section].close, section};
}

size_t httpd_next(const struct httpd_text *t, const struct httpd_range *r, size_t i)
{
    const struct httpd_node *n = &t->items[i];
    if (n->kind != HTTPD_OPEN || n->transparent)
        return i + 1;
    return n->close < r->last ? n->close + 1 : r->last;
}

bool httpd_conditional(const struct httpd_node *n, const struct httpd_range *r)
{
    return n->parent != r->section;
}
