/*
 * Apache httpd configuration. Ref: httpd documentation "Configuration Files"
 *
 *   scopes   "VirtualHost" and other sections, also within conditions; args is what follows
 *   facts    {"settings": {"lower-case name": [[argument, ...], ...]},
 *             "sections": [{"kind", "args"}]} of the scope, conditions looked through
 *   merge    what the fragment says of a name k times, the scope says exactly k times: the first
 *            ones are changed where they stand, others go, missing ones are added behind the last
 *            of that name, behind the fragment's name before it, or at the end of the scope. Within
 *            conditions a name is changed as well, or goes where k is not 1, but only an
 *            unconditional one is counted. So a pair of names that adds up (a certificate and its
 *            key) stays a pair: the fragment says all of them, or none.
 *            A section of the fragment is merged into the equal one of the scope (of several, the
 *            last that says one of its names, or the last), or added.
 *            "#Name" removes every occurrence. Sections that are not conditions (directories,
 *            locations) are left alone. Equal arguments are equal however they are quoted, and so
 *            are "On" and "on" alone.
 *   rules    "key_args": {NAME: n}       the first n arguments belong to the name; "#NAME" alone
 *                                        means whatever they are
 *            "key_words": {NAME: [W]}    a first argument W, with more behind it, belongs to the
 *                                        name; "#NAME" alone means the name without it
 *            "header_like": [NAME]       the header's name belongs to the name; "always" and the
 *                                        action do not. What unsets the header is replaced when
 *                                        it is to be set, and stays when it is not to be set.
 *   escape   for double quotes, and for bare words where the value is one
 *
 * Not handled: variables; macros, whose text is not looked into and whose use is a directive.
 */
#include "format/httpd.h"

#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/httpd_line.h"
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

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    const struct httpd_text *t = &doc->text;
    struct scope *list = NULL;
    size_t count = 0, cap = 0;
    struct httpd_range all = httpd_range_of(t, NULL);
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
    struct httpd_range r = httpd_range_of(t, scope);
    struct httpd_directive *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = r.first; i < r.last; i = httpd_next(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        MEM_GROW(list, count, cap);
        list[count++] =
            (struct httpd_directive){.name = httpd_name(t, n),
                                     .args = httpd_raw(t, n),
                                     .line = n->line,
                                     .begin = n->begin,
                                     .end = n->end,
                                     .conditional = httpd_is_conditional(n, &r)};
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

/* Arguments one by one, from the line that continued ones make. */
struct args {
    struct bytes line;
    size_t at;
    struct httpd_line joined;
    struct buf word; /* the argument */
};

static void args_release(struct args *a)
{
    httpd_line_release(&a->joined);
    buf_release(&a->word);
}

static void args_start(struct args *a, struct bytes raw)
{
    a->line = raw;
    a->at = 0;
    if (!raw.len || !memchr(raw.data, '\n', raw.len))
        return;
    httpd_line_read(&a->joined, raw, 0);
    a->line = a->joined.text;
}

static bool args_next(struct args *a)
{
    buf_clear(&a->word);
    return httpd_word(a->line, &a->at, &a->word);
}

void httpd_args(struct bytes raw, struct strv *ret)
{
    CLEANUP(args_release) struct args a = {.joined = HTTPD_LINE_INIT};
    args_start(&a, raw);
    while (args_next(&a))
        strv_add(ret, buf_str(&a.word));
}

static json_t *args_json(struct args *a, struct bytes raw)
{
    json_t *list = json_array();
    args_start(a, raw);
    while (args_next(a))
        json_array_append_new(list, text_json(bytes_buf(&a->word)));
    return list;
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    const struct httpd_text *t = &doc->text;
    struct httpd_range r = httpd_range_of(t, scope);
    json_t *settings = json_object(), *sections = json_array();
    CLEANUP(args_release) struct args args = {.joined = HTTPD_LINE_INIT};
    CLEANUP(buf_release) struct buf name = BUF_INIT;
    for (size_t i = r.first; i < r.last; i = httpd_next(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind == HTTPD_OPEN)
            json_array_append_new(sections, json_pack("{s:o, s:o}", "kind",
                                                      text_json(httpd_name(t, n)), "args",
                                                      text_json(httpd_raw(t, n))));
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        buf_clear(&name);
        text_lower(httpd_name(t, n), &name);
        json_t *list = json_object_getn(settings, name.data, name.len);
        if (!list) {
            text_json_set(settings, bytes_buf(&name), json_array());
            list = json_object_getn(settings, name.data, name.len);
        }
        if (list)
            json_array_append_new(list, args_json(&args, httpd_raw(t, n)));
    }
    return json_pack("{s:o, s:o}", "settings", settings, "sections", sections);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *wanted = parse(fragment);
    return httpd_merge(&doc->text, scope, &wanted->text, rules, edits, err);
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    if (value.data[value.len - 1] == '\\')
        return err_set(err, ERR_INPUT,
                       "ends in a backslash, which would continue the line");
    if (memmem(value.data, value.len, "${", 2))
        return err_set(err, ERR_INPUT,
                       "holds '${', which the server would replace by a variable");
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
