/*
 * What a fragment of httpd configuration has to be. It is ours, but values of a site's file stand
 * in it: everything has to be understood, and each line has to mean the same wherever it is put.
 */
#include "format/httpd_merge.h"

#include <ctype.h>
#include <string.h>

#include "format/lines.h"

#define DEPTH_LIMIT 16

/* Letters, digits and underscores, a letter first: what directives are called. */
static bool is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.data[i]) && name.data[i] != '_')
            return false;
    return name.len && isalpha((unsigned char)name.data[0]);
}

static struct bytes written(const struct httpd_text *f, const struct httpd_node *n)
{
    return text_span(f->text, n->name, n->name_end);
}

bool httpd_is_unset(const struct httpd_text *f, const struct httpd_node *n)
{
    return n->kind == HTTPD_COMMENT && is_plain(written(f, n));
}

void httpd_read_wants(const struct httpd_text *f, const struct httpd_range *r,
                      const json_t *rules, struct httpd_keys *wants)
{
    for (size_t i = r->first; i < r->last;) {
        const struct httpd_node *n = &f->items[i];
        if (n->kind == HTTPD_DIRECTIVE || httpd_is_unset(f, n))
            httpd_keys_add(wants, f, i, rules);
        i = n->kind == HTTPD_OPEN ? n->close + 1 : i + 1;
    }
    httpd_keys_sort(wants);
}

/* Control characters other than tabs and line ends. */
static bool has_control(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.data[i];
        bool end = c == '\r' && i + 1 < b.len && b.data[i + 1] == '\n';
        if ((c < ' ' && c != '\t' && c != '\n' && !end) || c == 0x7f)
            return true;
    }
    return false;
}

/* Is a section's line nothing but "<Name arguments>" or "</Name>"? */
static bool is_whole(const struct httpd_text *f, const struct httpd_node *n)
{
    struct bytes line = text_trim(text_span(f->text, n->begin, n->end));
    struct bytes word = written(f, n), name = httpd_name(f, n);
    size_t signs = n->kind == HTTPD_CLOSE ? 3 : word.data[word.len - 1] == '>' ? 2 : 1;
    bool ends =
        line.data[line.len - 1] == '>' && (n->kind == HTTPD_OPEN || line.len == word.len);
    return is_plain(name) && word.len == name.len + signs && ends;
}

static const char *problem(const struct httpd_text *f, const struct httpd_node *n)
{
    struct bytes line = text_span(f->text, n->begin, n->end), args = httpd_raw(f, n);
    if (has_control(line))
        return "a control character";
    switch (n->kind) {
    case HTTPD_DIRECTIVE:
        if (!is_plain(written(f, n)))
            return "not a directive";
        return args.len && args.data[args.len - 1] == '\\' ? "ends in a backslash" : NULL;
    case HTTPD_OPEN:
        if (n->close == f->count)
            return "this section has no end";
        return is_whole(f, n) ? NULL : "not a section";
    case HTTPD_CLOSE:
        return is_whole(f, n) ? NULL : "not the end of a section";
    case HTTPD_OTHER:
        return text_is_blank(line) ? NULL : "not a directive";
    case HTTPD_COMMENT:
        break;
    }
    return NULL;
}

/* --- contradictions -------------------------------------------------------------------------- */

static int check_keys(const struct httpd_text *f, const struct httpd_keys *wants,
                      struct err *err)
{
    for (size_t i = 1; i < wants->names.count; i++) {
        const struct name *a = &wants->names.items[i - 1], *b = &wants->names.items[i];
        const struct httpd_node *x = &f->items[wants->items[a->at].node];
        const struct httpd_node *y = &f->items[wants->items[b->at].node];
        struct bytes name = httpd_name(f, y);
        if (bytes_eq(a->key, b->key) && x->kind != y->kind)
            return fragment_error(err, y->line,
                                  "'%.*s' is set and also marked as not to be set",
                                  (int)name.len, name.data);
    }
    return 0;
}

