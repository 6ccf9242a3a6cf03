/*
 * Merging a fragment into an httpd document: directives meet by key, sections by their arguments.
 *
 * New lines never end up in another section: they go in front of a section that is not closed,
 * and a last line that would go on in what follows is ended first.
 */
#include "format/httpd_merge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strv.h"
#include "format/httpd.h"
#include "format/httpd_key.h"
#include "format/lines.h"
#include "format/names.h"

struct merge {
    const struct httpd_text *t; /* the document */
    const struct httpd_text *f; /* the fragment */
    const json_t *rules;
    struct edits *edits;
    const char *eol;
    size_t ended;   /* the edit that supplies the last line's end, or HTTPD_NONE */
    size_t end_len; /* how much of it does */
    bool last_gone; /* the last line is removed */
};

/* --- edits ----------------------------------------------------------------------------------- */

static bool same_arg(const char *a, const char *b, bool alone)
{
    if (strcmp(a, b) == 0)
        return true;
    return alone && strcasecmp(a, b) == 0 &&
           (strcasecmp(a, "on") == 0 || strcasecmp(a, "off") == 0);
}

bool httpd_same_args(struct bytes a, struct bytes b)
{
    CLEANUP(strv_release) struct strv x = STRV_INIT;
    CLEANUP(strv_release) struct strv y = STRV_INIT;
    if (bytes_eq(a, b))
        return true;
    httpd_args(a, &x);
    httpd_args(b, &y);
    if (x.count != y.count)
        return false;
    for (size_t i = 0; i < x.count; i++)
        if (!same_arg(x.items[i], y.items[i], x.count == 1))
            return false;
    return true;
}

bool httpd_same_section(const struct httpd_text *t, const struct httpd_node *a,
                        const struct httpd_text *u, const struct httpd_node *b)
{
    return bytes_eq_nocase(httpd_name(t, a), httpd_name(u, b)) &&
           httpd_same_args(httpd_raw(t, a), httpd_raw(u, b));
}

/* Line ends become the document's own. */
static void add_lines(const struct merge *m, struct bytes lines, struct buf *out)
{
    for (struct bytes line; bytes_next_line(&lines, &line);) {
        bool whole = line.data[line.len - 1] == '\n';
        line.len -= whole;
        line.len -= whole && line.len && line.data[line.len - 1] == '\r';
        buf_addb(out, line);
        buf_adds(out, whole ? m->eol : "");
    }
}

/* A name without arguments is replaced: nothing is inserted where lines may be, and a quote that
 * is open there would take the arguments in. */
static void update(const struct merge *m, size_t node, size_t want)
{
    const struct httpd_node *n = &m->t->items[node];
    struct bytes args = httpd_raw(m->f, &m->f->items[want]);
    if (httpd_same_args(httpd_raw(m->t, n), args))
        return;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    bool none = n->args == n->args_end;
    if (none) {
        buf_addb(&text, httpd_name(m->t, n));
        buf_addc(&text, ' ');
    }
    add_lines(m, args, &text);
    edits_add(m->edits, none ? n->name : n->args, n->args_end, bytes_buf(&text));
}

static void drop(struct merge *m, struct httpd_key *key)
{
    const struct httpd_node *n = &m->t->items[key->node];
    key->done = true;
    if (key->node + 1 == m->t->count)
        m->last_gone = true;
    edits_add(m->edits, n->begin, n->end, BYTES(""));
}

/* What the last line needs before another can follow it. */
static void end_last_line(struct merge *m, struct buf *out)
{
    struct bytes text = m->t->text;
    bool whole = !text.len || text.data[text.len - 1] == '\n';
    if (m->ended != HTTPD_NONE || (whole && !m->t->open))
        return;
    buf_addf(out, "%s%s", m->t->guard ? " " : "", m->eol);
    m->ended = m->edits->count;
    m->end_len = out->len;
}

/* Inserts whole lines. */
static void insert(struct merge *m, size_t at, struct bytes lines)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (at == m->t->text.len)
        end_last_line(m, &out);
    add_lines(m, lines, &out);
    edits_add(m->edits, at, at, bytes_buf(&out));
}

/* The end of a last line that is removed is not needed. */
static void finish(const struct merge *m)
{
    if (m->ended == HTTPD_NONE || !m->last_gone)
        return;
    struct edit *e = &m->edits->items[m->ended];
    e->len -= m->end_len;
    memmove(e->text, e->text + m->end_len, e->len + 1);
}

/* --- places ---------------------------------------------------------------------------------- */

/* The document's own step, the fragment's otherwise, a tab where neither has one. */
static void add_step(const struct merge *m, struct buf *out)
{
    struct bytes step = m->t->step.len ? m->t->step : m->f->step;
    buf_addb(out, step.len ? step : BYTES("\t"));
}

