/*
 * Renders a compiled template: a walk over its nodes with a stack of contexts. Names are looked up
 * from the innermost context outward; of a dotted name the first part only.
 */
#include "template/mustache.h"

#include <stdlib.h>
#include <string.h>

#include "template/parse.h"

struct render {
    const struct mustache *t;
    const struct mustache_opts *opts;
    const json_t *frames[MUSTACHE_DEPTH * 2 + 2];
    size_t depth, partials;
    struct buf *out;
    struct err *err;
};

static int fail(const struct render *r, const struct node *n, const char *what)
{
    return err_at(r->err, r->t->name, n->line, n->column, "%s: '%.*s'", what,
                  (int)n->text.len, n->text.data);
}

static const json_t *member(const json_t *object, struct bytes key)
{
    return json_is_object(object) ? json_object_getn(object, key.data, key.len) : NULL;
}

static struct bytes next_part(struct bytes *rest)
{
    const char *dot = memchr(rest->data, '.', rest->len);
    struct bytes part = {rest->data, dot ? (size_t)(dot - rest->data) : rest->len};
    size_t skip = part.len + (dot ? 1 : 0);
    rest->data += skip;
    rest->len -= skip;
    return part;
}

/* The value of a name, or NULL. */
static const json_t *lookup(const struct render *r, struct bytes name)
{
    if (bytes_is(name, "."))
        return r->frames[r->depth - 1];
    struct bytes rest = name, part = next_part(&rest);
    const json_t *value = NULL;
    for (size_t i = r->depth; i > 0 && !value; i--)
        value = member(r->frames[i - 1], part);
    while (value && rest.len) {
        part = next_part(&rest);
        value = member(value, part);
    }
    return value;
}

static bool truthy(const json_t *v)
{
    if (!v || json_is_false(v) || json_is_null(v))
        return false;
    return !json_is_array(v) || json_array_size(v) > 0;
}

static void add_html(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        switch (text.data[i]) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        default:
            buf_addc(out, text.data[i]);
        }
}

/* Text of a scalar; false for what has none. */
static bool scalar_text(const json_t *v, struct buf *out)
{
    if (json_is_string(v))
        buf_add(out, json_string_value(v), json_string_length(v));
    else if (json_is_integer(v))
        buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        buf_addf(out, "%.15g", json_real_value(v));
    else if (json_is_boolean(v))
        buf_adds(out, json_is_true(v) ? "true" : "false");
    else
        return false;
    return true;
}

static int render_value(struct render *r, const struct node *n)
{
    const json_t *v = lookup(r, n->text);
    if (!v && r->opts->strict)
        return fail(r, n, "no such name");
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (v && !scalar_text(v, &text) && r->opts->strict)
        return fail(r, n, "has no value to write");
    if (n->tag == TAG_RAW || (r->opts->strict && !r->opts->escape))
        buf_addb(r->out, bytes_buf(&text));
    else if (!r->opts->strict)
        add_html(r->out, bytes_buf(&text));
    else if (r->opts->escape(bytes_buf(&text), r->out, r->err) < 0)
        return err_context(r->err, "%s:%zu:%zu: '%.*s'", r->t->name, n->line, n->column,
                           (int)n->text.len, n->text.data);
    return 0;
}

static int render_nodes(struct render *r, size_t from, size_t to);

static int in_context(struct render *r, const json_t *frame, size_t from, size_t to)
{
    r->frames[r->depth++] = frame;
    int rc = render_nodes(r, from, to);
    r->depth--;
    return rc;
}

static int render_section(struct render *r, size_t at)
{
    const struct node *n = &r->t->nodes[at];
    const json_t *v = lookup(r, n->text);
    if (!v && r->opts->strict)
        return fail(r, n, "no such name");
    if (n->tag == TAG_INVERTED)
        return truthy(v) ? 0 : render_nodes(r, at + 1, n->close);
    if (!truthy(v))
        return 0;
    if (r->depth + 1 >= ARRAY_LEN(r->frames))
        return fail(r, n, "nested too deeply");
    if (!json_is_array(v))
        return in_context(r, v, at + 1, n->close);
    size_t i;
    json_t *item;
    json_array_foreach(v, i,
                       item) if (in_context(r, item, at + 1, n->close) < 0) return -1;
    return 0;
}

/* The text of a partial with `indent` before each of its lines. */
static void indent_lines(struct bytes text, struct bytes indent, struct buf *out)
{
    for (struct bytes line; bytes_next_line(&text, &line);) {
        buf_addb(out, indent);
        buf_addb(out, line);
    }
}

static int render_partial(struct render *r, const struct node *n)
{
    CLEANUP(mem_freep) char *name = bytes_dup(n->text);
    CLEANUP(buf_release) struct buf text = BUF_INIT, indented = BUF_INIT;
    int rc = r->opts->partial ? r->opts->partial(r->opts->ctx, name, &text, r->err) : 1;
    if (rc < 0)
        return err_context(r->err, "%s:%zu:%zu", r->t->name, n->line, n->column);
    if (rc == 1)
        return r->opts->strict ? fail(r, n, "no such partial") : 0;
    if (r->partials >= MUSTACHE_DEPTH || r->depth + 1 >= ARRAY_LEN(r->frames))
        return fail(r, n, "partials nested too deeply");
    indent_lines(bytes_buf(&text), n->indent, &indented);
    CLEANUP(mustache_freep)
    struct mustache *t = mustache_parse(bytes_buf(&indented), name, r->err);
    if (!t)
        return -1;
    const struct mustache *outer = r->t;
    r->t = t;
    r->partials++;
    rc = render_nodes(r, 0, t->count);
    r->partials--;
    r->t = outer;
    return rc;
}

static int render_nodes(struct render *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct node *n = &r->t->nodes[i];
        int rc = 0;
        switch (n->tag) {
        case TAG_TEXT:
            buf_addb(r->out, n->text);
            break;
        case TAG_VALUE:
        case TAG_RAW:
            rc = render_value(r, n);
            break;
        case TAG_SECTION:
        case TAG_INVERTED:
            rc = render_section(r, i);
            i = n->close;
            break;
        case TAG_PARTIAL:
            rc = render_partial(r, n);
            break;
        case TAG_CLOSE:
        case TAG_COMMENT:
            break;
        }
        if (rc == 0 && r->out->len > MUSTACHE_OUTPUT_LIMIT)
            rc = fail(r, n, "more output than is sensible");
        if (rc < 0)
            return -1;
    }
    return 0;
}

int mustache_render(const struct mustache *t, const json_t *context,
                    const struct mustache_opts *opts, struct buf *out, struct err *err)
{
    struct render r = {.t = t, .opts = opts, .depth = 1, .out = out, .err = err};
    r.frames[0] = context;
    size_t start = out->len;
    int rc = render_nodes(&r, 0, t->count);
    if (rc < 0 && out->data) {
        out->len = start;
        out->data[start] = '\0';
    }
    return rc;
}
