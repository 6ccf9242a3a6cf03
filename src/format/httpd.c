/*
 * Apache httpd configuration. Ref: httpd documentation "Configuration Files"
 *
 *   scopes   "VirtualHost" and other sections, also within conditions; args is what follows
 *   facts    {"settings": {"lower-case name": [[argument, ...], ...]},
 *             "sections": [{"kind", "args"}]} of the scope, conditions looked through
 *   merge    what the fragment says of a name k times, the scope says exactly k times: the first
 *            ones are changed where they stand, others go, missing ones are added behind the last
 *            of that name, behind the fragment's name before it, or at the end of the scope. Within
 *            conditions a name is changed as well, but only an unconditional one is counted. A
 *            section of the fragment is merged into the equal one of the scope, or added.
 *            "#Name" removes every occurrence. Sections that are not conditions (directories,
 *            locations) are left alone.
 *   rules    "key_args": {NAME: n}       the first n arguments belong to the name
 *            "key_words": {NAME: [W]}    a first argument W belongs to the name
 *            "header_like": [NAME]       the header's name belongs to the name; "always" does not
 *   escape   for double quotes, and for bare words where the value is one
 *
 * Not handled: variables; macros, which are sections like others.
 */
#include "format/httpd.h"

#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/httpd_text.h"
#include "format/lines.h"
#include "format/names.h"

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

/* Nodes [first, last) of a part of a document. */
struct range {
    size_t first, last;
    size_t section; /* whose content it is, or HTTPD_NONE */
};

static struct range range_of(const struct httpd_text *t, const struct scope *scope)
{
    if (!scope)
        return (struct range){0, t->count, HTTPD_NONE};
    return (struct range){scope->index + 1, t->items[scope->index].close, scope->index};
}

static struct range within(const struct httpd_text *t, size_t section)
{
    return (struct range){section + 1, t->items[section].close, section};
}

/* The node behind node i, sections that are no conditions passed over. */
static size_t next_node(const struct httpd_text *t, const struct range *r, size_t i)
{
    const struct httpd_node *n = &t->items[i];
    if (n->kind != HTTPD_OPEN || n->transparent)
        return i + 1;
    return n->close < r->last ? n->close + 1 : r->last;
}

