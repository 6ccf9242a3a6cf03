/*
 * Merging a fragment into an nginx document: directives meet by key, blocks by name and arguments.
 *
 * A key is the name and, by the rules, some arguments: each behind a line end, in lower case. Lines
 * are kept as they are: what stands alone on its line goes with it, an addition gets a line of its
 * own, unless others stand on the line where it belongs.
 */
#include "format/nginx_merge.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"
#include "format/names.h"

#define DEPTH_LIMIT 8 /* of a fragment's blocks */

struct merge {
    const struct nginx_text *t; /* the document */
    const struct nginx_text *f; /* the fragment */
    const json_t *rules;
    struct edits *edits;
    const char *eol;
    struct bytes step; /* how much further in than its block a directive stands */
    bool ended;        /* an edit supplies the last line's end */
};

/* --- keys ------------------------------------------------------------------------------------ */

/* Keys of nodes, in one text; `names` finds them, by position in `items`. */
struct keys {
    struct buf text;
    struct key {
        size_t node, begin, end;
        bool done;
    } * items;
    size_t count, cap;
    struct names names;
};

static void keys_release(struct keys *k)
{
    buf_release(&k->text);
    free(k->items);
    names_release(&k->names);
}

static struct bytes key_at(const struct keys *k, size_t i)
{
    return text_span(bytes_buf(&k->text), k->items[i].begin, k->items[i].end);
}

/* How many arguments belong to a name; 0: none. */
static size_t key_args(const json_t *rules, struct bytes name)
{
    const json_t *list = json_object_get(rules, "key_args");
    const json_t *count = name.len ? json_object_getn(list, name.data, name.len) : NULL;
    return (size_t)json_integer_value(count);
}

static void add_words(struct bytes args, size_t limit, struct buf *key)
{
    CLEANUP(buf_release) struct buf word = BUF_INIT;
    for (size_t at = 0; limit-- && nginx_word(args, &at, &word); buf_clear(&word)) {
        buf_addc(key, '\n');
        text_lower(bytes_buf(&word), key);
    }
}

static void keys_add(struct keys *k, const struct nginx_text *t, size_t node,
                     size_t words)
{
    const struct nginx_node *n = &t->items[node];
    size_t begin = k->text.len;
    buf_addb(&k->text, nginx_name(t, n));
    add_words(nginx_raw(t, n), words, &k->text);
    MEM_GROW(k->items, k->count, k->cap);
    k->items[k->count++] = (struct key){.node = node, .begin = begin, .end = k->text.len};
}

/* Call it after the last keys_add(). */
static void keys_sort(struct keys *k)
{
    for (size_t i = 0; i < k->count; i++)
        names_add(&k->names, key_at(k, i), i);
    names_sort(&k->names);
}

/* Does key `longer` belong to the name that is key `name` on its own? */
static bool extends(struct bytes longer, struct bytes name)
{
    return longer.len > name.len && longer.data[name.len] == '\n' &&
           memcmp(longer.data, name.data, name.len) == 0;
}

/* --- the fragment ---------------------------------------------------------------------------- */

/* "#name": must not be there. */
static bool is_unset(const struct nginx_node *n)
{
    return n->kind == NGINX_COMMENT && n->name != n->name_end;
}

static bool is_wanted(const struct nginx_node *n)
{
    return n->kind == NGINX_DIRECTIVE || is_unset(n);
}

/* What a part of the fragment says, blocks in it left out. */
static void read_wants(const struct merge *m, const struct nginx_range *from,
                       struct keys *ret)
{
    for (size_t i = from->first; i < from->last; i = nginx_next(m->f, i))
        if (is_wanted(&m->f->items[i]))
            keys_add(ret, m->f, i, key_args(m->rules, nginx_name(m->f, &m->f->items[i])));
    keys_sort(ret);
}

static bool is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return name.len > 0;
}

static int check_nodes(const struct nginx_text *f, struct err *err)
{
    size_t depth = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct nginx_node *n = &f->items[i];
        struct bytes name = nginx_name(f, n);
        depth += n->kind == NGINX_OPEN;
        depth -= n->kind == NGINX_CLOSE;
        if (depth > DEPTH_LIMIT)
            return fragment_error(err, n->line, "blocks are more than %d deep",
                                  DEPTH_LIMIT);
        if ((is_wanted(n) || n->kind == NGINX_OPEN) && !is_name(name))
            return fragment_error(err, n->line, "'%.*s' is not the name of a directive",
                                  (int)name.len, name.data);
    }
    return 0;
}

