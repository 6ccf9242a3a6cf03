/*
 * "Keyword argument ..." lines: slapd.conf (format "keyword") and ldap.conf ("keyword-lines").
 * Names have no case. Ref: slapd.conf(5), ldap.conf(5)
 *
 * slapd.conf: a line that begins with white space continues the one before it, also a comment; so
 * does what follows a backslash at the end of a line. Arguments may be quoted ("a b", \"). A line
 * "database ..." or "backend ..." begins a section, which the next such line ends.
 * ldap.conf: each line stands alone, leading white space doesn't count, the rest of the line behind
 * the name is one value, quotes are literal.
 *
 *   scopes   "database", "backend": args is the type
 *   facts    {"settings": {"lower-case name": [[argument, ...], ...]}} of the scope, the line that
 *            begins it included; scope NULL is what stands before the first section
 *   merge    a setting is changed where it last occurs, earlier ones stay; a new one goes behind
 *            the last setting of the scope. Equal arguments are equal however they are quoted.
 *            "#Name ..." removes every occurrence within the scope.
 *   rules    "continuation": false    read a "keyword" document as "keyword-lines"
 *   escape   for "Name {{value}}": one argument
 *
 * Not handled: "include" is a setting like others; what an included file says is not seen.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "format/formats.h"
#include "format/lines.h"
#include "format/names.h"
#include "format/wants.h"

struct setting {
    size_t first, last;    /* physical lines, from 0 */
    size_t section;        /* 0: before the first */
    size_t key, key_len;   /* lower-case name, in `decoded` */
    size_t arg, arg_count; /* within `args` */
    size_t rest, rest_len; /* what stands behind the name, as written, in `joined` */
};

struct span {
    size_t begin, len;
};

struct doc {
    bool plain; /* ldap.conf */
    struct lines lines;
    struct buf joined;  /* logical lines, as read */
    struct buf decoded; /* names and arguments */
    struct setting *items;
    size_t count, cap;
    struct span *args;
    size_t arg_count, arg_cap;
    size_t section_count;
    bool open_end; /* the last line ends in a backslash: it would continue in a new one */
};

/* --- reading --------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Reads one argument of slapd.conf from `*at`; false at the end. */
static bool read_arg(struct bytes b, size_t *at, struct buf *out)
{
    bool quoted = false;
    while (*at < b.len && is_blank(b.data[*at]))
        ++*at;
    if (*at == b.len)
        return false;
    for (; *at < b.len && (quoted || !is_blank(b.data[*at])); ++*at) {
        if (b.data[*at] == '"') {
            quoted = !quoted;
            continue;
        }
        if (b.data[*at] == '\\' && *at + 1 < b.len)
            ++*at;
        buf_addc(out, b.data[*at]);
    }
    return true;
}

static void add_arg(struct doc *doc, size_t begin)
{
    MEM_GROW(doc->args, doc->arg_count, doc->arg_cap);
    doc->args[doc->arg_count++] =
        (struct span){.begin = begin, .len = doc->decoded.len - begin};
}

/* The name, lower case; the rest of the line follows at the result. */
static size_t read_name(struct doc *doc, struct bytes line, struct setting *s)
{
    size_t at = 0;
    s->key = doc->decoded.len;
    if (!doc->plain) {
        read_arg(line, &at, &doc->decoded);
    } else {
        while (at < line.len && !text_is_space(line.data[at]))
            buf_addc(&doc->decoded, line.data[at++]);
    }
    s->key_len = doc->decoded.len - s->key;
    for (size_t i = s->key; i < doc->decoded.len; i++)
        doc->decoded.data[i] = (char)tolower((unsigned char)doc->decoded.data[i]);
    return at;
}

static void read_args(struct doc *doc, struct bytes rest)
{
    for (size_t at = 0;;) {
        size_t begin = doc->decoded.len;
        if (doc->plain) {
            buf_addb(&doc->decoded, rest);
            if (rest.len)
                add_arg(doc, begin);
            return;
        }
        if (!read_arg(rest, &at, &doc->decoded))
            return;
        add_arg(doc, begin);
    }
}

static struct bytes decoded(const struct doc *doc, size_t begin, size_t len)
{
    return text_span(bytes_buf(&doc->decoded), begin, begin + len);
}

static struct bytes key_of(const struct doc *doc, const struct setting *s)
{
    return decoded(doc, s->key, s->key_len);
}

static bool begins_section(const struct doc *doc, const struct setting *s)
{
    struct bytes key = key_of(doc, s);
    return !doc->plain && (bytes_is(key, "database") || bytes_is(key, "backend"));
}

