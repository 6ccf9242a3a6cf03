/*
 * Postfix master.cf: service entries of eight columns and arguments, over logical lines.
 * Ref: master(5)
 *
 *   facts    {"services": [{"name", "type", "private", "unpriv", "chroot", "wakeup", "maxproc",
 *            "command", "args": [...], "options": {name: value}, "line"}]}: entries in order,
 *            duplicates included, commented ones not; "args" without their braces; "options" are
 *            the overrides "-o name=value" in force (the last of a name wins)
 *   merge    an entry of the fragment stands for every entry of the same type, name and command,
 *            whatever address its name begins with. Columns stay; each override is changed where
 *            it last occurs (earlier ones go) or added behind the entry's last option. Without
 *            such an entry, the fragment's is appended as it is written; not so where an entry of
 *            that type and name runs another command: that one is left alone.
 *            "#  -o name=" removes an override, "#name type ..." (eight columns) removes entries.
 *   rules    "same_names": [["submission", "587"], ...]   names for the same port
 *            "only_existing": ["submission/inet", ...]    entries never to be appended (or true)
 *   escape   for "-o name={{value}}": what would need braces is refused
 *
 * Not handled: entries with fewer than eight columns are opaque; entries that Postfix doesn't read
 * as they look ("-o" without "=", letters that are none, an argument "#...") are refused where they
 * are meant.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "format/formats.h"
#include "format/names.h"
#include "format/postfix_text.h"

#define COLUMNS 8

enum column { NAME, TYPE, PRIVATE, UNPRIV, CHROOT, WAKEUP, MAXPROC, COMMAND };

struct token {
    size_t begin, end; /* in the joined text */
    struct bytes arg;  /* without braces */
    bool braced;
    bool broken; /* a brace has no other, or something stands behind the braces */
};

/* "-o name=value" in one or two tokens. */
struct option {
    size_t first, last; /* tokens of the document */
    size_t lead;        /* bytes of the first token up to "o": 2, or more in "-vo" */
    struct bytes name, value;
};

struct service {
    size_t logical;
    size_t token, token_count;   /* within doc->tokens */
    size_t option, option_count; /* within doc->options */
    size_t add_after;            /* token that new options go behind */
    const char *misread; /* why Postfix doesn't read it as it looks; NULL when it does */
};

struct doc {
    struct postfix_text text;
    struct token *tokens;
    size_t token_count, token_cap;
    struct option *options;
    size_t option_count, option_cap;
    struct service *items;
    size_t count, cap;
};

/* --- reading --------------------------------------------------------------------------------- */

