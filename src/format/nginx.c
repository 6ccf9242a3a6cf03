/*
 * nginx configuration. Ref: nginx.org "Beginner's Guide", ngx_conf_read_token()
 *
 *   scopes   blocks by the names that lead there: "http", "http/server"; args is what stands
 *            between the last name and "{"
 *   facts    {"settings": {"name": [[argument, ...], ...]}, "sections": [{"kind", "args"}]} of the
 *            scope, without what its blocks hold
 *   merge    what the fragment says of a name k times, the scope says exactly k times: the first
 *            ones are changed where they stand, others go, missing ones are added behind the last
 *            of that name, behind the fragment's name before it, or at the end of the scope. A
 *            block of the fragment is merged into the first block of the scope that has its name
 *            and arguments, or added. "#name" removes every occurrence. Other blocks are left
 *            alone. Arguments are equal when nginx reads the same words.
 *            A document that nginx would not read is refused: an addition could end up anywhere.
 *   rules    "key_args": {NAME: n}   the first n arguments, in any case, belong to the name;
 *                                    "#NAME" alone means whatever they are
 *   escape   for double quotes, and for bare words where the value is one
 *
 * Not handled: variables, which stay words; what stands in files that "include" names.
 */
#include "format/nginx.h"

#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/lines.h"
#include "format/nginx_merge.h"
#include "format/nginx_text.h"

struct doc {
    struct nginx_text text;
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    nginx_text_read(&doc->text, text);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    nginx_text_release(&doc->text);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    const struct nginx_text *t = &doc->text;
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++) {
        buf_addb(out, text_span(t->text, at, t->items[i].begin));
        buf_addb(out, text_span(t->text, t->items[i].begin, t->items[i].end));
        at = t->items[i].end;
    }
    buf_addb(out, text_span(t->text, at, t->text.len));
}

/* --- looking --------------------------------------------------------------------------------- */

static struct scope scope_of(const struct nginx_text *t, size_t i)
{
    const struct nginx_node *n = &t->items[i];
    return (struct scope){.kind = nginx_name(t, n),
                          .args = nginx_raw(t, n),
                          .begin = n->begin,
                          .end =
                              n->close < t->count ? t->items[n->close].end : t->text.len,
                          .line = n->line,
                          .index = i};
}

size_t nginx_blocks(const struct doc *doc, const struct scope *scope, const char *name,
                    bool deep, struct scope **ret)
{
    const struct nginx_text *t = &doc->text;
    struct nginx_range r = nginx_range_of(t, scope);
    struct scope *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = r.first; i < r.last; i = deep ? i + 1 : nginx_next(t, i)) {
        const struct nginx_node *n = &t->items[i];
        if (n->kind != NGINX_OPEN || (name && !bytes_is(nginx_name(t, n), name)))
            continue;
        MEM_GROW(list, count, cap);
        list[count++] = scope_of(t, i);
    }
    *ret = list;
    return count;
}

/* Do the blocks around and including block i have the names of the path "a/b/c"? */
static bool has_path(const struct nginx_text *t, size_t i, struct bytes path)
{
    for (;;) {
        const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
        size_t begin = slash ? (size_t)(slash - path.data) + 1 : 0;
        if (i == NGINX_NONE ||
            !bytes_eq(nginx_name(t, &t->items[i]), text_span(path, begin, path.len)))
            return false;
        i = t->items[i].parent;
        if (!slash)
            return i == NGINX_NONE;
        path.len = begin - 1;
    }
}

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    const struct nginx_text *t = &doc->text;
    struct scope *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].kind != NGINX_OPEN || !has_path(t, i, bytes_str(kind)))
            continue;
        MEM_GROW(list, count, cap);
        list[count++] = scope_of(t, i);
    }
    *ret = list;
    return count;
}

size_t nginx_directives(const struct doc *doc, const struct scope *scope,
                        struct nginx_directive **ret)
{
    const struct nginx_text *t = &doc->text;
    struct nginx_range r = nginx_range_of(t, scope);
    struct nginx_directive *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = r.first; i < r.last; i = nginx_next(t, i)) {
        const struct nginx_node *n = &t->items[i];
        if (n->kind != NGINX_DIRECTIVE)
            continue;
        MEM_GROW(list, count, cap);
        list[count++] = (struct nginx_directive){
            .name = nginx_name(t, n), .args = nginx_raw(t, n), .line = n->line};
    }
    *ret = list;
    return count;
}

const char *nginx_broken(const struct doc *doc, size_t *ret_line)
{
    *ret_line = doc->text.broken_line;
    return doc->text.broken;
}

void nginx_args(struct bytes raw, struct strv *ret)
{
    CLEANUP(buf_release) struct buf word = BUF_INIT;
    for (size_t at = 0; nginx_word(raw, &at, &word); buf_clear(&word))
        strv_add(ret, buf_str(&word));
}

static json_t *args_json(struct bytes raw)
{
    json_t *list = json_array();
    CLEANUP(buf_release) struct buf word = BUF_INIT;
    for (size_t at = 0; nginx_word(raw, &at, &word); buf_clear(&word))
        json_array_append_new(list, text_json(bytes_buf(&word)));
    return list;
}

static void add_setting(json_t *settings, struct bytes name, json_t *args)
{
    json_t *list = json_object_getn(settings, name.len ? name.data : "", name.len);
    if (!list) {
        text_json_set(settings, name, json_array());
        list = json_object_getn(settings, name.len ? name.data : "", name.len);
    }
    if (list)
        json_array_append_new(list, args);
    else
        json_decref(args);
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    const struct nginx_text *t = &doc->text;
    struct nginx_range r = nginx_range_of(t, scope);
    json_t *settings = json_object(), *sections = json_array();
    for (size_t i = r.first; i < r.last; i = nginx_next(t, i)) {
        const struct nginx_node *n = &t->items[i];
        if (n->kind == NGINX_OPEN)
            json_array_append_new(sections, json_pack("{s:o, s:o}", "kind",
                                                      text_json(nginx_name(t, n)), "args",
                                                      text_json(nginx_raw(t, n))));
        if (n->kind == NGINX_DIRECTIVE)
            add_setting(settings, nginx_name(t, n), args_json(nginx_raw(t, n)));
    }
    return json_pack("{s:o, s:o}", "settings", settings, "sections", sections);
}

/* --- changing -------------------------------------------------------------------------------- */

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *wanted = parse(fragment);
    return nginx_merge(&doc->text, scope, &wanted->text, rules, edits, err);
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    if (memchr(value.data, '$', value.len))
        return err_set(err, ERR_INPUT,
                       "holds '$', which the server would replace by a variable");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, value.data[i]);
    }
    return 0;
}

const struct format format_nginx = {
    .name = "nginx",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .scopes = scopes,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
