/* Merging into master.cf; what it means stands in postfix_master.c. */
#include "format/postfix_master_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "format/names.h"

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
    const struct master_text *doc, *fragment;
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
    const struct master_text *f = m->fragment;
    const struct master_service *s = &f->items[i];
    size_t line = master_line(f, s);
    if (!is_type(master_column(f, s, MASTER_TYPE)))
        return fragment_error(err, line, "'%.*s' is no type of service",
                              (int)master_column(f, s, MASTER_TYPE).len,
                              master_column(f, s, MASTER_TYPE).data);
    if (s->misread)
        return fragment_error(err, line, "%s", s->misread);
    struct want *w = new_want(m, master_column(f, s, MASTER_TYPE),
                              master_column(f, s, MASTER_NAME), line);
    w->service = i;
    w->command = master_column(f, s, MASTER_COMMAND);
    for (size_t k = 0; k < s->option_count; k++) {
        const struct master_option *o = &f->options[s->option + k];
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
    size_t n = master_token_end(*rest, 0, true);
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
    for (size_t i = 2; i < MASTER_COLUMNS; i++)
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
    struct master_token t = {.arg = next_word(&rest)};
    master_strip_braces(&t);
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

static void update_option(struct merge *m, const struct master_option *present,
                          const struct want_option *o)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    const struct master_token *t = &m->doc->tokens[present->last];
    bool joined = present->first == present->last; /* "-oname=value" */
    if (joined)
        buf_addb(&text, text_span(t->arg, 0, present->lead));
    if (joined && text_has_space(o->value))
        buf_addc(&text, ' ');
    write_override(o, t->braced && !joined, &text);
    postfix_text_replace(&m->doc->text, t->begin, t->end, bytes_buf(&text), m->edits);
}

/* Removes what is marked: each run of neighbours as one. */
static void remove_tokens(struct merge *m, const struct master_service *s,
                          const bool *drop)
{
    const struct master_token *t = m->doc->tokens + s->token;
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
static struct bytes indentation(const struct merge *m, const struct master_service *s)
{
    const struct postfix_text *t = &m->doc->text;
    for (size_t i = s->option_count; i-- > 0;) {
        const struct master_option *o = &m->doc->options[s->option + i];
        size_t line = postfix_text_line(t, m->doc->tokens[o->first].begin);
        struct bytes b = lines_at(&t->lines, line);
        size_t n = 0;
        while (master_separates(b.data[n]))
            n++;
        if (n && b.data[n] == '-')
            return text_span(b, 0, n);
    }
    return BYTES("  ");
}

/* Adds options behind the entry's last one: as lines, or within its line when something that is
 * no option follows there. */
static void add_options(struct merge *m, const struct master_service *s,
                        const struct want_option *const *added, size_t count)
{
    const struct postfix_text *t = &m->doc->text;
    const struct master_token *after = &m->doc->tokens[s->add_after];
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

static void index_options(struct merge *m, const struct master_service *s)
{
    m->option_names.count = 0;
    for (size_t i = 0; i < s->option_count; i++)
        names_add(&m->option_names, m->doc->options[s->option + i].name, s->option + i);
    names_sort(&m->option_names);
}

/* Marks an option's tokens; where other letters share its first one, that keeps those. */
static void drop_option(struct merge *m, const struct master_service *s,
                        const struct master_option *o, bool *drop)
{
    const struct master_token *t = &m->doc->tokens[o->first];
    if (o->lead == 2)
        drop[o->first - s->token] = true;
    else
        postfix_text_replace(&m->doc->text, t->begin, t->end,
                             text_span(t->arg, 0, o->lead - 1), m->edits);
    if (o->last != o->first)
        drop[o->last - s->token] = true;
}

static void merge_option(struct merge *m, const struct master_service *s,
                         const struct want_option *o, bool *drop,
                         const struct name *found, size_t count)
{
    size_t keep = count;
    if (!o->unset) {
        const struct master_option *last = &m->doc->options[found[--keep].at];
        if (text_eq_squeezed(last->value, o->value))
            return;
        update_option(m, last, o);
    }
    for (size_t k = 0; k < keep; k++)
        drop_option(m, s, &m->doc->options[found[k].at], drop);
}

static void merge_service(struct merge *m, const struct want *w,
                          const struct master_service *s)
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
static bool concerns(const struct merge *m, const struct want *w,
                     const struct master_service *s)
{
    return !w->unset && bytes_eq(w->command, master_column(m->doc, s, MASTER_COMMAND)) &&
           address_agrees(w->name, master_column(m->doc, s, MASTER_NAME));
}

static bool may_append(const struct merge *m, const struct want *w)
{
    const struct master_text *f = m->fragment;
    CLEANUP(buf_release) struct buf id = BUF_INIT;
    buf_addb(&id, w->name);
    buf_addc(&id, '/');
    buf_addb(&id, master_column(f, &f->items[w->service], MASTER_TYPE));
    return !rules_list(m->rules, "only_existing", bytes_buf(&id));
}

/* An entry that Postfix itself cannot start is the administrator's to correct. */
static int check_present(const struct merge *m, const struct want *w, struct err *err)
{
    const struct name *found;
    size_t count = names_find(&m->present, w->key, &found);
    for (size_t i = 0; i < count; i++) {
        const struct master_service *s = &m->doc->items[found[i].at];
        if (s->misread && concerns(m, w, s))
            return err_set(err, ERR_INPUT, "line %zu: %s; correct that first",
                           master_line(m->doc, s), s->misread);
    }
    return 0;
}

static void merge_want(struct merge *m, const struct want *w, struct buf *appended)
{
    const struct name *found;
    size_t count = names_find(&m->present, w->key, &found), met = 0;
    for (size_t i = 0; i < count; i++) {
        const struct master_service *s = &m->doc->items[found[i].at];
        if (!address_agrees(w->name, master_column(m->doc, s, MASTER_NAME)))
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

int master_merge(const struct master_text *doc, const struct master_text *fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(merge_release)
    struct merge m = {.doc = doc, .fragment = fragment, .rules = rules, .edits = edits};
    CLEANUP(buf_release) struct buf appended = BUF_INIT;
    if (read_wants(&m, err) < 0)
        return -1;
    for (size_t i = 0; i < doc->count; i++) {
        const struct master_service *s = &doc->items[i];
        names_add(&m.present,
                  add_key(&m.keys, rules, master_column(doc, s, MASTER_TYPE),
                          master_column(doc, s, MASTER_NAME)),
                  i);
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