static bool separates(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of the token at `at`; with `braces`, white space within them belongs to it. */
static size_t token_end(struct bytes b, size_t at, bool braces)
{
    size_t depth = 0;
    for (; at < b.len; at++) {
        if (b.data[at] == '{' && braces)
            depth++;
        else if (b.data[at] == '}' && depth)
            depth--;
        else if (depth == 0 && separates(b.data[at]))
            break;
    }
    return at;
}

/* Takes the braces from "{ ... }". */
static void strip_braces(struct token *t)
{
    struct bytes b = t->arg;
    size_t depth = 0, at = 0;
    t->braced = b.len && b.data[0] == '{';
    for (; at < b.len; at++) {
        if (b.data[at] == '{')
            depth++;
        else if (b.data[at] == '}' && depth == 0)
            t->broken = true;
        else if (b.data[at] == '}' && --depth == 0 && t->braced)
            break;
    }
    t->broken = t->broken || depth > 0 || (t->braced && at + 1 < b.len);
    if (t->braced)
        t->arg = text_trim(text_span(b, 1, at));
}

static void read_tokens(struct doc *doc, const struct logical *l)
{
    struct bytes b = bytes_buf(&doc->text.joined);
    b.len = l->end;
    size_t at = l->begin;
    for (size_t n = 0;; n++) {
        while (at < b.len && separates(b.data[at]))
            at++;
        if (at == b.len)
            return;
        struct token t = {.begin = at, .end = token_end(b, at, n >= COLUMNS)};
        t.arg = text_span(b, t.begin, t.end);
        if (n >= COLUMNS)
            strip_braces(&t);
        MEM_GROW(doc->tokens, doc->token_count, doc->token_cap);
        doc->tokens[doc->token_count++] = t;
        at = t.end;
    }
}

static const char no_override[] = "an option is not of the form '-o name=value'";
static const char no_match[] = "braces don't match";
static const char no_comment[] = "'#' behind other text begins no comment for Postfix";

/* Options of Postfix's daemons that take a value. Ref: master_server(3), getopt(3) */
static bool takes_value(char letter)
{
    return letter && strchr("imnost", letter);
}

static void add_option(struct doc *doc, struct service *s, struct option o,
                       struct bytes text)
{
    if (doc->tokens[o.first].braced || !postfix_split(text, &o.name, &o.value)) {
        s->misread = no_override;
        return;
    }
    MEM_GROW(doc->options, doc->option_count, doc->option_cap);
    doc->options[doc->option_count++] = o;
    s->option_count++;
}

/* Reads the cluster of options that token `at` is; the token behind it and its value, or `at`
 * again when its value is missing. */
static size_t read_cluster(struct doc *doc, struct service *s, size_t at)
{
    struct bytes arg = doc->tokens[at].arg;
    size_t end = s->token + s->token_count, letter = 1;
    for (; letter < arg.len && !takes_value(arg.data[letter]); letter++)
        if (!isalpha((unsigned char)arg.data[letter]))
            s->misread = no_override;
    if (letter == arg.len)
        return at + 1;
    bool apart = letter + 1 == arg.len;
    if (apart && at + 1 == end)
        return at;
    struct bytes value =
        apart ? doc->tokens[at + 1].arg : text_span(arg, letter + 1, arg.len);
    struct option o = {.first = at, .last = at + apart, .lead = letter + 1};
    if (arg.data[letter] == 'o')
        add_option(doc, s, o, value);
    return at + 1 + apart;
}

static void read_options(struct doc *doc, struct service *s)
{
    size_t at = s->token + COLUMNS, end = s->token + s->token_count;
    s->option = doc->option_count;
    while (at < end) {
        struct bytes arg = doc->tokens[at].arg;
        if (arg.len < 2 || arg.data[0] != '-' || bytes_is(arg, "--"))
            break;
        size_t next = read_cluster(doc, s, at);
        if (next == at)
            break;
        at = next;
    }
    s->add_after = at - 1;
    for (size_t i = s->token + COLUMNS; i < end; i++)
        if (doc->tokens[i].broken)
            s->misread = no_match;
        else if (!doc->tokens[i].braced && doc->tokens[i].arg.data[0] == '#')
            s->misread = no_comment;
}

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    postfix_text_read(&doc->text, text);
    for (size_t i = 0; i < doc->text.count; i++) {
        struct service s = {.logical = i, .token = doc->token_count};
        read_tokens(doc, &doc->text.items[i]);
        s.token_count = doc->token_count - s.token;
        if (s.token_count < COLUMNS)
            continue;
        read_options(doc, &s);
        MEM_GROW(doc->items, doc->count, doc->cap);
        doc->items[doc->count++] = s;
    }
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    postfix_text_release(&doc->text);
    free(doc->tokens);
    free(doc->options);
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

static struct bytes column(const struct doc *doc, const struct service *s, enum column c)
{
    return doc->tokens[s->token + (size_t)c].arg;
}

static size_t line_of(const struct doc *doc, const struct service *s)
{
    return doc->text.items[s->logical].first + 1;
}

static json_t *service_facts(const struct doc *doc, const struct service *s)
{
    static const char *const titles[COLUMNS] = {"name",   "type",   "private", "unpriv",
                                                "chroot", "wakeup", "maxproc", "command"};
    json_t *json = json_object(), *args = json_array(), *options = json_object();
    for (size_t i = 0; i < COLUMNS; i++)
        json_object_set_new(json, titles[i], text_json(column(doc, s, (enum column)i)));
    for (size_t i = COLUMNS; i < s->token_count; i++)
        json_array_append_new(args, text_json(doc->tokens[s->token + i].arg));
    for (size_t i = 0; i < s->option_count; i++) {
        const struct option *o = &doc->options[s->option + i];
        text_json_set(options, o->name, text_json(o->value));
    }
    json_object_set_new(json, "args", args);
    json_object_set_new(json, "options", options);
    json_object_set_new(json, "line", json_integer((json_int_t)line_of(doc, s)));
    return json;
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    (void)scope;
    json_t *services = json_array();
    for (size_t i = 0; i < doc->count; i++)
        json_array_append_new(services, service_facts(doc, &doc->items[i]));
    return json_pack("{so}", "services", services);
}

/* --- which entries are meant ----------------------------------------------------------------- */

/* "127.0.0.1:submission" without its address. */
static struct bytes port_of(struct bytes name)
{
    const char *colon = name.len ? memrchr(name.data, ':', name.len) : NULL;
    return colon ? text_span(name, (size_t)(colon - name.data) + 1, name.len) : name;
}

/* Is this name of the fragment meant for that entry? Only an address in the fragment counts. */
static bool address_agrees(struct bytes wanted, struct bytes present)
{
    size_t a = wanted.len - port_of(wanted).len, b = present.len - port_of(present).len;
    return a == 0 || bytes_eq(text_span(wanted, 0, a), text_span(present, 0, b));
}

/* The first of the names that mean the same port; `name` itself when none is listed. */
static struct bytes canonical(const json_t *rules, struct bytes name)
{
    const json_t *group, *item;
    size_t i, j;
    json_array_foreach(json_object_get(rules, "same_names"), i, group)
        json_array_foreach(group, j, item)
    {
        const char *one = json_string_value(json_array_get(group, 0));
        if (one && json_is_string(item) && bytes_is(name, json_string_value(item)))
            return bytes_str(one);
    }
    return name;
}

/* "inet/submission", by which entries find each other; owned by `keys`. */
static struct bytes add_key(struct strv *keys, const json_t *rules, struct bytes type,
                            struct bytes name)
{
    CLEANUP(buf_release) struct buf key = BUF_INIT;
    buf_addb(&key, type);
    buf_addc(&key, '/');
    buf_addb(&key, canonical(rules, bytes_is(type, "inet") ? port_of(name) : name));
    size_t len = key.len;
    strv_take(keys, buf_take(&key));
    return (struct bytes){.data = keys->items[keys->count - 1], .len = len};
}

/* --- what a fragment wants ------------------------------------------------------------------- */

struct want_option {
    struct bytes name, value;
    bool unset;
};

struct want {
    struct bytes key;            /* owned by the merge's keys */
    size_t service;              /* of the fragment; unused when `unset` */
    struct bytes name, command;  /* in the fragment */
    size_t line;                 /* from 1 */
    size_t option, option_count; /* within the wants' options */
    bool unset;
};

/* Everything that a merge works with. */
struct merge {
    const struct doc *doc, *fragment;
    const json_t *rules;
    struct strv keys;
    struct names present; /* keys of the document's services */
    struct want *items;
    size_t count, cap;
    struct want_option *options;
    size_t option_count, option_cap;
    struct names option_names; /* of the entry at hand */
    struct edits *edits;
};

static void merge_release(struct merge *m)
{
    strv_release(&m->keys);
    names_release(&m->present);
    names_release(&m->option_names);
    free(m->items);
    free(m->options);
}

static void want_option(struct merge *m, struct want_option o)
{
    MEM_GROW(m->options, m->option_count, m->option_cap);
    m->options[m->option_count++] = o;
    m->items[m->count - 1].option_count++;
}

static struct want *new_want(struct merge *m, struct bytes type, struct bytes name,
                             size_t line)
{
    MEM_GROW(m->items, m->count, m->cap);
    m->items[m->count] = (struct want){.key = add_key(&m->keys, m->rules, type, name),
                                       .name = name,
                                       .line = line,
                                       .option = m->option_count};
    return &m->items[m->count++];
}

static bool is_type(struct bytes b)
{
    return bytes_is(b, "inet") || bytes_is(b, "unix") || bytes_is(b, "unix-dgram") ||
           bytes_is(b, "fifo") || bytes_is(b, "pass");
}

static int want_service(struct merge *m, size_t i, struct err *err)
{
    const struct doc *f = m->fragment;
    const struct service *s = &f->items[i];
    size_t line = line_of(f, s);
    if (!is_type(column(f, s, TYPE)))
        return fragment_error(err, line, "'%.*s' is no type of service",
                              (int)column(f, s, TYPE).len, column(f, s, TYPE).data);
    if (s->misread)
        return fragment_error(err, line, "%s", s->misread);
    struct want *w = new_want(m, column(f, s, TYPE), column(f, s, NAME), line);
    w->service = i;
    w->command = column(f, s, COMMAND);
    for (size_t k = 0; k < s->option_count; k++) {
        const struct option *o = &f->options[s->option + k];
        if (!postfix_is_name(o->name))
            return fragment_error(err, line, "'%.*s' is no name of a parameter",
                                  (int)o->name.len, o->name.data);
        want_option(m, (struct want_option){.name = o->name, .value = o->value});
    }
    return 0;
}

/* The next word of a comment line. */
static struct bytes next_word(struct bytes *rest)
{
    *rest = text_trim(*rest);
    size_t n = token_end(*rest, 0, true);
    struct bytes word = text_span(*rest, 0, n);
    *rest = text_span(*rest, n, rest->len);
    return word;
}

/* "#name type private unpriv chroot wakeup maxproc command": no such entry is wanted. */
static bool is_unset_service(struct bytes b, struct bytes *name, struct bytes *type)
{
    if (b.len < 2 || text_is_space(b.data[1]))
        return false;
    struct bytes rest = text_span(b, 1, b.len);
    *name = next_word(&rest);
    *type = next_word(&rest);
    for (size_t i = 2; i < COLUMNS; i++)
        if (next_word(&rest).len == 0)
            return false;
    return is_type(*type);
}

/* "#  -o name=..." or "#  -o { name = ... }": that override must not be there. */
static bool is_unset_option(struct bytes b, struct bytes *name)
{
    struct bytes rest = text_span(b, 1, b.len), value;
    if (!bytes_is(next_word(&rest), "-o"))
        return false;
    struct token t = {.arg = next_word(&rest)};
    strip_braces(&t);
    return postfix_split(t.arg, name, &value) && postfix_is_name(*name) &&
           text_is_blank(rest);
}

static int want_comment(struct merge *m, size_t line, struct err *err)
{
    struct bytes b = text_trim(lines_at(&m->fragment->text.lines, line)), name, type;
    if (b.len == 0)
        return 0;
    if (is_unset_service(b, &name, &type)) {
        new_want(m, type, name, line + 1)->unset = true;
    } else if (is_unset_option(b, &name)) {
        if (m->count == 0)
            return fragment_error(err, line + 1, "an option without a service");
        want_option(m, (struct want_option){.name = name, .unset = true});
    }
    return 0;
}

static int check_entries(const struct merge *m, struct err *err)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    if (!m->items)
        return 0;
    for (size_t i = 0; i < m->count; i++)
        names_add(&names, m->items[i].key, i);
    names_sort(&names);
    for (size_t i = 1; i < names.count; i++)
        if (bytes_eq(names.items[i - 1].key, names.items[i].key)) {
            const struct want *w = &m->items[names.items[i].at];
            return fragment_error(err, w->line, "'%.*s' is listed twice",
                                  (int)w->name.len, w->name.data);
        }
    return 0;
}

