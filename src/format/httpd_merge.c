/* Merging a fragment; the header comment of httpd.c says what comes of it. */
#include "format/httpd_merge.h"

#include <stdlib.h>
#include <string.h>

#include "format/httpd.h"
#include "format/lines.h"
#include "format/names.h"

/* --- keys ------------------------------------------------------------------------------------ */

struct merge {
    const struct httpd_text *t; /* the document */
    const struct httpd_text *f; /* the fragment */
    const json_t *rules;
    struct edits *edits;
    const char *eol;
};

static json_t *rule_for(const json_t *rules, const char *rule, struct bytes name)
{
    const char *key;
    json_t *v;
    json_object_foreach(json_object_get(rules, rule), key,
                        v) if (bytes_eq_nocase(name, bytes_str(key))) return v;
    return NULL;
}

static bool listed(const json_t *list, struct bytes word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (bytes_eq_nocase(word, bytes_str(json_string_value(json_array_get(list, i)))))
            return true;
    return false;
}

static bool is_action(const char *word)
{
    static const char *const actions[] = {"set", "append", "add", "merge", "setifempty"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcasecmp(actions[i], word) == 0)
            return true;
    return false;
}

static void add_word(const char *word, struct buf *key)
{
    buf_addc(key, ' ');
    httpd_lower(bytes_str(word), key);
}

/* [always|onsuccess] ACTION HEADER ...: the header; another action than to set it is another
 * matter, and keeps its name. */
static void add_header_key(const struct strv *args, struct buf *key)
{
    size_t i = 0;
    if (args->count && (strcasecmp(args->items[0], "always") == 0 ||
                        strcasecmp(args->items[0], "onsuccess") == 0))
        i = 1;
    if (i < args->count && !is_action(args->items[i]))
        add_word(args->items[i], key);
    if (i + 1 < args->count)
        add_word(args->items[i + 1], key);
}

/* Appends what makes two directives the same: the name and, by the rules, some arguments. A rule
 * for arguments that are not there ("#Name" without them) leaves the name alone. */
static void add_key(const struct merge *m, const struct httpd_text *t,
                    const struct httpd_node *n, struct buf *key)
{
    struct bytes name = httpd_name(t, n);
    httpd_lower(name, key);
    json_t *count = rule_for(m->rules, "key_args", name);
    json_t *words = rule_for(m->rules, "key_words", name);
    bool header = listed(json_object_get(m->rules, "header_like"), name);
    if (!count && !words && !header)
        return;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(httpd_raw(t, n), &args);
    if (header) {
        add_header_key(&args, key);
        return;
    }
    size_t take = count ? (size_t)json_integer_value(count) : 0;
    if (words && args.count && listed(words, bytes_str(args.items[0])))
        take = 1;
    for (size_t i = 0; i < take && i < args.count; i++)
        add_word(args.items[i], key);
}

/* Keys by node, in one text; an index of them by key. */
struct keys {
    struct buf text;
    struct key_span {
        size_t node, begin, end;
    } * items;
    size_t count, cap;
    struct names names; /* of positions in `items` */
};

static void keys_release(struct keys *k)
{
    buf_release(&k->text);
    free(k->items);
    names_release(&k->names);
}

static void keys_add(struct keys *k, const struct merge *m, const struct httpd_text *t,
                     size_t node)
{
    size_t begin = k->text.len;
    add_key(m, t, &t->items[node], &k->text);
    MEM_GROW(k->items, k->count, k->cap);
    k->items[k->count++] = (struct key_span){node, begin, k->text.len};
}

static struct bytes keys_at(const struct keys *k, size_t i)
{
    return (struct bytes){k->text.data + k->items[i].begin,
                          k->items[i].end - k->items[i].begin};
}

static void keys_finish(struct keys *k)
{
    for (size_t i = 0; i < k->count; i++)
        names_add(&k->names, keys_at(k, i), i);
    names_sort(&k->names);
}

/* --- sections of the fragment, and where they are in the document ---------------------------- */

struct pair {
    size_t wanted, found; /* nodes; HTTPD_NONE when there is none */
};

struct pairs {
    struct pair *items;
    size_t count, cap;
};

static void pairs_release(struct pairs *p)
{
    free(p->items);
}

