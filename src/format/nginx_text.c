/*
 * Reading, as nginx does it: white space parts words; a word that begins with a quote goes on to
 * that quote, any other to white space, ";" or "{"; a backslash protects whatever follows; "#" at
 * the beginning of a word is a comment to the end of its line, "${" in a word opens no block.
 *
 * The text of a "..._by_lua_block" is Lua and has Lua's words: it is looked into for braces only,
 * and makes no nodes.
 */
#include "format/nginx_text.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

struct reader {
    struct nginx_text *t;
    size_t at;
    size_t line; /* of `counted` */
    size_t counted;
    size_t block; /* the innermost one that is open, or NGINX_NONE */
};

bool nginx_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- words ----------------------------------------------------------------------------------- */

static size_t skip_space(struct bytes text, size_t at)
{
    while (at < text.len && nginx_is_space(text.data[at]))
        at++;
    return at;
}

static size_t skip_line(struct bytes text, size_t at)
{
    const char *nl = at < text.len ? memchr(text.data + at, '\n', text.len - at) : NULL;
    return nl ? (size_t)(nl - text.data) : text.len;
}

/* Behind the closing quote of the quoted word at `at`; 0 when there is none. */
static size_t quoted_end(struct bytes text, size_t at)
{
    char quote = text.data[at];
    for (size_t i = at + 1; i < text.len; i++)
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == quote)
            return i + 1;
    return 0;
}

static size_t bare_end(struct bytes text, size_t at)
{
    bool variable = false;
    for (; at < text.len; at++) {
        char c = text.data[at];
        if (c == '{' && variable)
            continue;
        variable = c == '$';
        if (c == '\\')
            at++;
        else if (nginx_is_space(c) || c == ';' || c == '{')
            return at;
    }
    return text.len;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* Behind the word that begins at `at`; 0: its quote is not closed. */
static size_t word_end(struct bytes text, size_t at)
{
    return is_quote(text.data[at]) ? quoted_end(text, at) : bare_end(text, at);
}

static void unescape(struct bytes word, struct buf *out)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i], next = i + 1 < word.len ? word.data[i + 1] : '\0';
        bool escaped = c == '\\' && next && strchr("\"'\\trn", next);
        if (escaped)
            i++;
        buf_addc(out, !escaped      ? c
                      : next == 't' ? '\t'
                      : next == 'r' ? '\r'
                      : next == 'n' ? '\n'
                                    : next);
    }
}

bool nginx_word(struct bytes args, size_t *at, struct buf *out)
{
    size_t i = skip_space(args, *at);
    while (i < args.len && args.data[i] == '#')
        i = skip_space(args, skip_line(args, i));
    *at = i;
    if (i == args.len)
        return false;
    size_t end = word_end(args, i);
    bool quoted = is_quote(args.data[i]);
    *at = end > i ? end : args.len;
    if (end)
        unescape(text_span(args, i + quoted, end - quoted), out);
    return true;
}

/* --- Lua ------------------------------------------------------------------------------------- */

/* Behind "[[...]]" or "[==[...]==]" at `at`; `at` when none begins there. */
static size_t lua_long_end(struct bytes text, size_t at)
{
    size_t level = at + 1;
    while (level < text.len && text.data[level] == '=')
        level++;
    if (text.data[at] != '[' || level >= text.len || text.data[level] != '[')
        return at;
    size_t equals = level - at - 1, run = 0;
    bool closing = false;
    for (size_t i = level + 1; i < text.len; i++) {
        if (text.data[i] == ']' && closing && run == equals)
            return i + 1;
        closing = text.data[i] == ']' || (closing && text.data[i] == '=');
        run = text.data[i] == '=' ? run + 1 : 0;
    }
    return text.len;
}

static size_t lua_comment_end(struct bytes text, size_t at)
{
    size_t end = at + 2 < text.len ? lua_long_end(text, at + 2) : at + 2;
    return end > at + 2 ? end : skip_line(text, at);
}

/* Where the brace stands that closes a block of Lua which begins at `at`; the length when none does. */
static size_t lua_end(struct bytes text, size_t at)
{
    for (size_t depth = 0; at < text.len;) {
        char c = text.data[at];
        size_t next = at + 1;
        if (c == '}' && depth == 0)
            return at;
        depth += c == '{';
        depth -= c == '}';
        if (is_quote(c) && (next = quoted_end(text, at)) == 0)
            return text.len;
        if (c == '-' && next < text.len && text.data[next] == '-')
            next = lua_comment_end(text, at);
        else if (c == '[' && lua_long_end(text, at) > at)
            next = lua_long_end(text, at);
        at = next;
    }
    return text.len;
}