static int check_options(const struct merge *m, const struct want *w, struct err *err)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    for (size_t i = 0; i < w->option_count; i++)
        names_add(&names, m->options[w->option + i].name, i);
    names_sort(&names);
    for (size_t i = 1; i < names.count; i++)
        if (bytes_eq(names.items[i - 1].key, names.items[i].key))
            return fragment_error(err, w->line, "'%.*s' lists the option '%.*s' twice",
                                  (int)w->name.len, w->name.data,
                                  (int)names.items[i].key.len, names.items[i].key.data);
    return 0;
}

static int read_wants(struct merge *m, struct err *err)
{
    const struct postfix_text *t = &m->fragment->text;
    size_t logical = 0, service = 0;
    if (t->lines.text.len && memchr(t->lines.text.data, '\0', t->lines.text.len))
        return fragment_error(err, 0, "holds a NUL");
    for (size_t i = 0; i < t->lines.count; i++) {
        if (postfix_text_is_comment(t, i)) {
            if (want_comment(m, i, err) < 0)
                return -1;
        } else if (logical < t->count && t->items[logical].first == i) {
            if (service == m->fragment->count ||
                m->fragment->items[service].logical != logical)
                return fragment_error(err, i + 1, "a service has at least 8 columns");
            if (want_service(m, service++, err) < 0)
                return -1;
            logical++;
        } else if (logical == 0) {
            return fragment_error(err, i + 1, "the first line begins with white space");
        }
    }
    for (size_t i = 0; i < m->count; i++)
        if (check_options(m, &m->items[i], err) < 0)
            return -1;
    return check_entries(m, err);
}