/* The two words of a flag are read without case. */
static bool same_arg(const char *a, const char *b)
{
    if (strcasecmp(a, "on") == 0 || strcasecmp(a, "off") == 0)
        return strcasecmp(a, b) == 0;
    return strcmp(a, b) == 0;
}

static bool same_args(struct bytes a, struct bytes b)
{
    CLEANUP(strv_release) struct strv x = STRV_INIT;
    CLEANUP(strv_release) struct strv y = STRV_INIT;
    httpd_args(a, &x);
    httpd_args(b, &y);
    if (x.count != y.count)
        return false;
    for (size_t i = 0; i < x.count; i++)
        if (!same_arg(x.items[i], y.items[i]))
            return false;
    return true;
}

/* The last of several equal sections: it counts. */
static size_t find_section(const struct merge *m, const struct httpd_range *r,
                           const struct httpd_node *wanted)
{
    size_t found = HTTPD_NONE;
    for (size_t i = r->first; i < r->last; i = httpd_next(m->t, r, i)) {
        const struct httpd_node *n = &m->t->items[i];
        if (n->kind == HTTPD_OPEN && n->parent == r->section &&
            bytes_eq_nocase(httpd_name(m->t, n), httpd_name(m->f, wanted)) &&
            same_args(httpd_raw(m->t, n), httpd_raw(m->f, wanted)))
            found = i;
    }
    return found;
}

static void pair_sections(const struct merge *m, const struct httpd_range *r,
                          const struct httpd_range *from, struct pairs *pairs)
{
    for (size_t i = from->first; i < from->last; i++) {
        const struct httpd_node *n = &m->f->items[i];
        if (n->kind != HTTPD_OPEN)
            continue;
        MEM_GROW(pairs->items, pairs->count, pairs->cap);
        pairs->items[pairs->count++] = (struct pair){i, find_section(m, r, n)};
        i = n->close;
    }
}

/* As httpd_next(), but a condition that the fragment has as well is passed over: what stands in it
 * is met there. */
static size_t next_outside(const struct merge *m, const struct httpd_range *r,
                           const struct pairs *pairs, size_t i)
{
    for (size_t k = 0; m->t->items[i].transparent && k < pairs->count; k++)
        if (pairs->items[k].found == i)
            return m->t->items[i].close < r->last ? m->t->items[i].close + 1 : r->last;
    return httpd_next(m->t, r, i);
}

/* --- wants ----------------------------------------------------------------------------------- */

/* Is a node of a fragment "#Name"? */
static bool is_unset(const struct httpd_text *f, const struct httpd_node *n)
{
    return n->kind == HTTPD_COMMENT && n->name_end > n->name &&
           httpd_name(f, n).data[0] != '#' && httpd_name(f, n).data[0] != '!';
}

static void read_wants(const struct merge *m, const struct httpd_range *r,
                       struct keys *wants)
{
    for (size_t i = r->first; i < r->last;) {
        const struct httpd_node *n = &m->f->items[i];
        if (n->kind == HTTPD_DIRECTIVE || is_unset(m->f, n))
            keys_add(wants, m, m->f, i);
        i = n->kind == HTTPD_OPEN ? n->close + 1 : i + 1;
    }
    keys_finish(wants);
}

/* The scope's directives of names that the fragment speaks of; nothing else gets a key. */
static void read_present(const struct merge *m, const struct httpd_range *r,
                         const struct pairs *pairs, const struct keys *wants,
                         struct keys *present)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < wants->count; i++)
        httpd_lower(httpd_name(m->f, &m->f->items[wants->items[i].node]), &text);
    size_t at = 0;
    for (size_t i = 0; i < wants->count; i++) {
        size_t len = httpd_name(m->f, &m->f->items[wants->items[i].node]).len;
        names_add(&names, (struct bytes){text.data + at, len}, i);
        at += len;
    }
    names_sort(&names);
    CLEANUP(buf_release) struct buf lower = BUF_INIT;
    for (size_t i = r->first; i < r->last; i = next_outside(m, r, pairs, i)) {
        if (m->t->items[i].kind != HTTPD_DIRECTIVE)
            continue;
        size_t ignored;
        buf_clear(&lower);
        httpd_lower(httpd_name(m->t, &m->t->items[i]), &lower);
        if (names_last(&names, bytes_buf(&lower), &ignored))
            keys_add(present, m, m->t, i);
    }
    keys_finish(present);
}