/* --- nodes ----------------------------------------------------------------------------------- */

static size_t line_of(struct reader *r, size_t at)
{
    for (; r->counted < at; r->counted++)
        r->line += r->t->text.data[r->counted] == '\n';
    return r->line;
}

static void complain(struct reader *r, size_t line, const char *what)
{
    if (r->t->broken)
        return;
    r->t->broken = what;
    r->t->broken_line = line;
}

static struct nginx_node *add(struct reader *r, enum nginx_kind kind, size_t begin,
                              size_t end)
{
    struct nginx_text *t = r->t;
    MEM_GROW(t->items, t->count, t->cap);
    struct nginx_node *n = &t->items[t->count++];
    *n = (struct nginx_node){.kind = kind,
                             .begin = begin,
                             .end = end,
                             .name = begin,
                             .name_end = begin,
                             .args = begin,
                             .args_end = begin,
                             .line = line_of(r, begin),
                             .parent = r->block,
                             .close = NGINX_NONE};
    r->at = end;
    return n;
}

/* The name of a node, as nginx reads it. */
static void set_name(struct reader *r, struct nginx_node *n, size_t begin, size_t end)
{
    size_t at = 0;
    n->name = begin;
    n->name_end = n->args = n->args_end = end;
    n->called = r->t->names.len;
    nginx_word(text_span(r->t->text, begin, end), &at, &r->t->names);
    buf_addc(&r->t->names, '\0');
}

static void set_args(const struct nginx_text *t, struct nginx_node *n, size_t begin,
                     size_t end)
{
    begin = skip_space(t->text, begin);
    if (begin >= end)
        return;
    n->args = begin;
    n->args_end = end;
}

/* "#name value" is a setting that must not be there; "# why" has no name. */
static void read_comment(struct reader *r)
{
    struct bytes text = r->t->text;
    size_t begin = r->at, end = skip_line(text, begin), name = begin + 1;
    while (end > begin + 1 && nginx_is_space(text.data[end - 1]))
        end--;
    struct nginx_node *n = add(r, NGINX_COMMENT, begin, end);
    size_t name_end = name;
    while (name_end < end && !nginx_is_space(text.data[name_end]) &&
           text.data[name_end] != ';')
        name_end++;
    set_name(r, n, name, name_end);
    size_t last = end - (end > name_end && text.data[end - 1] == ';');
    while (last > name_end && nginx_is_space(text.data[last - 1]))
        last--;
    set_args(r->t, n, name_end, last);
}

static void read_close(struct reader *r)
{
    size_t block = r->block;
    struct nginx_node *n = add(r, NGINX_CLOSE, r->at, r->at + 1);
    if (block == NGINX_NONE) {
        n->kind = NGINX_OTHER;
        complain(r, n->line, "'}' closes nothing");
        return;
    }
    n->parent = r->t->items[block].parent;
    r->t->items[block].close = r->t->count - 1;
    r->block = n->parent;
}

static bool is_lua(struct bytes name)
{
    static const char ending[] = "_by_lua_block";
    size_t n = sizeof ending - 1;
    return name.len >= n && memcmp(name.data + name.len - n, ending, n) == 0;
}

static void open_block(struct reader *r, struct nginx_node *n)
{
    n->kind = NGINX_OPEN;
    r->block = r->t->count - 1;
    if (is_lua(nginx_name(r->t, n)))
        r->at = lua_end(r->t->text, r->at);
}

/* Where the words of a statement end, and what does not end as it should. */
struct statement {
    size_t first_end,
        last_end; /* behind the first and the last word; where it begins: none */
    size_t stop;  /* ";", "{", "}", or the end of the text */
    const char *broken;
};

static bool ends_words(char c)
{
    return c == ';' || c == '{' || c == '}';
}

/* A closing quote needs white space, the end of the words, or ")". */
static bool goes_on(struct bytes text, size_t begin, size_t end)
{
    char next = end < text.len ? text.data[end] : ';';
    return is_quote(text.data[begin]) && !nginx_is_space(next) && next != ';' &&
           next != '{' && next != ')';
}

static struct statement read_words(struct bytes text, size_t at)
{
    struct statement s = {.first_end = at, .last_end = at};
    for (bool first = true;;) {
        at = skip_space(text, at);
        s.stop = at;
        if (at == text.len || ends_words(text.data[at]))
            return s;
        if (text.data[at] == '#') {
            at = skip_line(text, at);
            continue;
        }
        size_t end = word_end(text, at);
        if (!end || goes_on(text, at, end))
            s.broken =
                end ? "something follows a closing quote" : "a quote is not closed";
        at = s.last_end = end ? end : text.len;
        s.first_end = first ? s.last_end : s.first_end;
        first = false;
    }
}