/* --- changing an entry ----------------------------------------------------------------------- */

/* Appends "name=value", in braces when it needs them or `braced`. */
static void write_override(const struct want_option *o, bool braced, struct buf *out)
{
    CLEANUP(buf_release) struct buf value = BUF_INIT;
    text_squeeze(o->value, &value);
    braced = braced || text_has_space(o->value);
    buf_adds(out, braced ? "{ " : "");
    buf_addb(out, o->name);
    buf_adds(out, braced ? " = " : "=");
    buf_addb(out, bytes_buf(&value));
    buf_adds(out, braced ? " }" : "");
}

static void update_option(struct merge *m, const struct option *present,
                          const struct want_option *o)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    const struct token *t = &m->doc->tokens[present->last];
    bool joined = present->first == present->last; /* "-oname=value" */
    if (joined)
        buf_addb(&text, text_span(t->arg, 0, present->lead));
    if (joined && text_has_space(o->value))
        buf_addc(&text, ' ');
    write_override(o, t->braced && !joined, &text);
    postfix_text_replace(&m->doc->text, t->begin, t->end, bytes_buf(&text), m->edits);
}

/* Removes what is marked: each run of neighbours as one. */
static void remove_tokens(struct merge *m, const struct service *s, const bool *drop)
{
    const struct token *t = m->doc->tokens + s->token;
    for (size_t i = 0; i < s->token_count; i++) {
        size_t first = i;
        while (i < s->token_count && drop[i])
            i++;
        if (i > first)
            postfix_text_replace(&m->doc->text, t[first].begin, t[i - 1].end, BYTES(""),
                                 m->edits);
    }
}

