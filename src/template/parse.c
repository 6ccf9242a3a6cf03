/*
 * Compiles a template into a flat array of nodes, in one pass over the text. A tag other than a
 * value that stands alone on its line takes the whole line with it, as the specification wants;
 * that is decided when the tag is met, by looking at the rest of its line on both sides.
 */
#include "template/mustache.h"

#include <stdlib.h>
#include <string.h>

#include "template/parse.h"

struct parser {
    struct mustache *t;
    const char *at, *end;
    const char *line_start;
    size_t line;
    char open[16], close[16];
    size_t stack[MUSTACHE_DEPTH], depth;
    struct err *err;
};

static struct node *add(struct parser *p, enum tag tag, const char *begin,
                        const char *end)
{
    struct mustache *t = p->t;
    MEM_GROW(t->nodes, t->count, t->cap);
    struct node *n = &t->nodes[t->count++];
    *n = (struct node){.tag = tag,
                       .text = {.data = begin, .len = (size_t)(end - begin)},
                       .line = p->line};
    return n;
}

static size_t column(const struct parser *p, const char *at)
{
    return (size_t)(at - p->line_start) + 1;
}

/* Moves over text, counting lines. */
static void advance(struct parser *p, const char *to)
{
    for (const char *nl; (nl = memchr(p->at, '\n', (size_t)(to - p->at)));) {
        p->line++;
        p->at = p->line_start = nl + 1;
    }
    p->at = to;
}