static int check_bytes(const struct nginx_text *f, struct err *err)
{
    size_t line = 1;
    for (size_t i = 0; i < f->text.len; i++) {
        char c = f->text.data[i];
        if ((c == '\n' || c == '\r') && i && f->text.data[i - 1] == '\\')
            return fragment_error(err, line, "a backslash at the end of the line");
        line += c == '\n';
        if (!nginx_is_space(c) && text_has_control(text_span(f->text, i, i + 1)))
            return fragment_error(err, line, "holds a control character");
    }
    return 0;
}

/* Nothing is both set and not to be set, and no block is there twice. */
static int check_part(const struct merge *m, const struct nginx_range *from,
                      struct err *err)
{
    CLEANUP(keys_release) struct keys wants = {.count = 0};
    CLEANUP(keys_release) struct keys blocks = {.count = 0};
    read_wants(m, from, &wants);
    for (size_t i = from->first; i < from->last; i = nginx_next(m->f, i))
        if (m->f->items[i].kind == NGINX_OPEN)
            keys_add(&blocks, m->f, i, (size_t)-1);
    keys_sort(&blocks);
    for (size_t i = 1; i < wants.names.count; i++) {
        const struct name *one = &wants.names.items[i];
        const struct nginx_node *a = &m->f->items[wants.items[one[-1].at].node];
        const struct nginx_node *b = &m->f->items[wants.items[one[0].at].node];
        if (bytes_eq(one[-1].key, one[0].key) && a->kind != b->kind)
            return fragment_error(err, b->line,
                                  "'%s' is set and also marked as not to be set",
                                  m->f->names.data + b->called);
    }
    for (size_t i = 1; i < blocks.names.count; i++) {
        const struct name *one = &blocks.names.items[i];
        if (bytes_eq(one[-1].key, one[0].key))
            return fragment_error(err, m->f->items[blocks.items[one[0].at].node].line,
                                  "the same block is there twice");
    }
    return 0;
}

static int check_fragment(const struct merge *m, struct err *err)
{
    const struct nginx_text *f = m->f;
    struct nginx_range all = nginx_range_of(f, NULL);
    if (check_bytes(f, err) < 0)
        return -1;
    if (f->broken)
        return fragment_error(err, f->broken_line, "%s", f->broken);
    if (check_nodes(f, err) < 0 || check_part(m, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].kind != NGINX_OPEN)
            continue;
        struct nginx_range inner = nginx_within(f, i);
        if (check_part(m, &inner, err) < 0)
            return -1;
    }
    return 0;
}

/* --- places ---------------------------------------------------------------------------------- */

/* Over blanks, and over the "\r" of a line end. */
static size_t skip_blanks(struct bytes text, size_t at)
{
    while (at < text.len && nginx_is_blank(text.data[at]))
        at++;
    return at + 1 < text.len && text.data[at] == '\r' && text.data[at + 1] == '\n'
               ? at + 1
               : at;
}

/* White space that a new line of this part begins with. */
static void add_indent(const struct merge *m, const struct nginx_range *r,
                       struct buf *out)
{
    for (size_t i = r->first; i < r->last; i = nginx_next(m->t, i))
        if (m->t->items[i].kind != NGINX_COMMENT && nginx_begins_line(m->t, i)) {
            buf_addb(out, nginx_indent(m->t, i));
            return;
        }
    if (r->block == NGINX_NONE)
        return;
    buf_addb(out, nginx_indent(m->t, r->block));
    buf_addb(out, m->step);
}

/* --- edits ----------------------------------------------------------------------------------- */

/* The next word, with line ends as everywhere. */
static bool next_word(struct bytes args, size_t *at, struct buf *out)
{
    CLEANUP(buf_release) struct buf word = BUF_INIT;
    bool more = nginx_word(args, at, &word);
    buf_clear(out);
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != '\r' || i + 1 == word.len || word.data[i + 1] != '\n')
            buf_addc(out, word.data[i]);
    return more;
}

static bool same_args(struct bytes a, struct bytes b)
{
    CLEANUP(buf_release) struct buf x = BUF_INIT, y = BUF_INIT;
    if (bytes_eq(a, b))
        return true;
    for (size_t i = 0, j = 0;;) {
        bool more = next_word(a, &i, &x);
        if (more != next_word(b, &j, &y) || !bytes_eq(bytes_buf(&x), bytes_buf(&y)))
            return false;
        if (!more)
            return true;
    }
}

/* Line ends become the document's own. */
static void add_text(const struct merge *m, struct bytes lines, struct buf *out)
{
    for (struct bytes line; bytes_next_line(&lines, &line);) {
        bool whole = line.data[line.len - 1] == '\n';
        line.len -= whole;
        line.len -= whole && line.len && line.data[line.len - 1] == '\r';
        buf_addb(out, line);
        buf_adds(out, whole ? m->eol : "");
    }
}