/* White space that a new line of this part begins with: as its first directive, or one step in. */
static void add_indent(const struct merge *m, const struct httpd_range *r,
                       struct buf *out)
{
    for (size_t i = r->first; i < r->last; i = httpd_next(m->t, r, i))
        if (m->t->items[i].kind == HTTPD_DIRECTIVE &&
            !httpd_is_conditional(&m->t->items[i], r)) {
            buf_addb(out, httpd_indent(m->t, &m->t->items[i]));
            return;
        }
    if (r->section == HTTPD_NONE)
        return;
    buf_addb(out, httpd_indent(m->t, &m->t->items[r->section]));
    add_step(m, out);
}

/* Where a part ends; what stands behind a section that is not closed belongs to that. */
static size_t end_of(const struct merge *m, const struct httpd_range *r)
{
    const struct httpd_text *t = m->t;
    for (size_t i = t->unclosed; i != HTTPD_NONE; i = t->items[i].parent)
        if (t->items[i].parent == r->section)
            return t->items[i].begin;
    return r->last < t->count ? t->items[r->last].begin : t->text.len;
}

/* Where additions go, and which node's indentation they take; both HTTPD_NONE: the end. */
struct place {
    size_t at, like;
};

static void append(struct merge *m, const struct httpd_range *r, const struct place *p,
                   size_t want)
{
    const struct httpd_node *n = &m->f->items[want];
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    if (p->like == HTTPD_NONE)
        add_indent(m, r, &line);
    else
        buf_addb(&line, httpd_indent(m->t, &m->t->items[p->like]));
    buf_addb(&line, text_span(m->f->text, n->name, n->args_end));
    buf_addc(&line, '\n');
    insert(m, p->at == HTTPD_NONE ? end_of(m, r) : p->at, bytes_buf(&line));
}

/* --- directives ------------------------------------------------------------------------------ */

/* The scope's directives of names that the fragment speaks of; nothing else gets a key. */
static void read_present(const struct merge *m, const struct httpd_range *r,
                         const struct httpd_keys *wants, struct httpd_keys *present)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    CLEANUP(buf_release) struct buf lower = BUF_INIT;
    for (size_t i = 0; i < wants->count; i++) {
        struct bytes key = httpd_keys_at(wants, i);
        key.len = httpd_name(m->f, &m->f->items[wants->items[i].node]).len;
        names_add(&names, key, i);
    }
    names_sort(&names);
    for (size_t i = r->first; i < r->last; i = httpd_next(m->t, r, i)) {
        size_t ignored;
        if (m->t->items[i].kind != HTTPD_DIRECTIVE)
            continue;
        buf_clear(&lower);
        text_lower(httpd_name(m->t, &m->t->items[i]), &lower);
        if (names_last(&names, bytes_buf(&lower), &ignored))
            httpd_keys_add(present, m->t, i, m->rules);
    }
    httpd_keys_sort(present);
}

/* The wants of one key, in the fragment's order; none are left for "#Name". */
struct group {
    const struct httpd_keys *wants;
    const struct name *items;
    size_t count, met;
    bool unset;
};

static size_t want_at(const struct group *g, size_t i)
{
    return g->wants->items[g->items[i].at].node;
}

static void meet_one(struct merge *m, const struct httpd_range *r, struct group *g,
                     struct httpd_key *present, struct place *place)
{
    const struct httpd_node *n = &m->t->items[present->node];
    bool conditional = httpd_is_conditional(n, r);
    if (present->done || (g->unset && httpd_key_removes(m->t, n, m->rules)))
        return;
    if (conditional && g->count == 1) {
        update(m, present->node, want_at(g, 0));
    } else if (conditional || g->met == g->count) {
        drop(m, present);
    } else {
        update(m, present->node, want_at(g, g->met++));
        *place = (struct place){n->end, present->node};
    }
    present->done = true;
}

/* All occurrences of one key against all wants of it. */
static void meet(struct merge *m, const struct httpd_range *r, struct group *g,
                 struct httpd_keys *present, struct place *place)
{
    const struct name *found;
    size_t count =
        names_find(&present->names, httpd_keys_at(g->wants, g->items[0].at), &found);
    for (size_t i = 0; found && i < count; i++)
        meet_one(m, r, g, &present->items[found[i].at], place);
    while (g->met < g->count)
        append(m, r, place, want_at(g, g->met++));
}

/* "#Name" of a name whose arguments belong to its key: every key that begins with the name goes,
 * those apart that the fragment speaks of. */
static void drop_all_of(struct merge *m, const struct httpd_keys *wants, struct bytes key,
                        struct httpd_keys *present)
{
    for (size_t i = 0; i < present->count; i++) {
        struct bytes other = httpd_keys_at(present, i);
        const struct httpd_node *n = &m->t->items[present->items[i].node];
        size_t ignored;
        if (httpd_key_extends(other, key) && !present->items[i].done &&
            !names_last(&wants->names, other, &ignored) &&
            !httpd_key_removes(m->t, n, m->rules))
            drop(m, &present->items[i]);
    }
}