/* The white space before the entry's options where they have lines of their own. */
static struct bytes indentation(const struct merge *m, const struct service *s)
{
    const struct postfix_text *t = &m->doc->text;
    for (size_t i = s->option_count; i-- > 0;) {
        const struct option *o = &m->doc->options[s->option + i];
        size_t line = postfix_text_line(t, m->doc->tokens[o->first].begin);
        struct bytes b = lines_at(&t->lines, line);
        size_t n = 0;
        while (separates(b.data[n]))
            n++;
        if (n && b.data[n] == '-')
            return text_span(b, 0, n);
    }
    return BYTES("  ");
}

/* Adds options behind the entry's last one: as lines, or within its line when something that is
 * no option follows there. */
static void add_options(struct merge *m, const struct service *s,
                        const struct want_option *const *added, size_t count)
{
    const struct postfix_text *t = &m->doc->text;
    const struct token *after = &m->doc->tokens[s->add_after];
    size_t line = postfix_text_line(t, after->end - 1);
    bool within = s->add_after + 1 < s->token + s->token_count &&
                  postfix_text_line(t, after[1].begin) == line;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_addb(&text, within ? BYTES(" ") : indentation(m, s));
        buf_adds(&text, "-o ");
        write_override(added[i], false, &text);
        buf_adds(&text, within ? "" : "\n");
    }
    size_t at = postfix_text_offset(t, after->end - 1) + 1;
    if (within)
        edits_add(m->edits, at, at, bytes_buf(&text));
    else if (count)
        lines_insert(&t->lines, t->lines.items[line].next, bytes_buf(&text), m->edits);
}

static void index_options(struct merge *m, const struct service *s)
{
    m->option_names.count = 0;
    for (size_t i = 0; i < s->option_count; i++)
        names_add(&m->option_names, m->doc->options[s->option + i].name, s->option + i);
    names_sort(&m->option_names);
}

/* Marks an option's tokens; where other letters share its first one, that keeps those. */
static void drop_option(struct merge *m, const struct service *s, const struct option *o,
                        bool *drop)
{
    const struct token *t = &m->doc->tokens[o->first];
    if (o->lead == 2)
        drop[o->first - s->token] = true;
    else
        postfix_text_replace(&m->doc->text, t->begin, t->end,
                             text_span(t->arg, 0, o->lead - 1), m->edits);
    if (o->last != o->first)
        drop[o->last - s->token] = true;
}

static void merge_option(struct merge *m, const struct service *s,
                         const struct want_option *o, bool *drop,
                         const struct name *found, size_t count)
{
    size_t keep = count;
    if (!o->unset) {
        const struct option *last = &m->doc->options[found[--keep].at];
        if (text_eq_squeezed(last->value, o->value))
            return;
        update_option(m, last, o);
    }
    for (size_t k = 0; k < keep; k++)
        drop_option(m, s, &m->doc->options[found[k].at], drop);
}