static void update(const struct merge *m, size_t node, size_t want)
{
    const struct nginx_node *n = &m->t->items[node];
    struct bytes args = nginx_raw(m->f, &m->f->items[want]);
    if (same_args(nginx_raw(m->t, n), args))
        return;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (n->args == n->name_end)
        buf_addc(&text, ' ');
    add_text(m, args, &text);
    edits_add(m->edits, n->args, n->args_end, bytes_buf(&text));
}

/* With its line where it stands alone on it. */
static void drop(const struct merge *m, struct key *key)
{
    const struct nginx_node *n = &m->t->items[key->node];
    struct bytes text = m->t->text;
    size_t begin = nginx_line_begin(text, n->begin), end = skip_blanks(text, n->end);
    bool alone = begin != NGINX_NONE && (end == text.len || text.data[end] == '\n');
    key->done = true;
    if (!alone && end < text.len && text.data[end] == '\n')
        end = n->end;
    edits_add(m->edits, alone ? begin : n->begin, end + (alone && end < text.len),
              BYTES(""));
}

/* Where an addition goes. */
struct spot {
    size_t at;
    bool lines; /* as a line of its own */
};

/* Behind a node: on the next line, if nothing but a comment follows it on its own. */
static struct spot spot_behind(const struct merge *m, size_t node)
{
    struct bytes text = m->t->text;
    size_t end = m->t->items[node].end, at = skip_blanks(text, end);
    if (at < text.len && text.data[at] != '\n' && text.data[at] != '#')
        return (struct spot){end, false};
    const char *nl = at < text.len ? memchr(text.data + at, '\n', text.len - at) : NULL;
    return (struct spot){nl ? (size_t)(nl - text.data) + 1 : text.len, true};
}

static struct spot spot_at_end(const struct merge *m, const struct nginx_range *r)
{
    if (r->block == NGINX_NONE)
        return (struct spot){m->t->text.len, true};
    size_t close = m->t->items[m->t->items[r->block].close].begin;
    size_t begin = nginx_line_begin(m->t->text, close);
    return begin == NGINX_NONE ? (struct spot){close, false} : (struct spot){begin, true};
}

/* Inserts text that is whole lines, or at least goes well between others on a line. */
static void insert(struct merge *m, const struct spot *spot, struct bytes what)
{
    struct bytes text = m->t->text;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (spot->lines && spot->at == text.len && text.len &&
        text.data[text.len - 1] != '\n' && !m->ended) {
        buf_adds(&out, m->eol);
        m->ended = true;
    }
    bool apart = spot->at == 0 || nginx_is_space(text.data[spot->at - 1]);
    if (!spot->lines && !apart)
        buf_addc(&out, ' ');
    add_text(m, what, &out);
    if (spot->lines)
        buf_adds(&out, m->eol);
    else if (apart)
        buf_addc(&out, ' ');
    edits_add(m->edits, spot->at, spot->at, bytes_buf(&out));
}

/* --- directives ------------------------------------------------------------------------------ */

/* One part of the document and what the fragment wants of it. */
struct part {
    struct merge *m;
    const struct nginx_range *r;
    struct keys wants, present;
    size_t behind; /* the node behind which additions go; NGINX_NONE: at the end */
};

static void part_release(struct part *p)
{
    keys_release(&p->wants);
    keys_release(&p->present);
}

/* The directives of names that the fragment speaks of. */
static void read_present(struct part *p)
{
    const struct merge *m = p->m;
    CLEANUP(names_release) struct names names = NAMES_INIT;
    const struct name *ignored;
    for (size_t i = 0; i < p->wants.count; i++)
        names_add(&names, nginx_name(m->f, &m->f->items[p->wants.items[i].node]), i);
    names_sort(&names);
    for (size_t i = p->r->first; i < p->r->last; i = nginx_next(m->t, i)) {
        struct bytes name = nginx_name(m->t, &m->t->items[i]);
        if (m->t->items[i].kind == NGINX_DIRECTIVE && names_find(&names, name, &ignored))
            keys_add(&p->present, m->t, i, key_args(m->rules, name));
    }
    keys_sort(&p->present);
}

static void append(struct part *p, size_t want)
{
    struct merge *m = p->m;
    const struct nginx_node *n = &m->f->items[want];
    struct spot spot =
        p->behind == NGINX_NONE ? spot_at_end(m, p->r) : spot_behind(m, p->behind);
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    if (spot.lines && p->behind != NGINX_NONE && nginx_begins_line(m->t, p->behind))
        buf_addb(&line, nginx_indent(m->t, p->behind));
    else if (spot.lines)
        add_indent(m, p->r, &line);
    buf_addb(&line, text_span(m->f->text, n->begin, n->end));
    insert(m, &spot, bytes_buf(&line));
}

/* "#name" of a name whose arguments belong to its key: all of that name go, those apart that the
 * fragment speaks of. */