static const char *find(const char *at, const char *end, const char *what)
{
    return memmem(at, (size_t)(end - at), what, strlen(what));
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool space(char c)
{
    return blank(c) || c == '\r' || c == '\n';
}

/* The blanks before a tag when nothing else stands before it on its line; NULL otherwise. */
static const char *lead(const struct parser *p, const char *tag)
{
    const char *at = tag;
    while (at > p->line_start && blank(at[-1]))
        at--;
    return at == p->line_start ? at : NULL;
}

/* The end of the line when only blanks follow; NULL otherwise. */
static const char *trail(const struct parser *p, const char *at)
{
    while (at < p->end && blank(*at))
        at++;
    if (at < p->end && *at == '\r' && at + 1 < p->end && at[1] == '\n')
        at++;
    if (at == p->end)
        return at;
    return *at == '\n' ? at + 1 : NULL;
}

static int set_delimiters(struct parser *p, struct bytes body, size_t col)
{
    body = bytes_trim(body);
    size_t first = 0, second = body.len;
    while (first < body.len && !space(body.data[first]))
        first++;
    while (second > first && !space(body.data[second - 1]))
        second--;
    size_t left = first, right = body.len - second;
    if (!left || !right || left >= sizeof p->open || right >= sizeof p->close ||
        memchr(body.data, '=', body.len))
        return err_at(p->err, p->t->name, p->line, col, "bad delimiters '%.*s'",
                      (int)body.len, body.data);
    memcpy(p->open, body.data, left);
    p->open[left] = '\0';
    memcpy(p->close, body.data + second, right);
    p->close[right] = '\0';
    return 0;
}

static int close_section(struct parser *p, struct bytes name, size_t col)
{
    if (p->depth == 0)
        return err_at(p->err, p->t->name, p->line, col,
                      "'%.*s' is closed but was not opened", (int)name.len, name.data);
    struct node *opened = &p->t->nodes[p->stack[--p->depth]];
    if (!bytes_eq(opened->text, name))
        return err_at(p->err, p->t->name, p->line, col,
                      "'%.*s' is closed where '%.*s' of line %zu is open", (int)name.len,
                      name.data, (int)opened->text.len, opened->text.data, opened->line);
    opened->close = p->t->count;
    return 0;
}

static enum tag kind_of(char sigil)
{
    switch (sigil) {
    case '#':
        return TAG_SECTION;
    case '^':
        return TAG_INVERTED;
    case '/':
        return TAG_CLOSE;
    case '!':
        return TAG_COMMENT;
    case '>':
        return TAG_PARTIAL;
    case '&':
    case '{':
        return TAG_RAW;
    default:
        return TAG_VALUE;
    }
}

static int add_tag(struct parser *p, enum tag tag, struct bytes name, size_t col,
                   struct bytes indent)
{
    if (tag != TAG_COMMENT && name.len == 0)
        return err_at(p->err, p->t->name, p->line, col, "a tag without a name");
    if (tag == TAG_CLOSE && close_section(p, name, col) < 0)
        return -1;
    if (tag == TAG_SECTION || tag == TAG_INVERTED) {
        if (p->depth == MUSTACHE_DEPTH)
            return err_at(p->err, p->t->name, p->line, col,
                          "sections nested deeper than %d", MUSTACHE_DEPTH);
        p->stack[p->depth++] = p->t->count;
    }
    struct node *n = add(p, tag, name.data, name.data + name.len);
    n->column = col;
    n->indent = indent;
    return 0;
}

/* One tag at `tag`; text up to it has not been added. */
static int parse_tag(struct parser *p, const char *text, const char *tag)
{
    const char *body = tag + strlen(p->open);
    char sigil = body < p->end ? *body : '\0';
    CLEANUP(mem_freep)
    char *ender = mem_printf("%s%s",
                             sigil == '{'   ? "}"
                             : sigil == '=' ? "="
                                            : "",
                             p->close);
    const char *stop = find(body, p->end, ender);
    size_t col = column(p, tag);
    if (!stop || (sigil == '=' && stop == body))
        return err_at(p->err, p->t->name, p->line, col, "unclosed tag: no '%s' follows",
                      ender);
    const char *after = stop + strlen(ender);
    enum tag kind = kind_of(sigil);
    bool bare = kind == TAG_VALUE && sigil != '=';
    struct bytes name = {body + (bare ? 0 : 1), 0};
    name.len = (size_t)(stop - name.data);
    name = bytes_trim(name);
    const char *begin = NULL, *end = NULL;
    if (sigil == '=' || (kind != TAG_VALUE && kind != TAG_RAW)) {
        begin = lead(p, tag);
        end = begin ? trail(p, after) : NULL;
    }
    bool alone = begin && end && begin >= text;
    const char *text_end = alone ? begin : tag;
    if (text_end > text)
        add(p, TAG_TEXT, text, text_end);
    struct bytes indent = {begin, alone ? (size_t)(tag - begin) : 0};
    int rc =
        sigil == '=' ? set_delimiters(p, name, col) : add_tag(p, kind, name, col, indent);
    advance(p, alone ? end : after);
    return rc;
}

static int parse_all(struct parser *p)
{
    while (p->at < p->end) {
        const char *text = p->at, *tag = find(p->at, p->end, p->open);
        if (!tag) {
            add(p, TAG_TEXT, text, p->end);
            break;
        }
        advance(p, tag);
        if (parse_tag(p, text, tag) < 0)
            return -1;
    }
    if (p->depth) {
        struct node *n = &p->t->nodes[p->stack[p->depth - 1]];
        return err_at(p->err, p->t->name, n->line, n->column, "'%.*s' is never closed",
                      (int)n->text.len, n->text.data);
    }
    return 0;
}

struct mustache *mustache_parse(struct bytes text, const char *name, struct err *err)
{
    if (text.len > MUSTACHE_TEMPLATE_LIMIT) {
        err_at(err, name, 0, 0, "a template larger than %zu bytes",
               MUSTACHE_TEMPLATE_LIMIT);
        return NULL;
    }
    CLEANUP(mustache_freep) struct mustache *t = mem_alloc(sizeof *t);
    t->name = mem_strdup(name);
    buf_addb(&t->text, text);
    struct parser p = {.t = t,
                       .at = buf_str(&t->text),
                       .line = 1,
                       .open = "{{",
                       .close = "}}",
                       .err = err};
    p.end = p.at + t->text.len;
    p.line_start = p.at;
    if (parse_all(&p) < 0)
        return NULL;
    return TAKE_PTR(t);
}

void mustache_free(struct mustache *t)
{
    if (!t)
        return;
    free(t->name);
    buf_release(&t->text);
    free(t->nodes);
    free(t);
}

void mustache_freep(struct mustache **t)
{
    mustache_free(*t);
    *t = NULL;
}

void mustache_comments(const struct mustache *t,
                       void (*visit)(void *ctx, struct bytes text, size_t line),
                       void *ctx)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].tag == TAG_COMMENT)
            visit(ctx, t->nodes[i].text, t->nodes[i].line);
}
