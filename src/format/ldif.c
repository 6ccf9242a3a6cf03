/*
 * LDIF content records, as slapd.d folders and directory dumps hold them. Ref: RFC 2849
 *
 *   scopes   "entry": one entry; args is its dn
 *   facts    {"entries": [{"dn": ..., "attributes": {"lower-case name": [value, ...]}}]}; a value
 *            that is not UTF-8 is {"base64": ...}, one that cannot be decoded is null
 *   merge    entries meet by their dn (without case, spaces around "=" "," "+" ignored); within a
 *            scope the fragment may leave out the dn. Each attribute of the fragment stands for
 *            all its values: lines that already say so stay, others are rewritten, added, removed.
 *            A new attribute goes behind the one whose name begins most alike, otherwise to the
 *            end of the entry; a new entry to the end of the document. "#name: ..." removes an
 *            attribute.
 *   rules    "before": [name, ...]   lower-case names of attributes that come last in an entry
 *   escape   for "name: {{value}}"
 *
 * Not handled: change records; values by URL (":<") are opaque. See ldif.h for slapd's checksums.
 */
#include "format/ldif.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/ldif_text.h"

struct doc {
    struct ldif_text text;
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    ldif_text_read(&doc->text, text);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    ldif_text_release(&doc->text);
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

static struct bytes dn_of(const struct ldif_text *t, const struct ldif_entry *e)
{
    return ldif_decoded(t, e->dn, e->dn_len);
}

static struct bytes key_of(const struct ldif_text *t, const struct ldif_attr *a)
{
    return ldif_decoded(t, a->key, a->key_len);
}

static struct bytes name_of(const struct ldif_text *t, const struct ldif_attr *a)
{
    return ldif_decoded(t, a->name, a->key_len);
}

static struct bytes value_of(const struct ldif_text *t, const struct ldif_attr *a)
{
    return ldif_decoded(t, a->value, a->value_len);
}

static size_t scopes(const struct doc *doc, const char *kind, struct scope **ret)
{
    const struct ldif_text *t = &doc->text;
    size_t n = 0;
    *ret = mem_alloc(t->count * sizeof **ret);
    if (!bytes_eq_nocase(bytes_str(kind), BYTES("entry")))
        return 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct ldif_entry *e = &t->entries[i];
        if (e->named)
            (*ret)[n++] = (struct scope){.kind = BYTES("entry"),
                                         .args = dn_of(t, e),
                                         .begin = e->begin,
                                         .end = e->end,
                                         .line = e->line,
                                         .index = i};
    }
    return n;
}

static json_t *value_json(const struct ldif_text *t, const struct ldif_attr *a)
{
    struct bytes value = value_of(t, a);
    json_t *json = a->unknown ? json_null() : json_stringn(value.data, value.len);
    if (json)
        return json;
    CLEANUP(buf_release) struct buf base64 = BUF_INIT;
    ldif_base64(value, &base64);
    return json_pack("{ss}", "base64", buf_str(&base64));
}

static json_t *entry_json(const struct ldif_text *t, const struct ldif_entry *e)
{
    json_t *attributes = json_object();
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct ldif_attr *a = &t->attrs[e->attr + i];
        struct bytes key = key_of(t, a);
        json_t *values = json_object_getn(attributes, key.data, key.len);
        if (!values) {
            values = json_array();
            text_json_set(attributes, key, values);
        }
        json_array_append_new(values, value_json(t, a));
    }
    return json_pack("{so so}", "dn", text_json(dn_of(t, e)), "attributes", attributes);
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    const struct ldif_text *t = &doc->text;
    json_t *entries = json_array();
    size_t end = scope ? scope->index + 1 : t->count;
    for (size_t i = scope ? scope->index : 0; i < end; i++)
        if (t->entries[i].named)
            json_array_append_new(entries, entry_json(t, &t->entries[i]));
    return json_pack("{so}", "entries", entries);
}