static void drop_all_of(struct part *p, struct bytes name)
{
    const struct name *ignored;
    for (size_t i = 0; i < p->present.count; i++) {
        struct bytes other = key_at(&p->present, i);
        if (extends(other, name) && !p->present.items[i].done &&
            !names_find(&p->wants.names, other, &ignored))
            drop(p->m, &p->present.items[i]);
    }
}

/* All present directives of a key against all wants of it. */
static void meet(struct part *p, const struct name *wants, size_t count)
{
    const struct name *found;
    size_t there = names_find(&p->present.names, wants[0].key, &found), met = 0;
    for (size_t i = 0; found && i < there; i++) {
        struct key *key = &p->present.items[found[i].at];
        if (met < count) {
            update(p->m, key->node, p->wants.items[wants[met++].at].node);
            p->behind = key->node;
        } else if (!key->done) {
            drop(p->m, key);
        }
    }
    while (met < count)
        append(p, p->wants.items[wants[met++].at].node);
}

static void merge_directives(struct merge *m, const struct nginx_range *r,
                             const struct nginx_range *from)
{
    CLEANUP(part_release) struct part p = {.m = m, .r = r, .behind = NGINX_NONE};
    read_wants(m, from, &p.wants);
    read_present(&p);
    for (size_t i = 0; i < p.wants.count; i++) {
        const struct nginx_node *n = &m->f->items[p.wants.items[i].node];
        struct bytes key = key_at(&p.wants, i);
        const struct name *group;
        size_t count = names_find(&p.wants.names, key, &group);
        if (!count || !group || group[0].at != i)
            continue; /* met with the first of its key */
        if (is_unset(n) && n->args == n->args_end && key_args(m->rules, key))
            drop_all_of(&p, key);
        meet(&p, group, is_unset(n) ? 0 : count);
    }
}

/* --- blocks ---------------------------------------------------------------------------------- */

static size_t find_block(const struct merge *m, const struct nginx_range *r,
                         size_t wanted)
{
    const struct nginx_node *w = &m->f->items[wanted];
    for (size_t i = r->first; i < r->last; i = nginx_next(m->t, i)) {
        const struct nginx_node *n = &m->t->items[i];
        if (n->kind == NGINX_OPEN && bytes_eq(nginx_name(m->t, n), nginx_name(m->f, w)) &&
            same_args(nginx_raw(m->t, n), nginx_raw(m->f, w)))
            return i;
    }
    return NGINX_NONE;
}

static void add_block(struct merge *m, const struct nginx_range *r, size_t block)
{
    struct spot spot = spot_at_end(m, r);
    CLEANUP(buf_release) struct buf indent = BUF_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    add_indent(m, r, &indent);
    for (size_t i = block, depth = 0; i <= m->f->items[block].close; i++) {
        const struct nginx_node *n = &m->f->items[i];
        depth -= n->kind == NGINX_CLOSE;
        if (n->kind == NGINX_COMMENT)
            continue;
        if (i > block)
            buf_adds(&out, spot.lines ? "\n" : " ");
        if (spot.lines)
            buf_addb(&out, bytes_buf(&indent));
        for (size_t k = 0; spot.lines && k < depth; k++)
            buf_addb(&out, m->step);
        buf_addb(&out, text_span(m->f->text, n->begin, n->end));
        depth += n->kind == NGINX_OPEN;
    }
    insert(m, &spot, bytes_buf(&out));
}

/* As deep as the fragment's blocks are, which has a limit. */
static void merge_range(struct merge *m, const struct nginx_range *r,
                        const struct nginx_range *from)
{
    merge_directives(m, r, from);
    for (size_t i = from->first; i < from->last; i = nginx_next(m->f, i)) {
        if (m->f->items[i].kind != NGINX_OPEN)
            continue;
        size_t found = find_block(m, r, i);
        if (found == NGINX_NONE) {
            add_block(m, r, i);
            continue;
        }
        struct nginx_range inner = nginx_within(m->t, found),
                           source = nginx_within(m->f, i);
        merge_range(m, &inner, &source);
    }
}

int nginx_merge(const struct nginx_text *text, const struct scope *scope,
                const struct nginx_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err)
{
    struct merge m = {.t = text,
                      .f = fragment,
                      .rules = rules,
                      .edits = edits,
                      .eol = text_eol(text->text),
                      .step = text->step.len ? text->step : fragment->step};
    if (!m.step.len)
        m.step = BYTES("\t");
    if (check_fragment(&m, err) < 0)
        return -1;
    if (text->broken)
        return err_set(err, ERR_INPUT, "line %zu: %s", text->broken_line, text->broken);
    struct nginx_range r = nginx_range_of(text, scope);
    struct nginx_range from = nginx_range_of(fragment, NULL);
    merge_range(&m, &r, &from);
    return 0;
}