static bool is_bare(const struct httpd_text *f, const struct httpd_keys *k, size_t i,
                    const json_t *rules)
{
    return httpd_key_is_bare(f, &f->items[k->items[i].node], rules);
}

/* Do wants speak of what key `at` of others does, by itself or by a bare "#Name"? */
static bool speaks_of(const struct httpd_text *f, const struct httpd_keys *wants,
                      const struct httpd_keys *others, size_t at, const json_t *rules)
{
    struct bytes key = httpd_keys_at(others, at);
    size_t ignored;
    if (names_last(&wants->names, key, &ignored))
        return true;
    bool bare = is_bare(f, others, at, rules);
    for (size_t i = 0; i < wants->count; i++)
        if ((bare && httpd_key_extends(httpd_keys_at(wants, i), key)) ||
            (is_bare(f, wants, i, rules) &&
             httpd_key_extends(key, httpd_keys_at(wants, i))))
            return true;
    return false;
}

/* What is wanted reaches into conditions: there, nothing else can be wanted. */
static int check_conditions(const struct httpd_text *f, const struct httpd_range *r,
                            const struct httpd_keys *wants, const json_t *rules,
                            struct err *err)
{
    CLEANUP(httpd_keys_release) struct httpd_keys inner = HTTPD_KEYS_INIT;
    for (size_t i = r->first; i < r->last; i = httpd_next(f, r, i)) {
        const struct httpd_node *n = &f->items[i];
        if (!httpd_is_conditional(n, r) ||
            (n->kind != HTTPD_DIRECTIVE && !httpd_is_unset(f, n)))
            continue;
        struct bytes name = httpd_name(f, n);
        httpd_keys_add(&inner, f, i, rules);
        if (speaks_of(f, wants, &inner, inner.count - 1, rules))
            return fragment_error(err, n->line,
                                  "'%.*s' is wanted in a condition and around it",
                                  (int)name.len, name.data);
    }
    return 0;
}

static int check_wants(const struct httpd_text *f, const struct httpd_range *r,
                       const json_t *rules, struct err *err)
{
    CLEANUP(httpd_keys_release) struct httpd_keys wants = HTTPD_KEYS_INIT;
    httpd_read_wants(f, r, rules, &wants);
    return check_keys(f, &wants, err) < 0 ? -1
                                          : check_conditions(f, r, &wants, rules, err);
}

/* A second section of the same arguments would be merged with the first one's. */
static bool is_repeated(const struct httpd_text *f, size_t section)
{
    const struct httpd_node *n = &f->items[section];
    size_t first = n->parent == HTTPD_NONE ? 0 : n->parent + 1;
    for (size_t i = first; i < section; i++) {
        const struct httpd_node *other = &f->items[i];
        if (other->kind == HTTPD_OPEN && httpd_same_section(f, other, f, n))
            return true;
        i = other->kind == HTTPD_OPEN ? other->close : i;
    }
    return false;
}

int httpd_check_fragment(const struct httpd_text *f, const json_t *rules, struct err *err)
{
    unsigned depth = 0;
    struct httpd_range all = httpd_range_of(f, NULL);
    for (size_t i = 0; i < f->count; i++) {
        const struct httpd_node *n = &f->items[i];
        const char *what = problem(f, n);
        if (what)
            return fragment_error(err, n->line, "%s", what);
        depth += n->kind == HTTPD_OPEN;
        depth -= n->kind == HTTPD_CLOSE;
        if (depth > DEPTH_LIMIT)
            return fragment_error(err, n->line, "sections are nested too deep");
        if (n->kind == HTTPD_OPEN && is_repeated(f, i))
            return fragment_error(err, n->line, "this section is there twice");
        struct httpd_range inner = httpd_within(f, i);
        if (n->kind == HTTPD_OPEN && check_wants(f, &inner, rules, err) < 0)
            return -1;
    }
    if (f->open)
        return fragment_error(err, f->items[f->count - 1].line, "ends in a backslash");
    return check_wants(f, &all, rules, err);
}