/* --- checking a fragment --------------------------------------------------------------------- */

static int check_attrs(const struct ldif_text *f, struct err *err)
{
    for (size_t i = 0; i < f->attr_count; i++) {
        const struct ldif_attr *a = &f->attrs[i];
        if (bytes_is(key_of(f, a), "changetype") || bytes_is(key_of(f, a), "dn"))
            return fragment_error(err, a->line, "not a content record");
        if (a->unknown)
            return fragment_error(err, a->line,
                                  "the value of '%.*s' is neither text nor "
                                  "base64",
                                  (int)a->key_len, name_of(f, a).data);
    }
    return 0;
}

static int check_entries(const struct ldif_text *f, bool scoped, struct err *err)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    for (size_t i = 0; i < f->count; i++) {
        const struct ldif_entry *e = &f->entries[i];
        if (!e->named && !scoped)
            return fragment_error(err, e->line, "an entry begins with 'dn:'");
        names_add(&names, scoped ? BYTES("") : ldif_decoded(f, e->key, e->key_len), i);
    }
    names_sort(&names);
    for (size_t i = 1; i < names.count; i++)
        if (bytes_eq(names.items[i - 1].key, names.items[i].key))
            return fragment_error(err, f->entries[names.items[i].at].line,
                                  scoped ? "a second entry" : "an entry that was there");
    return 0;
}

static int check_fragment(const struct ldif_text *f, bool scoped, struct err *err)
{
    if (f->odd_line)
        return fragment_error(err, f->odd_line, "not of the form 'name: value'");
    if (check_attrs(f, err) < 0)
        return -1;
    return check_entries(f, scoped, err);
}

/* --- merging --------------------------------------------------------------------------------- */

struct merge {
    const struct ldif_text *t, *f;
    const json_t *rules;
    struct edits *edits;
    struct buf tail; /* what goes to the end of the document */
    bool last_gone;  /* its last line was removed */
};

/* Blank lines end entries, so none may come from a missing line end: what goes to the end of the
 * document is gathered, and written by finish(). */
static void insert(struct merge *m, size_t at, struct bytes text)
{
    if (at == m->t->lines.text.len)
        buf_addb(&m->tail, text);
    else
        lines_insert(&m->t->lines, at, text, m->edits);
}

static void finish(struct merge *m)
{
    size_t end = m->t->lines.text.len;
    if (m->tail.len && m->last_gone)
        lines_replace(&m->t->lines, end, end, bytes_buf(&m->tail), m->edits);
    else if (m->tail.len)
        lines_insert(&m->t->lines, end, bytes_buf(&m->tail), m->edits);
}

static void merge_release(struct merge *m)
{
    buf_release(&m->tail);
}

/* Attributes of one entry by name. */
static void index_attrs(const struct ldif_text *t, const struct ldif_entry *e,
                        struct names *names)
{
    for (size_t i = 0; i < e->attr_count; i++)
        names_add(names, key_of(t, &t->attrs[e->attr + i]), e->attr + i);
    names_sort(names);
}

static void remove_attr(struct merge *m, const struct ldif_attr *a)
{
    m->last_gone = m->last_gone || a->end == m->t->lines.text.len;
    edits_add(m->edits, a->begin, a->end, BYTES(""));
}

static size_t common_prefix(struct bytes a, struct bytes b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.data[n] == b.data[n])
        n++;
    return n;
}

/* How much of a name its kin share at least: its first word ("olc" of olcTLSCipherSuite). */
static size_t first_word(struct bytes name)
{
    size_t n = 0;
    while (n < name.len && !isupper((unsigned char)name.data[n]))
        n++;
    return n ? n : 1;
}