/* --- edits ----------------------------------------------------------------------------------- */

static void add_lines(const struct merge *m, struct bytes lines, struct buf *out);

static void update(const struct merge *m, size_t node, size_t want)
{
    const struct httpd_node *n = &m->t->items[node];
    struct bytes args = httpd_raw(m->f, &m->f->items[want]);
    if (same_args(httpd_raw(m->t, n), args))
        return;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    bool both = n->args < n->args_end && args.len;
    if (!both)
        buf_addb(&text, httpd_name(m->t, n));
    if (!both && args.len)
        buf_addc(&text, ' ');
    add_lines(m, args, &text);
    edits_add(m->edits, both ? n->args : n->name,
              n->args_end > n->name_end ? n->args_end : n->name_end, bytes_buf(&text));
}

static void drop(const struct merge *m, size_t node)
{
    edits_add(m->edits, m->t->items[node].begin, m->t->items[node].end, BYTES(""));
}

/* Line ends that are missing at the end of the text: its last one, and one more where a
 * backslash would swallow what follows. */
static void close_text(const struct merge *m, struct buf *out)
{
    struct bytes text = m->t->text;
    for (size_t i = m->edits->count; i--;)
        if (m->edits->items[i].begin == text.len)
            return; /* an insertion has done it */
    size_t end = text.len;
    if (end && text.data[end - 1] != '\n')
        buf_adds(out, m->eol);
    else if (end)
        end--;
    if (end && text.data[end - 1] == '\r')
        end--;
    if (end && text.data[end - 1] == '\\')
        buf_adds(out, m->eol);
}

/* Adds lines with the document's line ends; the last one keeps the end that it has or has not. */
static void add_lines(const struct merge *m, struct bytes lines, struct buf *out)
{
    for (struct bytes line; bytes_next_line(&lines, &line);) {
        bool ends = line.data[line.len - 1] == '\n';
        line.len -= ends;
        line.len -= ends && line.len && line.data[line.len - 1] == '\r';
        buf_addb(out, line);
        if (ends)
            buf_adds(out, m->eol);
    }
}

/* Inserts whole lines. */
static void insert(const struct merge *m, size_t at, struct bytes lines)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (at == m->t->text.len)
        close_text(m, &out);
    add_lines(m, lines, &out);
    edits_add(m->edits, at, at, bytes_buf(&out));
}

/* White space that a new line of this part begins with: as its first line, or one step in. */
static void add_indent(const struct merge *m, const struct httpd_range *r,
                       struct buf *out)
{
    for (size_t i = r->first; i < r->last; i = httpd_next(m->t, r, i))
        if (m->t->items[i].kind == HTTPD_DIRECTIVE &&
            !httpd_conditional(&m->t->items[i], r)) {
            buf_addb(out, httpd_indent(m->t, &m->t->items[i]));
            return;
        }
    if (r->section == HTTPD_NONE)
        return;
    buf_addb(out, httpd_indent(m->t, &m->t->items[r->section]));
    buf_addc(out, '\t');
}

/* Where the part ends: before what would swallow an addition, a section without an end. */
static size_t end_of(const struct merge *m, const struct httpd_range *r)
{
    if (r->last < m->t->count)
        return m->t->items[r->last].begin;
    for (size_t i = r->first; i < r->last; i++) {
        const struct httpd_node *n = &m->t->items[i];
        if (n->kind == HTTPD_OPEN && n->close == m->t->count)
            return n->begin;
        if (n->kind == HTTPD_OPEN)
            i = n->close;
    }
    return m->t->text.len;
}

/* Where additions go, and how far in. */
struct place {
    size_t at;
    struct bytes indent;
};

static void append(const struct merge *m, const struct place *p, size_t want)
{
    const struct httpd_node *n = &m->f->items[want];
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    buf_addb(&line, p->indent);
    buf_addb(&line, text_span(m->f->text, n->name,
                              n->args_end > n->name_end ? n->args_end : n->name_end));
    buf_addc(&line, '\n');
    insert(m, p->at, bytes_buf(&line));
}

static size_t count_unconditional(const struct merge *m, const struct httpd_range *r,
                                  const struct keys *present, const struct name *found,
                                  size_t count)
{
    size_t n = 0;
    for (size_t i = 0; found && i < count; i++)
        n += !httpd_conditional(&m->t->items[present->items[found[i].at].node], r);
    return n;
}

