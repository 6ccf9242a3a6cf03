/*
 * Postfix main.cf: "name = value", continued by lines that begin with white space, across blank
 * lines and comments. Names are case-sensitive, quotes are literal, nothing trails a value as a
 * comment, the last assignment of a name wins. Ref: postconf(5)
 *
 *   facts    {"parameters": {name: value}}: values with their continuation lines joined, "$name"
 *            not expanded
 *   merge    a set parameter is changed where it was last assigned, earlier assignments go
 *            (Postfix warns of them), an absent one is appended; values are equal when they differ
 *            in the amount of white space only; "#name = ..." removes every assignment
 *   rules    none
 *   escape   for "name = {{value}}"
 *
 * Not handled: lines without "=" (fatal for Postfix) are opaque; a new parameter goes to the end
 * of the file, not to its kin.
 */
#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/names.h"
#include "format/postfix_text.h"
#include "format/wants.h"

struct param {
    struct bytes name, value; /* in the joined text */
    size_t logical;
};

struct doc {
    struct postfix_text text;
    struct param *items;
    size_t count, cap;
    struct names names;
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    postfix_text_read(&doc->text, text);
    for (size_t i = 0; i < doc->text.count; i++) {
        const struct logical *l = &doc->text.items[i];
        struct param p = {.logical = i};
        if (!postfix_split(postfix_text_span(&doc->text, l->begin, l->end), &p.name,
                           &p.value))
            continue;
        names_add(&doc->names, p.name, doc->count);
        MEM_GROW(doc->items, doc->count, doc->cap);
        doc->items[doc->count++] = p;
    }
    names_sort(&doc->names);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    postfix_text_release(&doc->text);
    names_release(&doc->names);
    free(doc->items);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    lines_emit(&doc->text.lines, out);
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    (void)scope;
    json_t *params = json_object();
    for (size_t i = 0; i < doc->count; i++)
        text_json_set(params, doc->items[i].name, text_json(doc->items[i].value));
    return json_pack("{so}", "parameters", params);
}

/* "#name = ...", without white space behind the "#". */
static void want_unset(struct wants *w, const struct doc *fragment, size_t line)
{
    struct bytes b = lines_at(&fragment->text.lines, line), value;
    struct want one = {.line = line + 1, .unset = true};
    if (b.len < 2 || b.data[0] != '#' || text_is_space(b.data[1]))
        return;
    if (postfix_split(text_span(b, 1, b.len), &one.name, &value) &&
        postfix_is_name(one.name))
        wants_add(w, one);
}

static int want_set(struct wants *w, const struct doc *fragment, const struct logical *l,
                    struct err *err)
{
    struct bytes b = postfix_text_span(&fragment->text, l->begin, l->end);
    struct want one = {.line = l->first + 1};
    if (!postfix_split(b, &one.name, &one.value) || !postfix_is_name(one.name))
        return fragment_error(err, one.line, "not of the form 'name = value'");
    if (memchr(b.data, '\0', b.len))
        return fragment_error(err, one.line, "the value of '%.*s' holds a NUL",
                              (int)one.name.len, one.name.data);
    wants_add(w, one);
    return 0;
}

static int read_wants(struct wants *w, const struct doc *fragment, struct err *err)
{
    const struct postfix_text *t = &fragment->text;
    size_t logical = 0;
    for (size_t i = 0; i < t->lines.count; i++) {
        if (postfix_text_is_comment(t, i)) {
            want_unset(w, fragment, i);
        } else if (logical < t->count && t->items[logical].first == i) {
            if (want_set(w, fragment, &t->items[logical++], err) < 0)
                return -1;
        } else if (logical == 0) {
            return fragment_error(err, i + 1, "the first line begins with white space");
        }
    }
    return wants_finish(w, err);
}

/* Puts the wanted value where the parameter's present one stands. */
static void update(const struct doc *doc, const struct param *p, struct bytes value,
                   struct edits *edits)
{
    const struct postfix_text *t = &doc->text;
    const struct logical *l = &t->items[p->logical];
    const char *joined = bytes_buf(&t->joined).data;
    size_t begin = (size_t)(p->value.data - joined);
    if (p->value.len && postfix_text_line(t, begin) == l->first) {
        postfix_text_replace(t, begin, begin + p->value.len, value, edits);
        return;
    }
    /* Nothing behind "=" in its own line. */
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    size_t equals = (size_t)(p->name.data + p->name.len - joined);
    while (joined[equals] != '=')
        equals++;
    buf_adds(&text, "= ");
    buf_addb(&text, value);
    postfix_text_replace(t, equals, l->end, bytes_buf(&text), edits);
}

static void merge_one(const struct doc *doc, const struct want *w, struct buf *appended,
                      struct edits *edits)
{
    const struct name *found;
    size_t count = names_find(&doc->names, w->name, &found);
    size_t keep = w->unset ? count : count - 1;
    CLEANUP(buf_release) struct buf value = BUF_INIT;
    text_squeeze(w->value, &value);
    if (count == 0) {
        if (!w->unset)
            buf_addf(appended, "%.*s =%s%s\n", (int)w->name.len, w->name.data,
                     value.len ? " " : "", buf_str(&value));
        return;
    }
    if (!w->unset) {
        const struct param *last = &doc->items[found[keep].at];
        if (text_eq_squeezed(last->value, w->value))
            return;
        update(doc, last, bytes_buf(&value), edits);
    }
    for (size_t i = 0; i < keep; i++)
        postfix_text_remove(&doc->text, &doc->text.items[doc->items[found[i].at].logical],
                            edits);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *parsed = parse(fragment);
    CLEANUP(wants_release) struct wants wants = WANTS_INIT;
    CLEANUP(buf_release) struct buf appended = BUF_INIT;
    (void)scope;
    (void)rules;
    if (read_wants(&wants, parsed, err) < 0)
        return -1;
    for (size_t i = 0; i < wants.count; i++)
        if (wants_counts(&wants, i))
            merge_one(doc, &wants.items[i], &appended, edits);
    if (appended.len)
        lines_insert(&doc->text.lines, doc->text.lines.text.len, bytes_buf(&appended),
                     edits);
    return 0;
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '$')
            buf_addc(out, '$');
        buf_addc(out, value.data[i]);
    }
    return 0;
}

const struct format format_postfix_main = {
    .name = "postfix-main",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