/* Where a new attribute goes. */
static size_t place(const struct merge *m, const struct ldif_entry *e,
                    const struct ldif_attr *new)
{
    size_t best = first_word(name_of(m->f, new)), at = e->end;
    bool kin = false;
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct ldif_attr *a = &m->t->attrs[e->attr + i];
        if (rules_list(m->rules, "before", key_of(m->t, a)))
            return kin ? at : a->begin;
        size_t n = common_prefix(key_of(m->t, a), key_of(m->f, new));
        if (n >= best) {
            kin = true;
            best = n;
            at = a->end;
        }
    }
    return at;
}

static void write_attr(const struct merge *m, struct bytes name,
                       const struct ldif_attr *a, struct buf *out)
{
    ldif_write(name, value_of(m->f, a), out);
}

/* Rewrites, adds and removes lines until the entry has the fragment's values in this order. */
static void set_attr(struct merge *m, const struct ldif_entry *e,
                     const struct name *present, size_t count, const struct name *wanted,
                     size_t wanted_count)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    const struct ldif_attr *first = &m->f->attrs[wanted[0].at];
    struct bytes name = name_of(m->f, first);
    size_t at = count ? 0 : place(m, e, first);
    for (size_t i = 0; i < count; i++) {
        const struct ldif_attr *old = &m->t->attrs[present[i].at];
        const struct ldif_attr *new =
            i < wanted_count ? &m->f->attrs[wanted[i].at] : NULL;
        at = old->end;
        name = name_of(m->t, old);
        if (new && !old->unknown && bytes_eq(value_of(m->t, old), value_of(m->f, new)))
            continue;
        if (!new) {
            remove_attr(m, old);
            continue;
        }
        buf_clear(&text);
        write_attr(m, name, new, &text);
        lines_replace(&m->t->lines, old->begin, old->end, bytes_buf(&text), m->edits);
    }
    buf_clear(&text);
    for (size_t i = count; i < wanted_count; i++)
        write_attr(m, name, &m->f->attrs[wanted[i].at], &text);
    if (text.len)
        insert(m, at, bytes_buf(&text));
}

static void unset_attrs(struct merge *m, const struct ldif_entry *wanted,
                        const struct names *present)
{
    CLEANUP(names_release) struct names unsets = NAMES_INIT;
    for (size_t i = 0; i < wanted->unset_count; i++) {
        const struct ldif_unset *u = &m->f->unsets[wanted->unset + i];
        names_add(&unsets, ldif_decoded(m->f, u->key, u->key_len), i);
    }
    names_sort(&unsets);
    for (size_t i = 0; i < unsets.count; i++) {
        const struct name *old;
        if (i && bytes_eq(unsets.items[i].key, unsets.items[i - 1].key))
            continue;
        size_t count = names_find(present, unsets.items[i].key, &old);
        for (size_t k = 0; k < count; k++)
            remove_attr(m, &m->t->attrs[old[k].at]);
    }
}

static void merge_entry(struct merge *m, const struct ldif_entry *e,
                        const struct ldif_entry *wanted)
{
    CLEANUP(names_release) struct names present = NAMES_INIT, wants = NAMES_INIT;
    const struct name *old, *new;
    index_attrs(m->t, e, &present);
    index_attrs(m->f, wanted, &wants);
    for (size_t i = 0; i < wanted->attr_count; i++) {
        struct bytes key = key_of(m->f, &m->f->attrs[wanted->attr + i]);
        size_t wanted_count = names_find(&wants, key, &new);
        size_t count = names_find(&present, key, &old);
        if (new[0].at == wanted->attr + i)
            set_attr(m, e, old, count, new, wanted_count);
    }
    unset_attrs(m, wanted, &present);
}

/* Is a name both set and not to be set in one entry? */
static int check_unsets(const struct ldif_text *f, const struct ldif_entry *e,
                        struct err *err)
{
    CLEANUP(names_release) struct names names = NAMES_INIT;
    const struct name *found;
    index_attrs(f, e, &names);
    for (size_t i = 0; i < e->unset_count; i++) {
        const struct ldif_unset *u = &f->unsets[e->unset + i];
        struct bytes key = ldif_decoded(f, u->key, u->key_len);
        if (names_find(&names, key, &found))
            return fragment_error(err, u->line,
                                  "'%.*s' is set and also marked as not to be set",
                                  (int)key.len, key.data);
    }
    return 0;
}