/* All occurrences of one key against all wants of it: the last ones stay, as they are the ones
 * that count. */
static void meet(const struct merge *m, const struct httpd_range *r,
                 const struct keys *wants, const struct name *want, size_t want_count,
                 const struct keys *present, struct place *place)
{
    const struct name *found;
    struct bytes key = keys_at(wants, want[0].at);
    size_t count = names_find(&present->names, key, &found), met = 0;
    bool unset = m->f->items[wants->items[want[0].at].node].kind == HTTPD_COMMENT;
    if (unset)
        want_count = 0;
    size_t surplus = count_unconditional(m, r, present, found, count);
    surplus -= surplus < want_count ? surplus : want_count;
    for (size_t i = 0; found && i < count; i++) {
        size_t node = present->items[found[i].at].node;
        bool conditional = httpd_conditional(&m->t->items[node], r);
        if (conditional && want_count == 1) {
            update(m, node, wants->items[want[0].at].node);
        } else if (conditional || surplus) {
            drop(m, node);
            surplus -= !conditional;
        } else {
            update(m, node, wants->items[want[met++].at].node);
            *place = (struct place){m->t->items[node].end,
                                    httpd_indent(m->t, &m->t->items[node])};
        }
    }
    while (met < want_count)
        append(m, place, wants->items[want[met++].at].node);
}

/* "#Name" of a name whose arguments belong to its key: every key that begins with the name goes,
 * unless the fragment speaks of it. */
static void drop_all_of(const struct merge *m, const struct keys *wants, size_t want,
                        const struct keys *present)
{
    struct bytes key = keys_at(wants, want);
    for (size_t i = 0; i < present->count; i++) {
        struct bytes other = keys_at(present, i);
        size_t ignored;
        if (other.len > key.len && other.data[key.len] == ' ' &&
            memcmp(other.data, key.data, key.len) == 0 &&
            !names_last(&wants->names, other, &ignored))
            drop(m, present->items[i].node);
    }
}

static bool is_bare_unset(const struct merge *m, const struct keys *wants, size_t want)
{
    const struct httpd_node *n = &m->f->items[wants->items[want].node];
    return n->kind == HTTPD_COMMENT && n->args == n->args_end &&
           (rule_for(m->rules, "key_args", httpd_name(m->f, n)) ||
            listed(json_object_get(m->rules, "header_like"), httpd_name(m->f, n)));
}

static void merge_directives(const struct merge *m, const struct httpd_range *r,
                             const struct httpd_range *from, const struct pairs *pairs,
                             struct place place)
{
    CLEANUP(keys_release) struct keys wants = {.count = 0};
    CLEANUP(keys_release) struct keys present = {.count = 0};
    read_wants(m, from, &wants);
    read_present(m, r, pairs, &wants, &present);
    for (size_t i = 0; i < wants.count; i++) {
        const struct name *same;
        size_t count = names_find(&wants.names, keys_at(&wants, i), &same);
        if (!count || !same || same[0].at != i)
            continue; /* met with the first of its key */
        if (is_bare_unset(m, &wants, i))
            drop_all_of(m, &wants, i, &present);
        meet(m, r, &wants, same, count, &present, &place);
    }
}

/* --- parts ----------------------------------------------------------------------------------- */

/* Adds a section as the fragment has it, except for what must not be set; nothing when there is
 * nothing else in it. */
static void add_section(const struct merge *m, const struct place *p, size_t section)
{
    size_t close = m->f->items[section].close;
    CLEANUP(buf_release) struct buf lines = BUF_INIT;
    bool sets = false;
    for (size_t i = section; i <= close; i++) {
        const struct httpd_node *n = &m->f->items[i];
        struct bytes rest = text_span(m->f->text, n->begin, n->end);
        sets |= n->kind == HTTPD_DIRECTIVE;
        if (is_unset(m->f, n))
            continue;
        for (struct bytes line; bytes_next_line(&rest, &line);) {
            buf_addb(&lines, p->indent);
            buf_addb(&lines, line);
        }
    }
    if (lines.len && lines.data[lines.len - 1] != '\n')
        buf_addc(&lines, '\n');
    if (sets)
        insert(m, p->at, bytes_buf(&lines));
}