static void read_statement(struct reader *r)
{
    struct bytes text = r->t->text;
    size_t begin = r->at;
    struct statement s = read_words(text, begin);
    char stop = s.stop < text.len ? text.data[s.stop] : '\0';
    bool whole = stop == ';' || stop == '{';
    struct nginx_node *n = add(r, NGINX_DIRECTIVE, begin,
                               whole                ? s.stop + 1
                               : s.last_end > begin ? s.last_end
                                                    : s.stop);
    size_t line = n->line;
    set_name(r, n, begin, s.first_end);
    set_args(r->t, n, s.first_end, s.last_end);
    if (s.broken)
        complain(r, line, s.broken);
    if (!whole)
        complain(r, line, "a directive does not end in ';'");
    else if (s.last_end == begin)
        complain(r, line, "a directive has no name");
    if (stop == '{')
        open_block(r, n);
    else if (!whole || s.last_end == begin)
        n->kind = NGINX_OTHER;
}

/* --- lines ----------------------------------------------------------------------------------- */

bool nginx_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the line begins on which nothing but blanks stands before `at`; NGINX_NONE where something does. */
size_t nginx_line_begin(struct bytes text, size_t at)
{
    while (at > 0 && nginx_is_blank(text.data[at - 1]))
        at--;
    return at == 0 || text.data[at - 1] == '\n' ? at : NGINX_NONE;
}

struct bytes nginx_indent(const struct nginx_text *t, size_t node)
{
    size_t at = t->items[node].begin, begin = nginx_line_begin(t->text, at);
    return begin == NGINX_NONE ? BYTES("") : text_span(t->text, begin, at);
}

bool nginx_begins_line(const struct nginx_text *t, size_t node)
{
    return nginx_line_begin(t->text, t->items[node].begin) != NGINX_NONE;
}

/* The step of the first block that shows one. */
static struct bytes find_step(const struct nginx_text *t)
{
    for (size_t i = 1; i < t->count; i++) {
        size_t block = t->items[i].parent;
        if (block == NGINX_NONE || !nginx_begins_line(t, i) ||
            !nginx_begins_line(t, block))
            continue;
        struct bytes outer = nginx_indent(t, block), inner = nginx_indent(t, i);
        if (inner.len > outer.len && memcmp(inner.data, outer.data, outer.len) == 0)
            return text_span(inner, outer.len, inner.len);
    }
    return (struct bytes){.len = 0};
}

/* --- all of it ------------------------------------------------------------------------------- */

static void close_all(struct nginx_text *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct nginx_node *n = &t->items[i];
        if (n->kind != NGINX_OPEN || n->close != NGINX_NONE)
            continue;
        n->close = t->count;
        if (!t->broken) {
            t->broken = "a block is not closed";
            t->broken_line = n->line;
        }
    }
}

void nginx_text_read(struct nginx_text *t, struct bytes text)
{
    *t = (struct nginx_text){.text = text};
    struct reader r = {.t = t, .line = 1, .block = NGINX_NONE};
    while ((r.at = skip_space(text, r.at)) < text.len) {
        if (text.data[r.at] == '#')
            read_comment(&r);
        else if (text.data[r.at] == '}')
            read_close(&r);
        else
            read_statement(&r);
    }
    close_all(t);
    t->step = find_step(t);
}

void nginx_text_release(struct nginx_text *t)
{
    free(t->items);
    buf_release(&t->names);
    *t = (struct nginx_text){.count = 0};
}

/* --- looking --------------------------------------------------------------------------------- */

struct bytes nginx_name(const struct nginx_text *t, const struct nginx_node *n)
{
    return n->name == n->name_end ? BYTES("") : bytes_str(t->names.data + n->called);
}

struct bytes nginx_raw(const struct nginx_text *t, const struct nginx_node *n)
{
    return text_span(t->text, n->args, n->args_end);
}

struct nginx_range nginx_within(const struct nginx_text *t, size_t block)
{
    return (struct nginx_range){block + 1, t->items[block].close, block};
}

struct nginx_range nginx_range_of(const struct nginx_text *t, const struct scope *scope)
{
    return scope ? nginx_within(t, scope->index)
                 : (struct nginx_range){0, t->count, NGINX_NONE};
}

size_t nginx_next(const struct nginx_text *t, size_t i)
{
    const struct nginx_node *n = &t->items[i];
    return n->kind != NGINX_OPEN ? i + 1 : n->close < t->count ? n->close + 1 : t->count;
}