static void append_entry(struct merge *m, const struct ldif_entry *e)
{
    struct buf *out = &m->tail;
    struct bytes text = m->t->lines.text;
    size_t last = m->t->lines.count;
    if (e->attr_count == 0)
        return; /* nothing is wanted but absence */
    if (out->len || (text.len && lines_at(&m->t->lines, last - 1).len))
        buf_addc(out, '\n');
    ldif_write(BYTES("dn"), dn_of(m->f, e), out);
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct ldif_attr *a = &m->f->attrs[e->attr + i];
        write_attr(m, name_of(m->f, a), a, out);
    }
}

static void merge_all(struct merge *m)
{
    CLEANUP(names_release) struct names present = NAMES_INIT;
    const struct name *found;
    for (size_t i = 0; i < m->t->count; i++) {
        const struct ldif_entry *e = &m->t->entries[i];
        if (e->named)
            names_add(&present, ldif_decoded(m->t, e->key, e->key_len), i);
    }
    names_sort(&present);
    for (size_t i = 0; i < m->f->count; i++) {
        const struct ldif_entry *e = &m->f->entries[i];
        size_t count =
            names_find(&present, ldif_decoded(m->f, e->key, e->key_len), &found);
        for (size_t k = 0; k < count; k++)
            merge_entry(m, &m->t->entries[found[k].at], e);
    }
    for (size_t i = 0; i < m->f->count; i++) {
        const struct ldif_entry *e = &m->f->entries[i];
        if (!names_find(&present, ldif_decoded(m->f, e->key, e->key_len), &found))
            append_entry(m, e);
    }
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *parsed = parse(fragment);
    const struct ldif_text *t = &doc->text, *f = &parsed->text;
    CLEANUP(merge_release)
    struct merge m = {.t = t, .f = f, .rules = rules, .edits = edits};
    if (check_fragment(f, scope != NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < f->count; i++)
        if (check_unsets(f, &f->entries[i], err) < 0)
            return -1;
    if (!scope) {
        merge_all(&m);
        finish(&m);
        return 0;
    }
    if (f->count == 0)
        return 0;
    const struct ldif_entry *e = &t->entries[scope->index], *wanted = &f->entries[0];
    if (wanted->named && !bytes_eq(ldif_decoded(t, e->key, e->key_len),
                                   ldif_decoded(f, wanted->key, wanted->key_len)))
        return fragment_error(err, wanted->line, "the dn is not that of the entry");
    merge_entry(&m, e, wanted);
    finish(&m);
    return 0;
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    if (value.data[0] == ':' || value.data[0] == '<')
        return err_set(err, ERR_INPUT,
                       "the value begins with '%c', which LDIF reads as "
                       "something else",
                       value.data[0]);
    buf_addb(out, value);
    return 0;
}

/* --- the seal -------------------------------------------------------------------------------- */

static uint32_t crc32(struct bytes b)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < b.len; i++) {
        crc ^= (unsigned char)b.data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

bool ldif_seal(struct buf *text)
{
    static const char mark[] = "# CRC32 ";
    struct bytes rest = bytes_buf(text), line;
    if (!bytes_next_line(&rest, &line) || !bytes_starts(line, "# AUTO-GENERATED FILE"))
        return false;
    if (!bytes_next_line(&rest, &line) || !bytes_starts(line, mark) ||
        line.len != sizeof mark - 1 + 8 + 1)
        return false;
    size_t at = (size_t)(line.data - text->data) + sizeof mark - 1;
    uint32_t crc = crc32(rest);
    for (size_t i = 0; i < 8; i++)
        text->data[at + i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
    return true;
}

const struct format format_ldif = {
    .name = "ldif",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .scopes = scopes,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