static void merge_directives(struct merge *m, const struct httpd_range *r,
                             const struct httpd_range *from)
{
    CLEANUP(httpd_keys_release) struct httpd_keys wants = HTTPD_KEYS_INIT;
    CLEANUP(httpd_keys_release) struct httpd_keys present = HTTPD_KEYS_INIT;
    httpd_read_wants(m->f, from, m->rules, &wants);
    read_present(m, r, &wants, &present);
    struct place place = {HTTPD_NONE, HTTPD_NONE};
    for (size_t i = 0; i < wants.count; i++) {
        struct group g = {.wants = &wants};
        const struct httpd_node *n = &m->f->items[wants.items[i].node];
        g.count = names_find(&wants.names, httpd_keys_at(&wants, i), &g.items);
        if (!g.count || !g.items || g.items[0].at != i)
            continue; /* met with the first of its key */
        g.unset = n->kind == HTTPD_COMMENT;
        if (httpd_key_is_bare(m->f, n, m->rules))
            drop_all_of(m, &wants, httpd_keys_at(&wants, i), &present);
        if (g.unset)
            g.count = 0;
        meet(m, r, &g, &present, &place);
    }
}

/* --- sections of the fragment ---------------------------------------------------------------- */

/* Does a section of the document say one of the names of the fragment's? */
static bool shares_name(const struct merge *m, size_t section, size_t wanted)
{
    struct httpd_range r = httpd_within(m->t, section), from = httpd_within(m->f, wanted);
    CLEANUP(httpd_keys_release) struct httpd_keys wants = HTTPD_KEYS_INIT;
    CLEANUP(httpd_keys_release) struct httpd_keys present = HTTPD_KEYS_INIT;
    httpd_read_wants(m->f, &from, m->rules, &wants);
    read_present(m, &r, &wants, &present);
    return present.count > 0;
}

/* Of equal sections the last that shares a name, or the last. */
static size_t find_section(const struct merge *m, const struct httpd_range *r,
                           size_t wanted)
{
    const struct httpd_node *w = &m->f->items[wanted];
    size_t last = HTTPD_NONE, sharing = HTTPD_NONE;
    for (size_t i = r->first; i < r->last; i = httpd_next(m->t, r, i)) {
        const struct httpd_node *n = &m->t->items[i];
        if (n->kind != HTTPD_OPEN || n->parent != r->section ||
            !httpd_same_section(m->t, n, m->f, w))
            continue;
        last = i;
        if (shares_name(m, i, wanted))
            sharing = i;
    }
    return sharing == HTTPD_NONE ? last : sharing;
}

/* A line of a new section, as far in as its depth says. */
static void add_line(const struct merge *m, size_t node, size_t top, struct bytes indent,
                     struct buf *out)
{
    const struct httpd_node *n = &m->f->items[node];
    struct bytes line = text_span(m->f->text, n->begin, n->end);
    size_t skip = httpd_indent(m->f, n).len;
    if (!text_is_blank(line)) {
        buf_addb(out, indent);
        for (size_t i = n->parent; i != top; i = m->f->items[i].parent)
            add_step(m, out);
    }
    buf_addb(out, text_span(line, skip, line.len));
}

static void add_section(struct merge *m, const struct httpd_range *r, size_t section)
{
    const struct httpd_node *n = &m->f->items[section];
    CLEANUP(buf_release) struct buf indent = BUF_INIT;
    CLEANUP(buf_release) struct buf lines = BUF_INIT;
    add_indent(m, r, &indent);
    for (size_t i = section; i <= n->close; i++)
        add_line(m, i, n->parent, bytes_buf(&indent), &lines);
    if (lines.len && lines.data[lines.len - 1] != '\n')
        buf_addc(&lines, '\n');
    insert(m, end_of(m, r), bytes_buf(&lines));
}

static void merge_range(struct merge *m, const struct httpd_range *r,
                        const struct httpd_range *from)
{
    merge_directives(m, r, from);
    for (size_t i = from->first; i < from->last; i++) {
        if (m->f->items[i].kind != HTTPD_OPEN)
            continue;
        size_t found = find_section(m, r, i);
        if (found == HTTPD_NONE) {
            add_section(m, r, i);
        } else {
            struct httpd_range inner = httpd_within(m->t, found);
            struct httpd_range source = httpd_within(m->f, i);
            merge_range(m, &inner, &source);
        }
        i = m->f->items[i].close;
    }
}

int httpd_merge(const struct httpd_text *text, const struct scope *scope,
                const struct httpd_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err)
{
    if (httpd_check_fragment(fragment, rules, err) < 0)
        return -1;
    struct merge m = {.t = text,
                      .f = fragment,
                      .rules = rules,
                      .edits = edits,
                      .eol = text_eol(text->text),
                      .ended = HTTPD_NONE};
    struct httpd_range r = httpd_range_of(text, scope);
    struct httpd_range from = httpd_range_of(fragment, NULL);
    merge_range(&m, &r, &from);
    finish(&m);
    return 0;
}