static void add_setting(struct doc *doc, size_t joined, size_t first, size_t last)
{
    struct bytes line = text_span(bytes_buf(&doc->joined), joined, doc->joined.len);
    struct bytes trimmed = doc->plain ? text_trim(line) : line;
    struct setting s = {.first = first, .last = last, .arg = doc->arg_count};
    if (text_is_blank(line) || trimmed.data[0] == '#')
        return;
    size_t at = read_name(doc, trimmed, &s);
    struct bytes rest = text_trim(text_span(trimmed, at, trimmed.len));
    read_args(doc, rest);
    s.arg_count = doc->arg_count - s.arg;
    s.rest = (size_t)(rest.data - doc->joined.data);
    s.rest_len = rest.len;
    if (begins_section(doc, &s))
        doc->section_count++;
    s.section = doc->section_count;
    MEM_GROW(doc->items, doc->count, doc->cap);
    doc->items[doc->count++] = s;
}

/* Does line `i` + 1 continue a logical line of slapd.conf that ends with line `i`? A backslash at
 * the end of it is turned into a space. */
static bool continues(struct doc *doc, size_t begin, size_t i)
{
    struct buf *b = &doc->joined;
    if (doc->plain)
        return false;
    bool more = i + 1 < doc->lines.count;
    size_t len = b->len - begin;
    if (len && b->data[b->len - 1] == '\\' && (len == 1 || b->data[b->len - 2] != '\\')) {
        b->data[b->len - 1] = ' ';
        doc->open_end = !more;
        return more;
    }
    struct bytes next = more ? lines_at(&doc->lines, i + 1) : BYTES("");
    return next.len && text_is_space(next.data[0]);
}

static void read_all(struct doc *doc)
{
    for (size_t i = 0; i < doc->lines.count; i++) {
        size_t begin = doc->joined.len, first = i;
        if (!doc->plain && text_is_blank(lines_at(&doc->lines, i)))
            continue; /* what continues a blank line might as well begin behind it */
        buf_addb(&doc->joined, lines_at(&doc->lines, i));
        while (continues(doc, begin, i))
            buf_addb(&doc->joined, lines_at(&doc->lines, ++i));
        add_setting(doc, begin, first, i);
    }
}

static struct doc *parse_as(struct bytes text, bool plain)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    doc->plain = plain;
    lines_read(&doc->lines, text);
    read_all(doc);
    return doc;
}

static struct doc *parse(struct bytes text)
{
    return parse_as(text, false);
}

static struct doc *parse_lines(struct bytes text)
{
    return parse_as(text, true);
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    lines_release(&doc->lines);
    buf_release(&doc->joined);
    buf_release(&doc->decoded);
    free(doc->items);
    free(doc->args);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    lines_emit(&doc->lines, out);
}

/* --- asking ---------------------------------------------------------------------------------- */

static struct bytes arg_of(const struct doc *doc, const struct setting *s, size_t i)
{
    const struct span *a = &doc->args[s->arg + i];
    return decoded(doc, a->begin, a->len);
}

static struct scope scope_of(const struct doc *doc, size_t i)
{
    const struct setting *s = &doc->items[i];
    size_t next = i + 1;
    while (next < doc->count && doc->items[next].section == s->section)
        next++;
    return (struct scope){
        .kind = key_of(doc, s),
        .args = s->arg_count ? arg_of(doc, s, 0) : BYTES(""),
        .begin = doc->lines.items[s->first].begin,
        .end = next < doc->count ? doc->lines.items[doc->items[next].first].begin
                                 : doc->lines.text.len,
        .line = s->first + 1,
        .index = s->section,
    };
}

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    size_t n = 0;
    *ret = mem_alloc(doc->section_count * sizeof **ret);
    for (size_t i = 0; i < doc->count; i++)
        if (begins_section(doc, &doc->items[i]) &&
            bytes_eq_nocase(key_of(doc, &doc->items[i]), bytes_str(kind)))
            (*ret)[n++] = scope_of(doc, i);
    return n;
}

/* The first setting of that section or a later one: sections follow each other. */
static size_t first_of(const struct doc *doc, size_t section)
{
    size_t low = 0, high = doc->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (doc->items[mid].section < section)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    json_t *settings = json_object();
    size_t section = scope ? scope->index : 0, end = first_of(doc, section + 1);
    for (size_t i = first_of(doc, section); i < end; i++) {
        const struct setting *s = &doc->items[i];
        struct bytes key = key_of(doc, s);
        json_t *list = json_object_getn(settings, key.data, key.len),
               *args = json_array();
        for (size_t k = 0; k < s->arg_count; k++)
            json_array_append_new(args, text_json(arg_of(doc, s, k)));
        if (list) {
            json_array_append_new(list, args);
        } else {
            list = json_array();
            json_array_append_new(list, args);
            text_json_set(settings, key, list);
        }
    }
    return json_pack("{so}", "settings", settings);
}