static void merge_service(struct merge *m, const struct want *w, const struct service *s)
{
    CLEANUP(mem_freep) bool *drop = mem_alloc(s->token_count * sizeof *drop);
    CLEANUP(mem_freep)
    const struct want_option **added = mem_alloc(w->option_count * sizeof *added);
    size_t added_count = 0;
    index_options(m, s);
    for (size_t i = 0; i < w->option_count; i++) {
        const struct want_option *o = &m->options[w->option + i];
        const struct name *found;
        size_t count = names_find(&m->option_names, o->name, &found);
        if (count)
            merge_option(m, s, o, drop, found, count);
        else if (!o->unset)
            added[added_count++] = o;
    }
    remove_tokens(m, s, drop);
    if (added_count)
        add_options(m, s, added, added_count);
}

/* Appends the fragment's entry as it is written, without comments. */
static void append(const struct merge *m, const struct want *w, struct buf *out)
{
    const struct postfix_text *t = &m->fragment->text;
    const struct logical *l = &t->items[m->fragment->items[w->service].logical];
    for (size_t i = l->first; i <= l->last; i++) {
        if (postfix_text_is_comment(t, i))
            continue;
        buf_addb(out, lines_at(&t->lines, i));
        buf_addc(out, '\n');
    }
}

/* Are the overrides of this want meant for that entry? */
static bool concerns(const struct merge *m, const struct want *w, const struct service *s)
{
    return !w->unset && bytes_eq(w->command, column(m->doc, s, COMMAND)) &&
           address_agrees(w->name, column(m->doc, s, NAME));
}

static bool may_append(const struct merge *m, const struct want *w)
{
    const struct doc *f = m->fragment;
    CLEANUP(buf_release) struct buf id = BUF_INIT;
    buf_addb(&id, w->name);
    buf_addc(&id, '/');
    buf_addb(&id, column(f, &f->items[w->service], TYPE));
    return !rules_list(m->rules, "only_existing", bytes_buf(&id));
}

/* An entry that Postfix itself cannot start is the administrator's to correct. */
static int check_present(const struct merge *m, const struct want *w, struct err *err)
{
    const struct name *found;
    size_t count = names_find(&m->present, w->key, &found);
    for (size_t i = 0; i < count; i++) {
        const struct service *s = &m->doc->items[found[i].at];
        if (s->misread && concerns(m, w, s))
            return err_set(err, ERR_INPUT, "line %zu: %s; correct that first",
                           line_of(m->doc, s), s->misread);
    }
    return 0;
}

static void merge_want(struct merge *m, const struct want *w, struct buf *appended)
{
    const struct name *found;
    size_t count = names_find(&m->present, w->key, &found), met = 0;
    for (size_t i = 0; i < count; i++) {
        const struct service *s = &m->doc->items[found[i].at];
        if (!address_agrees(w->name, column(m->doc, s, NAME)))
            continue;
        met++;
        if (w->unset)
            postfix_text_remove(&m->doc->text, &m->doc->text.items[s->logical], m->edits);
        else if (concerns(m, w, s))
            merge_service(m, w, s);
    }
    if (met == 0 && !w->unset && may_append(m, w))
        append(m, w, appended);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes text,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *fragment = parse(text);
    CLEANUP(merge_release)
    struct merge m = {.doc = doc, .fragment = fragment, .rules = rules, .edits = edits};
    CLEANUP(buf_release) struct buf appended = BUF_INIT;
    (void)scope;
    if (read_wants(&m, err) < 0)
        return -1;
    for (size_t i = 0; i < doc->count; i++) {
        const struct service *s = &doc->items[i];
        names_add(&m.present,
                  add_key(&m.keys, rules, column(doc, s, TYPE), column(doc, s, NAME)), i);
    }
    names_sort(&m.present);
    for (size_t i = 0; i < m.count; i++)
        if (check_present(&m, &m.items[i], err) < 0)
            return -1;
    for (size_t i = 0; i < m.count; i++)
        merge_want(&m, &m.items[i], &appended);
    if (appended.len)
        lines_insert(&doc->text.lines, doc->text.lines.text.len, bytes_buf(&appended),
                     edits);
    return 0;
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    for (size_t i = 0; i < value.len; i++)
        if (strchr(" {}", value.data[i]))
            return err_set(err, ERR_INPUT,
                           "the value holds a space or a brace, which an "
                           "option of master.cf cannot carry");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '$')
            buf_addc(out, '$');
        buf_addc(out, value.data[i]);
    }
    return 0;
}

const struct format format_postfix_master = {
    .name = "postfix-master",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