static bool is_conditional(const struct httpd_node *n, const struct range *r)
{
    return n->parent != r->section;
}

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    const struct httpd_text *t = &doc->text;
    struct scope *list = NULL;
    size_t count = 0, cap = 0;
    struct range all = {0, t->count, HTTPD_NONE};
    for (size_t i = 0; i < t->count; i = next_node(t, &all, i)) {
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
    struct range r = range_of(t, scope);
    struct httpd_directive *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = r.first; i < r.last; i = next_node(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        MEM_GROW(list, count, cap);
        list[count++] = (struct httpd_directive){.name = httpd_name(t, n),
                                                 .args = httpd_raw(t, n),
                                                 .line = n->line,
                                                 .begin = n->begin,
                                                 .end = n->end,
                                                 .conditional = is_conditional(n, &r)};
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

/* The length of a continuation at `at`: backslash and line end. */
static size_t continuation(struct bytes raw, size_t at)
{
    if (raw.data[at] != '\\' || at + 1 >= raw.len)
        return 0;
    if (raw.data[at + 1] == '\n')
        return 2;
    return raw.data[at + 1] == '\r' && at + 2 < raw.len && raw.data[at + 2] == '\n' ? 3
                                                                                    : 0;
}

/* One argument from `at`; returns where it ends. */
static size_t read_arg(struct bytes raw, size_t at, struct buf *out)
{
    char quote = raw.data[at] == '"' || raw.data[at] == '\'' ? raw.data[at] : '\0';
    for (at += quote != '\0'; at < raw.len;) {
        size_t joined = continuation(raw, at);
        char c = raw.data[at];
        if (joined) {
            at += joined;
        } else if (quote ? c == quote : text_is_space(c)) {
            return at + 1;
        } else if (quote && c == '\\' && at + 1 < raw.len &&
                   (raw.data[at + 1] == quote || raw.data[at + 1] == '\\')) {
            buf_addc(out, raw.data[at + 1]);
            at += 2;
        } else {
            buf_addc(out, c);
            at++;
        }
    }
    return at;
}

void httpd_args(struct bytes raw, struct strv *ret)
{
    for (size_t at = 0; at < raw.len;) {
        size_t joined = continuation(raw, at);
        if (joined || text_is_space(raw.data[at])) {
            at += joined ? joined : 1;
            continue;
        }
        CLEANUP(buf_release) struct buf arg = BUF_INIT;
        at = read_arg(raw, at, &arg);
        strv_add(ret, buf_str(&arg));
    }
}

static void lower_case(struct bytes name, struct buf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
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
    struct range r = range_of(t, scope);
    json_t *settings = json_object(), *sections = json_array();
    for (size_t i = r.first; i < r.last; i = next_node(t, &r, i)) {
        const struct httpd_node *n = &t->items[i];
        if (n->kind == HTTPD_OPEN)
            json_array_append_new(sections, json_pack("{s:o, s:o}", "kind",
                                                      text_json(httpd_name(t, n)), "args",
                                                      text_json(httpd_raw(t, n))));
        if (n->kind != HTTPD_DIRECTIVE)
            continue;
        CLEANUP(buf_release) struct buf name = BUF_INIT;
        lower_case(httpd_name(t, n), &name);
        json_t *list = json_object_getn(settings, name.data, name.len);
        if (!list)
            text_json_set(settings, bytes_buf(&name), list = json_array());
        if (json_object_getn(settings, name.data, name.len))
            json_array_append_new(list, args_json(httpd_raw(t, n)));
    }
    return json_pack("{s:o, s:o}", "settings", settings, "sections", sections);
}

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

/* [always|onsuccess] ACTION HEADER ...: the header, or nothing for actions that do not set one. */
static const char *header_of(const struct strv *args)
{
    size_t i = 0;
    if (args->count && (strcasecmp(args->items[0], "always") == 0 ||
                        strcasecmp(args->items[0], "onsuccess") == 0))
        i = 1;
    return i + 1 < args->count && is_action(args->items[i]) ? args->items[i + 1] : "";
}

/* Appends what makes two directives the same: the name and, by the rules, some arguments. A rule
 * for arguments that are not there ("#Name" without them) leaves the name alone. */
static void add_key(const struct merge *m, const struct httpd_text *t,
                    const struct httpd_node *n, struct buf *key)
{
    struct bytes name = httpd_name(t, n);
    lower_case(name, key);
    json_t *count = rule_for(m->rules, "key_args", name);
    json_t *words = rule_for(m->rules, "key_words", name);
    bool header = listed(json_object_get(m->rules, "header_like"), name);
    if (!count && !words && !header)
        return;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(httpd_raw(t, n), &args);
    if (header) {
        buf_addc(key, ' ');
        lower_case(bytes_str(header_of(&args)), key);
        return;
    }
    size_t take = count ? (size_t)json_integer_value(count) : 0;
    if (words && args.count && listed(words, bytes_str(args.items[0])))
        take = 1;
    for (size_t i = 0; i < take && i < args.count; i++) {
        buf_addc(key, ' ');
        lower_case(bytes_str(args.items[i]), key);
    }
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

/* --- wants ----------------------------------------------------------------------------------- */

/* Is a node of a fragment "#Name"? */
static bool is_unset(const struct httpd_text *f, const struct httpd_node *n)
{
    return n->kind == HTTPD_COMMENT && n->name_end > n->name &&
           httpd_name(f, n).data[0] != '#' && httpd_name(f, n).data[0] != '!';
}

static void read_wants(const struct merge *m, const struct range *r, struct keys *wants)
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
static void read_present(const struct merge *m, const struct range *r,
                         const struct keys *wants, struct keys *present)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < wants->count; i++)
        lower_case(httpd_name(m->f, &m->f->items[wants->items[i].node]), &text);
    size_t at = 0;
    for (size_t i = 0; i < wants->count; i++) {
        size_t len = httpd_name(m->f, &m->f->items[wants->items[i].node]).len;
        names_add(&names, (struct bytes){text.data + at, len}, i);
        at += len;
    }
    names_sort(&names);
    CLEANUP(buf_release) struct buf lower = BUF_INIT;
    for (size_t i = r->first; i < r->last; i = next_node(m->t, r, i)) {
        if (m->t->items[i].kind != HTTPD_DIRECTIVE)
            continue;
        size_t ignored;
        buf_clear(&lower);
        lower_case(httpd_name(m->t, &m->t->items[i]), &lower);
        if (names_last(&names, bytes_buf(&lower), &ignored))
            keys_add(present, m, m->t, i);
    }
    keys_finish(present);
}

/* --- edits ----------------------------------------------------------------------------------- */

static bool same_args(struct bytes a, struct bytes b)
{
    CLEANUP(strv_release) struct strv x = STRV_INIT;
    CLEANUP(strv_release) struct strv y = STRV_INIT;
    httpd_args(a, &x);
    httpd_args(b, &y);
    if (x.count != y.count)
        return false;
    for (size_t i = 0; i < x.count; i++)
        if (strcmp(x.items[i], y.items[i]) != 0)
            return false;
    return true;
}

static void update(const struct merge *m, size_t node, size_t want)
{
    const struct httpd_node *n = &m->t->items[node];
    struct bytes args = httpd_raw(m->f, &m->f->items[want]);
    if (same_args(httpd_raw(m->t, n), args))
        return;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (n->args == n->args_end)
        buf_addc(&text, ' ');
    buf_addb(&text, args);
    size_t begin = n->args == n->args_end ? n->name_end : n->args;
    edits_add(m->edits, begin, n->args_end > begin ? n->args_end : begin,
              bytes_buf(&text));
}

static void drop(const struct merge *m, size_t node)
{
    edits_add(m->edits, m->t->items[node].begin, m->t->items[node].end, BYTES(""));
}

/* Inserts whole lines; at the end of a text without a last line end, that is supplied first, and
 * a backslash there must not swallow what follows. */
static void insert(const struct merge *m, size_t at, struct bytes lines)
{
    struct bytes text = m->t->text;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    bool open_end = at == text.len && at && text.data[at - 1] != '\n';
    for (size_t i = 0; open_end && i < m->edits->count; i++)
        if (m->edits->items[i].begin == at)
            open_end = false;
    if (open_end)
        buf_addf(&out, "%s%s", m->eol, text.data[at - 1] == '\\' ? m->eol : "");
    for (struct bytes line; bytes_next_line(&lines, &line);) {
        struct bytes content = {line.data, line.len};
        while (content.len && (content.data[content.len - 1] == '\n' ||
                               content.data[content.len - 1] == '\r'))
            content.len--;
        buf_addb(&out, content);
        buf_adds(&out, m->eol);
    }
    edits_add(m->edits, at, at, bytes_buf(&out));
}

/* White space that a new line of this part begins with: as its first line, or one step in. */
static void add_indent(const struct merge *m, const struct range *r, struct buf *out)
{
    for (size_t i = r->first; i < r->last; i = next_node(m->t, r, i))
        if (m->t->items[i].kind == HTTPD_DIRECTIVE &&
            !is_conditional(&m->t->items[i], r)) {
            buf_addb(out, httpd_indent(m->t, &m->t->items[i]));
            return;
        }
    if (r->section == HTTPD_NONE)
        return;
    buf_addb(out, httpd_indent(m->t, &m->t->items[r->section]));
    buf_addc(out, '\t');
}

static size_t end_of(const struct merge *m, const struct range *r)
{
    return r->last < m->t->count ? m->t->items[r->last].begin : m->t->text.len;
}

/* Where additions go, and how far in. */
struct place {
    size_t at;   /* HTTPD_NONE: the end of the part */
    size_t like; /* node whose indentation is taken, or HTTPD_NONE */
};

static void append(const struct merge *m, const struct range *r, const struct place *p,
                   size_t want)
{
    const struct httpd_node *n = &m->f->items[want];
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    if (p->like == HTTPD_NONE)
        add_indent(m, r, &line);
    else
        buf_addb(&line, httpd_indent(m->t, &m->t->items[p->like]));
    buf_addb(&line, text_span(m->f->text, n->name,
                              n->args_end > n->name_end ? n->args_end : n->name_end));
    buf_addc(&line, '\n');
    insert(m, p->at == HTTPD_NONE ? end_of(m, r) : p->at, bytes_buf(&line));
}

/* All occurrences of one key against all wants of it. */
static void meet(const struct merge *m, const struct range *r, const struct keys *wants,
                 const struct name *want, size_t want_count, const struct keys *present,
                 struct place *place)
{
    const struct name *found;
    struct bytes key = keys_at(wants, want[0].at);
    size_t count = names_find(&present->names, key, &found), met = 0;
    bool unset = m->f->items[wants->items[want[0].at].node].kind == HTTPD_COMMENT;
    if (unset)
        want_count = 0;
    for (size_t i = 0; found && i < count; i++) {
        size_t node = present->items[found[i].at].node;
        bool conditional = is_conditional(&m->t->items[node], r);
        if (conditional && want_count == 1) {
            update(m, node, wants->items[want[0].at].node);
        } else if (conditional || met == want_count) {
            drop(m, node);
        } else {
            update(m, node, wants->items[want[met++].at].node);
            *place = (struct place){m->t->items[node].end, node};
        }
    }
    while (met < want_count)
        append(m, r, place, wants->items[want[met++].at].node);
}

/* "#Name" of a name whose arguments belong to its key: every key that begins with the name goes. */
static void drop_all_of(const struct merge *m, const struct keys *wants, size_t want,
                        const struct keys *present)
{
    struct bytes key = keys_at(wants, want);
    for (size_t i = 0; i < present->count; i++) {
        struct bytes other = keys_at(present, i);
        if (other.len > key.len && other.data[key.len] == ' ' &&
            memcmp(other.data, key.data, key.len) == 0)
            drop(m, present->items[i].node);
    }
}

static bool is_bare_unset(const struct merge *m, const struct keys *wants, size_t want)
{
    const struct httpd_node *n = &m->f->items[wants->items[want].node];
    return n->kind == HTTPD_COMMENT &&
           rule_for(m->rules, "key_args", httpd_name(m->f, n)) && n->args == n->args_end;
}

static void merge_directives(const struct merge *m, const struct range *r,
                             const struct range *from)
{
    CLEANUP(keys_release) struct keys wants = {.count = 0};
    CLEANUP(keys_release) struct keys present = {.count = 0};
    read_wants(m, from, &wants);
    read_present(m, r, &wants, &present);
    struct place place = {HTTPD_NONE, HTTPD_NONE};
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

/* --- sections of the fragment ---------------------------------------------------------------- */

static void merge_range(const struct merge *m, const struct range *r,
                        const struct range *from);

static size_t find_section(const struct merge *m, const struct range *r,
                           const struct httpd_node *wanted)
{
    for (size_t i = r->first; i < r->last; i = next_node(m->t, r, i)) {
        const struct httpd_node *n = &m->t->items[i];
        if (n->kind == HTTPD_OPEN && n->parent == r->section &&
            bytes_eq_nocase(httpd_name(m->t, n), httpd_name(m->f, wanted)) &&
            text_eq_squeezed(httpd_raw(m->t, n), httpd_raw(m->f, wanted)))
            return i;
    }
    return HTTPD_NONE;
}

static void add_section(const struct merge *m, const struct range *r, size_t section)
{
    const struct httpd_node *open = &m->f->items[section];
    size_t end =
        open->close < m->f->count ? m->f->items[open->close].end : m->f->text.len;
    struct bytes rest = text_span(m->f->text, open->begin, end);
    CLEANUP(buf_release) struct buf indent = BUF_INIT;
    CLEANUP(buf_release) struct buf lines = BUF_INIT;
    add_indent(m, r, &indent);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        buf_addb(&lines, bytes_buf(&indent));
        buf_addb(&lines, line);
    }
    if (lines.len && lines.data[lines.len - 1] != '\n')
        buf_addc(&lines, '\n');
    insert(m, end_of(m, r), bytes_buf(&lines));
}

static void merge_range(const struct merge *m, const struct range *r,
                        const struct range *from)
{
    merge_directives(m, r, from);
    for (size_t i = from->first; i < from->last; i++) {
        const struct httpd_node *n = &m->f->items[i];
        if (n->kind != HTTPD_OPEN)
            continue;
        size_t found = find_section(m, r, n);
        if (found == HTTPD_NONE) {
            add_section(m, r, i);
        } else {
            struct range inner = within(m->t, found), source = within(m->f, i);
            merge_range(m, &inner, &source);
        }
        i = n->close < from->last ? n->close : from->last;
    }
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
        if (n->kind == HTTPD_OPEN && n->close == f->count)
            return fragment_error(err, n->line, "this section has no end");
        depth += n->kind == HTTPD_OPEN;
        depth -= n->kind == HTTPD_CLOSE;
        if (depth > 16)
            return fragment_error(err, n->line, "sections are nested too deep");
    }
    return 0;
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *f = parse(fragment);
    if (check_fragment(&f->text, err) < 0)
        return -1;
    struct merge m = {.t = &doc->text,
                      .f = &f->text,
                      .rules = rules,
                      .edits = edits,
                      .eol = text_eol(doc->text.text)};
    struct range r = range_of(m.t, scope), from = range_of(m.f, NULL);
    merge_range(&m, &r, &from);
    return 0;
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (c == '$' && i + 1 < value.len && value.data[i + 1] == '{')
            return err_set(err, ERR_INPUT,
                           "holds '${', which the server would replace by a variable");
        if (c == '"' || c == '\\')
            buf_addc(out, '\\');
        buf_addc(out, c);
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