/* --- what a fragment wants ------------------------------------------------------------------- */

/* "#Name ..." in a comment of the fragment; its lower-case name goes to `names`. */
static void want_unset(struct wants *w, struct strv *names, struct bytes line,
                       size_t number)
{
    size_t n = 1;
    while (n < line.len && (isalnum((unsigned char)line.data[n]) || line.data[n] == '_' ||
                            line.data[n] == '-'))
        n++;
    if (n == 1 || (n < line.len && !text_is_space(line.data[n])))
        return;
    char *name = bytes_dup(text_span(line, 1, n));
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    strv_take(names, name);
    wants_add(w, (struct want){.name = bytes_str(name), .line = number, .unset = true});
}

/* Does the line begin with this name, unquoted and not indented? */
static bool is_name(struct bytes line, struct bytes key)
{
    for (size_t i = 0; i < key.len; i++)
        if (!isalnum((unsigned char)key.data[i]) && key.data[i] != '_' &&
            key.data[i] != '-')
            return false;
    return key.len && line.len >= key.len &&
           bytes_eq_nocase(text_span(line, 0, key.len), key);
}

static int want_set(struct wants *w, const struct doc *f, size_t index, struct err *err)
{
    const struct setting *s = &f->items[index];
    struct bytes key = key_of(f, s);
    if (!is_name(lines_at(&f->lines, s->first), key))
        return fragment_error(err, s->first + 1,
                              "a line begins with the name of a setting");
    if (begins_section(f, s))
        return fragment_error(err, s->first + 1, "'%.*s' begins a section", (int)key.len,
                              key.data);
    if (s->arg_count == 0)
        return fragment_error(err, s->first + 1, "'%.*s' has no value", (int)key.len,
                              key.data);
    struct bytes end = text_trim(lines_at(&f->lines, s->last));
    if (end.len && end.data[end.len - 1] == '\\')
        return fragment_error(err, s->last + 1, "a backslash at the end of the line");
    wants_add(w, (struct want){.name = key, .line = s->first + 1, .index = index});
    return 0;
}

static int read_wants(struct wants *w, const struct doc *f, struct strv *names,
                      struct err *err)
{
    struct bytes text = f->lines.text;
    size_t next = 0;
    if (text.len && memchr(text.data, '\0', text.len))
        return fragment_error(err, 0, "holds a NUL");
    for (size_t i = 0; i < f->lines.count; i++) {
        struct bytes line = lines_at(&f->lines, i);
        if (next < f->count && f->items[next].first == i) {
            if (want_set(w, f, next, err) < 0)
                return -1;
            i = f->items[next++].last;
        } else if (line.len && line.data[0] == '#') {
            want_unset(w, names, line, i + 1);
        }
    }
    return wants_finish(w, err);
}

/* --- merging --------------------------------------------------------------------------------- */

struct merge {
    const struct doc *doc, *fragment;
    size_t section;
    struct names present; /* settings of the section */
    struct edits *edits;
};

static bool same_args(const struct doc *a, const struct setting *x, const struct doc *b,
                      const struct setting *y)
{
    if (x->arg_count != y->arg_count)
        return false;
    for (size_t i = 0; i < x->arg_count; i++)
        if (!bytes_eq(arg_of(a, x, i), arg_of(b, y, i)))
            return false;
    return true;
}

/* What the fragment writes behind the name, its line breaks taken out. */
static struct bytes written(const struct merge *m, const struct want *w)
{
    const struct setting *s = &m->fragment->items[w->index];
    return text_span(bytes_buf(&m->fragment->joined), s->rest, s->rest + s->rest_len);
}

static void remove_setting(const struct merge *m, const struct setting *s)
{
    const struct line *lines = m->doc->lines.items;
    edits_add(m->edits, lines[s->first].begin, lines[s->last].next, BYTES(""));
}

/* Rewrites the setting's lines; its name, and the white space around that, stay as they are. */
static void update(const struct merge *m, const struct want *w, const struct setting *s)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    const struct line *lines = m->doc->lines.items;
    struct bytes first = lines_at(&m->doc->lines, s->first);
    size_t begin = 0, end, value;
    while (begin < first.len && text_is_space(first.data[begin]))
        begin++;
    for (end = begin; end < first.len && !text_is_space(first.data[end]);)
        end++;
    for (value = end; value < first.len && text_is_space(first.data[value]);)
        value++;
    bool plain = bytes_eq_nocase(text_span(first, begin, end), key_of(m->doc, s));
    buf_add(&text, first.data, plain ? value : begin);
    if (!plain) /* was quoted, or went on in the next line */
        buf_addb(&text, w->name);
    if (!plain || value == end)
        buf_addc(&text, ' ');
    buf_addb(&text, written(m, w));
    edits_add(m->edits, lines[s->first].begin, lines[s->last].end, bytes_buf(&text));
}