static void merge_range(const struct merge *m, const struct httpd_range *r,
                        const struct httpd_range *from)
{
    CLEANUP(pairs_release) struct pairs pairs = {.count = 0};
    CLEANUP(buf_release) struct buf indent = BUF_INIT;
    pair_sections(m, r, from, &pairs);
    add_indent(m, r, &indent);
    const struct place end = {end_of(m, r), bytes_buf(&indent)};
    merge_directives(m, r, from, &pairs, end);
    for (size_t i = 0; i < pairs.count; i++) {
        if (pairs.items[i].found == HTTPD_NONE) {
            add_section(m, &end, pairs.items[i].wanted);
            continue;
        }
        struct httpd_range inner = httpd_range(m->t, pairs.items[i].found);
        struct httpd_range source = httpd_range(m->f, pairs.items[i].wanted);
        merge_range(m, &inner, &source);
    }
}

/* What would swallow the line behind it, here or where it is going to stand. */
static bool swallows(const struct httpd_text *f, const struct httpd_node *n)
{
    struct bytes whole = text_trim(text_span(f->text, n->begin, n->end));
    struct bytes end = n->kind == HTTPD_DIRECTIVE ? httpd_raw(f, n) : whole;
    if (n->kind == HTTPD_COMMENT && memchr(whole.data, '\n', whole.len))
        return true;
    return end.len && end.data[end.len - 1] == '\\';
}

/* What is set must not be marked as not to be set as well. */
static int check_wants(const struct merge *m, const struct httpd_range *from,
                       struct err *err)
{
    CLEANUP(keys_release) struct keys wants = {.count = 0};
    read_wants(m, from, &wants);
    const struct name *names = wants.names.items;
    for (size_t i = 1; i < wants.count; i++) {
        const struct httpd_node *a = &m->f->items[wants.items[names[i - 1].at].node];
        const struct httpd_node *b = &m->f->items[wants.items[names[i].at].node];
        if (bytes_eq(names[i - 1].key, names[i].key) && a->kind != b->kind)
            return fragment_error(err, b->line,
                                  "'%.*s' is set and also marked as not to be set",
                                  (int)names[i].key.len, names[i].key.data);
    }
    return 0;
}

/* Of equal sections only one could be met. */
static int check_part(const struct merge *m, const struct httpd_range *from,
                      struct err *err)
{
    const struct merge own = {.t = m->f, .f = m->f};
    if (check_wants(m, from, err) < 0)
        return -1;
    for (size_t i = from->first; i < from->last; i++) {
        const struct httpd_node *n = &m->f->items[i];
        if (n->kind != HTTPD_OPEN)
            continue;
        struct httpd_range inner = httpd_range(m->f, i);
        size_t last = find_section(&own, from, n);
        if (last != i)
            return fragment_error(err, m->f->items[last].line,
                                  "this section is there twice");
        if (check_part(m, &inner, err) < 0)
            return -1;
        i = inner.last;
    }
    return 0;
}

/* A fragment is ours: everything in it has to be understood. */
static int check_fragment(const struct httpd_text *f, struct err *err)
{
    unsigned depth = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct httpd_node *n = &f->items[i];
        struct bytes line = text_trim(text_span(f->text, n->begin, n->end));
        if (n->kind == HTTPD_OTHER && line.len)
            return fragment_error(err, n->line, "not a directive");
        if (swallows(f, n))
            return fragment_error(err, n->line, "a backslash at the end of the line");
        if (n->kind == HTTPD_OPEN && n->close == f->count)
            return fragment_error(err, n->line, "this section has no end");
        depth += n->kind == HTTPD_OPEN;
        depth -= n->kind == HTTPD_CLOSE;
        if (depth > 16)
            return fragment_error(err, n->line, "sections are nested too deep");
    }
    return 0;
}

int httpd_merge(const struct httpd_text *t, size_t section,
                const struct httpd_text *fragment, const json_t *rules,
                struct edits *edits, struct err *err)
{
    if (check_fragment(fragment, err) < 0)
        return -1;
    struct merge m = {
        .t = t, .f = fragment, .rules = rules, .edits = edits, .eol = text_eol(t->text)};
    struct httpd_range r = httpd_range(t, section),
                       from = httpd_range(fragment, HTTPD_NONE);
    if (check_part(&m, &from, err) < 0)
        return -1;
    merge_range(&m, &r, &from);
    return 0;
}
