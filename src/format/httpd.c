/*
 * Apache httpd configuration. Ref: httpd documentation "Configuration Files"
 *
 *   scopes   "VirtualHost" and other sections, also within conditions; args is what follows
 *   facts    {"settings": {"lower-case name": [[argument, ...], ...]},
 *             "sections": [{"kind", "args"}]} of the scope, conditions looked through
 *   merge    what the fragment says of a name k times, the scope says exactly k times: the last
 *            ones are changed where they stand, others go, missing ones are added behind the last
 *            of that name, behind the fragment's name before it, or at the end of the scope. Within
 *            conditions a name is changed as well, but only an unconditional one is counted. A
 *            section of the fragment is merged into the last equal one of the scope, or added; a
 *            condition that is merged so is left to it. "#Name" removes every occurrence.
 *            Sections that are not conditions (directories, locations) are left alone.
 *   rules    "key_args": {NAME: n}       the first n arguments belong to the name
 *            "key_words": {NAME: [W]}    a first argument W belongs to the name
 *            "header_like": [NAME]       the header's name belongs to the name; "always" does not;
 *                                        what does not set it, as "unset", is a name of its own
 *   escape   for double quotes, and for bare words where the value is one
 *
 * Not handled: variables; macros, which are sections like others; names in quotes.
 */
#include "format/httpd.h"

#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/httpd_merge.h"
#include "format/httpd_text.h"
#include "format/lines.h"

struct doc {
    struct httpd_text text;
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    httpd_text_read(&doc->text, text);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    httpd_text_release(&doc->text);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    for (size_t i = 0; i < doc->text.count; i++)
        buf_addb(out, text_span(doc->text.text, doc->text.items[i].begin,
                                doc->text.items[i].end));
}

/* --- looking --------------------------------------------------------------------------------- */

static struct httpd_range range_of(const struct httpd_text *t, const struct scope *scope)
{
    return httpd_range(t, scope ? scope->index : HTTPD_NONE);
}

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    const struct httpd_text *t = &doc->text;
    struct scope *list = NULL;
    size_t count = 0, cap = 0;
    struct httpd_range all = httpd_range(t, HTTPD_NONE);
    for (size_t i = 0; i < t->count; i = httpd_next(t, &all, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind != HTTPD_OPEN || !n->direct ||
            !bytes_eq_nocase(httpd_name(t, n), bytes_str(kind)))
            continue;
        size_t end = n->close < t->count ? t->items[n->close].end : t->text.len;
        MEM_GROW(list, count, cap);
        list[count++] = (struct scope){.kind = httpd_name(t, n),
                                       .args = httpd_raw(t, n),
                                       .begin = n->begin,
                                       .end = end,
                                       .line = n->line,
                                       .index = i};
    }
    *ret = list;
    return count;
}

size_t httpd_directives(const struct doc *doc, const struct scope *scope,
                        struct httpd_directive **ret)
{
    const struct httpd_text *t = &doc->text;
    struct httpd_range r = range_of(t, scope);
    struct httpd_directive *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = r.first; i < r.last; i = httpd_next(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        MEM_GROW(list, count, cap);
        list[count++] = (struct httpd_directive){.name = httpd_name(t, n),
                                                 .args = httpd_raw(t, n),
                                                 .line = n->line,
                                                 .begin = n->begin,
                                                 .end = n->end,
                                                 .conditional = httpd_conditional(n, &r)};
    }
    *ret = list;
    return count;
}

bool httpd_unclosed(const struct doc *doc, size_t *ret_line)
{
    const struct httpd_text *t = &doc->text;
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].kind == HTTPD_OPEN && t->items[i].close == t->count) {
            *ret_line = t->items[i].line;
            return true;
        }
    return false;
}

static void join(struct bytes raw, struct buf *out)
{
    for (size_t at = 0; at < raw.len;) {
        size_t joined = httpd_continuation(raw, at);
        if (!joined)
            buf_addc(out, raw.data[at]);
        at += joined ? joined : 1;
    }
}

/* Is the backslash at `at` there for the sake of the next byte? */
static bool protects(struct bytes line, size_t at, char quote)
{
    if (line.data[at] != '\\' || at + 1 >= line.len)
        return false;
    return line.data[at + 1] == '\\' || (quote && line.data[at + 1] == quote);
}

/* One argument from `at`; returns where it ends. */
static size_t read_arg(struct bytes line, size_t at, struct buf *out)
{
    char first = line.data[at], quote = first == '"' || first == '\'' ? first : '\0';
    for (at += quote != '\0'; at < line.len; at++) {
        char c = line.data[at];
        if (quote ? c == quote : text_is_space(c))
            return at + 1;
        if (protects(line, at, quote))
            c = line.data[++at];
        buf_addc(out, c);
    }
    return at;
}

void httpd_args(struct bytes raw, struct strv *ret)
{
    CLEANUP(buf_release) struct buf joined = BUF_INIT;
    join(raw, &joined);
    struct bytes line = bytes_buf(&joined);
    for (size_t at = 0; at < line.len;) {
        if (text_is_space(line.data[at])) {
            at++;
            continue;
        }
        CLEANUP(buf_release) struct buf arg = BUF_INIT;
        at = read_arg(line, at, &arg);
        strv_add(ret, buf_str(&arg));
    }
}

static json_t *args_json(struct bytes raw)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(raw, &args);
    json_t *list = json_array();
    for (size_t i = 0; i < args.count; i++)
        json_array_append_new(list, text_json(bytes_str(args.items[i])));
    return list;
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    const struct httpd_text *t = &doc->text;
    struct httpd_range r = range_of(t, scope);
    json_t *settings = json_object(), *sections = json_array();
    for (size_t i = r.first; i < r.last; i = httpd_next(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind == HTTPD_OPEN)
            json_array_append_new(sections, json_pack("{s:o, s:o}", "kind",
                                                      text_json(httpd_name(t, n)), "args",
                                                      text_json(httpd_raw(t, n))));
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        CLEANUP(buf_release) struct buf name = BUF_INIT;
        httpd_lower(httpd_name(t, n), &name);
        json_t *list = json_object_getn(settings, name.data, name.len);
        if (!list)
            text_json_set(settings, bytes_buf(&name), list = json_array());
        if (json_object_getn(settings, name.data, name.len))
            json_array_append_new(list, args_json(httpd_raw(t, n)));
    }
    return json_pack("{s:o, s:o}", "settings", settings, "sections", sections);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *f = parse(fragment);
    return httpd_merge(&doc->text, scope ? scope->index : HTTPD_NONE, &f->text, rules,
                       edits, err);
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    if (memmem(value.data, value.len, "${", 2))
        return err_set(
            err, ERR_INPUT,
            "the value holds '${', which the server would replace by a variable");
    if (value.data[value.len - 1] == '\\')
        return err_set(err, ERR_INPUT,
                       "the value ends in a backslash, which would continue its line");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, value.data[i]);
    }
    return 0;
}

const struct format format_httpd = {
    .name = "httpd",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .scopes = scopes,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