static void merge_one(const struct merge *m, const struct want *w, struct buf *added)
{
    const struct name *found;
    size_t count = names_find(&m->present, w->name, &found);
    if (w->unset) {
        for (size_t i = 0; i < count; i++)
            remove_setting(m, &m->doc->items[found[i].at]);
        return;
    }
    const struct setting *wanted = &m->fragment->items[w->index];
    if (count == 0) {
        struct bytes line = lines_at(&m->fragment->lines, wanted->first);
        buf_add(added, line.data, w->name.len);
        buf_addc(added, ' ');
        buf_addb(added, written(m, w));
        buf_addc(added, '\n');
        return;
    }
    const struct setting *last = &m->doc->items[found[count - 1].at];
    if (!same_args(m->doc, last, m->fragment, wanted))
        update(m, w, last);
}

/* Behind the last setting of the section; before the first section, or at the end, when there is
 * no setting yet. */
static size_t place(const struct merge *m)
{
    const struct doc *doc = m->doc;
    size_t end = first_of(doc, m->section + 1);
    if (end > first_of(doc, m->section))
        return doc->lines.items[doc->items[end - 1].last].next;
    return end < doc->count ? doc->lines.items[doc->items[end].first].begin
                            : doc->lines.text.len;
}

static void add_settings(const struct merge *m, struct bytes lines)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    size_t at = place(m);
    if (m->doc->open_end && at == m->doc->lines.text.len)
        buf_addc(&text, '\n');
    buf_addb(&text, lines);
    struct bytes behind = text_span(m->doc->lines.text, at, m->doc->lines.text.len);
    if (!m->doc->plain && behind.len && is_blank(behind.data[0]))
        buf_addc(&text, '\n'); /* an indented first line must not become a continuation */
    lines_insert(&m->doc->lines, at, bytes_buf(&text), m->edits);
}

static void index_present(struct merge *m)
{
    size_t end = first_of(m->doc, m->section + 1);
    for (size_t i = first_of(m->doc, m->section); i < end; i++)
        names_add(&m->present, key_of(m->doc, &m->doc->items[i]), i);
    names_sort(&m->present);
}

static int merge_docs(const struct doc *doc, const struct scope *scope,
                      const struct doc *fragment, struct edits *edits, struct err *err)
{
    CLEANUP(wants_release) struct wants wants = WANTS_INIT;
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    CLEANUP(buf_release) struct buf added = BUF_INIT;
    struct merge m = {.doc = doc,
                      .fragment = fragment,
                      .section = scope ? scope->index : 0,
                      .edits = edits};
    if (read_wants(&wants, fragment, &names, err) < 0)
        return -1;
    index_present(&m);
    for (size_t i = 0; i < wants.count; i++)
        if (wants_counts(&wants, i))
            merge_one(&m, &wants.items[i], &added);
    if (added.len)
        add_settings(&m, bytes_buf(&added));
    names_release(&m.present);
    return 0;
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    bool plain = doc->plain || json_is_false(json_object_get(rules, "continuation"));
    CLEANUP(freep) struct doc *wanted = parse_as(fragment, plain);
    if (plain == doc->plain)
        return merge_docs(doc, scope, wanted, edits, err);
    CLEANUP(freep) struct doc *again = parse_as(doc->lines.text, plain);
    return merge_docs(again, scope, wanted, edits, err);
}

/* --- values ---------------------------------------------------------------------------------- */

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (text_has_control(value))
        return err_set(err, ERR_INPUT, "the value holds a control character");
    bool quote = value.len == 0 || text_has_space(value) ||
                 memchr(value.data, '"', value.len) ||
                 memchr(value.data, '\\', value.len);
    buf_adds(out, quote ? "\"" : "");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, value.data[i]);
    }
    buf_adds(out, quote ? "\"" : "");
    return 0;
}

static int escape_lines(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    buf_addb(out, value);
    return 0;
}

const struct format format_keyword = {
    .name = "keyword",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .scopes = scopes,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};

const struct format format_keyword_lines = {
    .name = "keyword-lines",
    .comment = "#",
    .parse = parse_lines,
    .release = release,
    .emit = emit,
    .facts = facts,
    .merge = merge,
    .escape = escape_lines,
};
