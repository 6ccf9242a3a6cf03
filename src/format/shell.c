/*
 * Assignments in a file that sh sources (as root, and more than once).
 *
 *   facts    {"variables": {NAME: value}}, as sh has them in the end; null where the value is
 *            computed or conditional. With "error": "line N: why" when sh, or we, cannot read on
 *            from there; what is told then is what stands before it.
 *   merge    a variable whose last assignment is a plain one, alone in its statement, is changed
 *            there; any other last assignment is left alone and overridden in a line behind it.
 *            Values are compared as sh has them (X="a" is X=a). Earlier assignments stay: lines
 *            between may use them. A new variable goes below the comment that begins with
 *            "##NAME: NAME:" where there is one (sysconftool's), otherwise to the end.
 *            "#NAME=..." removes every assignment, or fails where one cannot be removed safely.
 *            The fragment may hold plain assignments of fixed values only, one per line.
 *   rules    "sole": true or [NAME, ...]   earlier plain assignments are removed as well (for
 *                                          programs that read the file line by line)
 *   escape   for "NAME={{value}}": one word, bare or in single quotes
 *
 * A file with CRLF line ends is broken for sh (values end in \r); its bytes are kept, what is
 * written ends in "\n".
 *
 * Not handled: what ".", "eval" and functions assign when they run.
 */
#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/lines.h"
#include "format/names.h"
#include "format/shell_text.h"
#include "format/wants.h"

struct doc {
    struct shell_text text;
    struct names names; /* of assignments */
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    shell_text_read(&doc->text, text);
    for (size_t i = 0; i < doc->text.assignment_count; i++)
        names_add(&doc->names, doc->text.assignments[i].name, i);
    names_sort(&doc->names);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    shell_text_release(&doc->text);
    names_release(&doc->names);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    for (size_t i = 0; i < doc->text.count; i++) {
        const struct statement *s = &doc->text.statements[i];
        buf_addb(out, text_span(doc->text.text, s->begin, s->end));
    }
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    (void)scope;
    const struct shell_text *t = &doc->text;
    json_t *variables = json_object(), *json = json_pack("{so}", "variables", variables);
    for (size_t i = 0; i < t->assignment_count; i++) {
        const struct assignment *a = &t->assignments[i];
        text_json_set(variables, a->name,
                      a->kind == ASSIGNS ? text_json(shell_text_value(t, a))
                                         : json_null());
    }
    if (t->bad)
        json_object_set_new(json, "error",
                            json_sprintf("line %zu: %s", t->bad_line, t->bad));
    return json;
}

/* --- what a fragment wants ------------------------------------------------------------------- */

/* "#NAME=...", without white space behind the "#". */
static void want_unset(struct wants *w, const struct shell_text *f,
                       const struct statement *s)
{
    struct bytes b = text_span(f->text, s->begin, s->end);
    struct bytes rest = text_span(b, 1, b.len);
    size_t n = b.data[0] == '#' ? shell_name_len(rest) : 0;
    if (n && n < rest.len && rest.data[n] == '=')
        wants_add(w, (struct want){
                         .name = text_span(rest, 0, n), .line = s->line, .unset = true});
}

static int want_set(struct wants *w, const struct shell_text *f, size_t index,
                    const struct statement *s, struct err *err)
{
    const struct assignment *a =
        index < f->assignment_count ? &f->assignments[index] : NULL;
    if (!a || &f->statements[a->statement] != s || !a->alone || a->by_command)
        return fragment_error(err, s->line, "not one assignment of the form NAME=value");
    if (a->kind != ASSIGNS)
        return fragment_error(err, s->line, "the value of '%.*s' is not a fixed one",
                              (int)a->name.len, a->name.data);
    wants_add(w, (struct want){.name = a->name,
                               .value = shell_text_value(f, a),
                               .line = s->line,
                               .index = index});
    return 0;
}

static int read_wants(struct wants *w, const struct shell_text *f, struct err *err)
{
    size_t index = 0;
    if (f->bad)
        return fragment_error(err, f->bad_line, "%s", f->bad);
    for (size_t i = 0; i < f->count; i++) {
        const struct statement *s = &f->statements[i];
        if (s->kind == STATEMENT_COMMENT)
            want_unset(w, f, s);
        else if (s->kind == STATEMENT_COMMANDS && want_set(w, f, index++, s, err) < 0)
            return -1;
    }
    return wants_finish(w, err);
}

/* --- merging --------------------------------------------------------------------------------- */

struct merge {
    const struct shell_text *text, *fragment;
    const struct names *names;
    struct names markers; /* "##NAME: NAME:" comments, by statement */
    const json_t *rules;
    struct edits *edits;
    bool ended; /* the last line, which had no end, was given one */
};

static const struct assignment *assignment(const struct merge *m, const struct name *at)
{
    return &m->text->assignments[at->at];
}

/* May this merge go through? Asked before the first edit is made. */
static int check(const struct merge *m, const struct want *w, struct err *err)
{
    const struct name *found;
    size_t count = names_find(m->names, w->name, &found);
    for (size_t i = 0; i < count; i++) {
        const struct assignment *a = assignment(m, found + i);
        if (w->unset && !a->alone && a->kind != ASSIGNS_AWAY)
            return err_set(err, ERR_INPUT,
                           "line %zu sets '%.*s' among other things; remove that by hand",
                           a->line, (int)w->name.len, w->name.data);
        bool last = i + 1 == count;
        bool ours = last && a->alone && a->kind == ASSIGNS;
        if (!w->unset && a->read_only && !ours)
            return err_set(err, ERR_INPUT,
                           "line %zu makes '%.*s' read-only; change that by hand",
                           a->line, (int)w->name.len, w->name.data);
    }
    return 0;
}

/* Does what is written behind the text's first `at` bytes continue a line? An odd backslash
 * before the last line end says so; behind a comment it does not, but an empty line is no harm. */
static bool continues(struct bytes text, size_t at)
{
    size_t backslashes = 0;
    if (at < text.len || at == 0 || text.data[at - 1] != '\n')
        return false;
    while (backslashes + 1 < at && text.data[at - 2 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

/* Adds whole lines; "\n" always, because sh reads "\r" as part of a value. */
static void insert(struct merge *m, size_t at, struct bytes lines)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct bytes present = m->text->text;
    bool whole = at == 0 || (present.data[at - 1] == '\n' && !continues(present, at));
    if (!whole && !m->ended) {
        buf_addc(&text, '\n');
        m->ended = true;
    }
    buf_addb(&text, lines);
    edits_add(m->edits, at, at, bytes_buf(&text));
}

static struct bytes written(const struct merge *m, const struct want *w)
{
    const struct assignment *a = &m->fragment->assignments[w->index];
    return text_span(m->fragment->text, a->value_begin, a->value_end);
}

static void add_line(const struct merge *m, const struct want *w, struct buf *out)
{
    buf_addb(out, w->name);
    buf_addc(out, '=');
    buf_addb(out, written(m, w));
    buf_addc(out, '\n');
}

static void remove_assignment(struct merge *m, const struct assignment *a)
{
    const struct statement *s = &m->text->statements[a->statement];
    edits_add(m->edits, s->begin, s->comment, BYTES(""));
}

/* True when the last assignment, perhaps changed, now is the one that counts; false when a line
 * behind it does. */
static bool update(struct merge *m, const struct want *w, const struct assignment *a)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (a->kind == ASSIGNS && bytes_eq(shell_text_value(m->text, a), w->value))
        return true;
    if (a->kind == ASSIGNS && a->alone) {
        /* With its name: an empty value is a place that something else may be inserted at. */
        buf_addb(&text, a->name);
        buf_addc(&text, '=');
        if (a->by_command) /* export may split and glob what is not quoted */
            shell_quote(w->value, &text);
        else
            buf_addb(&text, written(m, w));
        edits_add(m->edits, a->value_begin - a->name.len - 1, a->value_end,
                  bytes_buf(&text));
        return true;
    }
    add_line(m, w, &text);
    insert(m, m->text->statements[a->statement].end, bytes_buf(&text));
    return false;
}

/* The name that a sysconftool marker is for: "##NAME: NAME:revision". */
static struct bytes marker_name(const struct shell_text *t, const struct statement *s)
{
    struct bytes b = text_span(t->text, s->begin, s->end);
    if (s->kind != STATEMENT_COMMENT || !bytes_starts(b, "##NAME:"))
        return BYTES("");
    b = text_trim(text_span(b, 7, b.len));
    return text_span(b, 0, shell_name_len(b));
}

static void index_markers(struct merge *m)
{
    for (size_t i = 0; i < m->text->count; i++) {
        struct bytes name = marker_name(m->text, &m->text->statements[i]);
        if (name.len)
            names_add(&m->markers, name, i);
    }
    names_sort(&m->markers);
}

/* Below the comment lines that the marker begins; at the end without a marker. */
static void add_new(struct merge *m, const struct want *w)
{
    const struct shell_text *t = m->text;
    const struct name *marker;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (names_find(&m->markers, w->name, &marker) == 0) {
        add_line(m, w, &text);
        insert(m, t->text.len, bytes_buf(&text));
        return;
    }
    size_t i = marker->at + 1;
    while (i < t->count && t->statements[i].kind == STATEMENT_COMMENT &&
           marker_name(t, &t->statements[i]).len == 0)
        i++;
    buf_addc(&text, '\n');
    add_line(m, w, &text);
    if (i < t->count && t->statements[i].kind != STATEMENT_BLANK)
        buf_addc(&text, '\n');
    insert(m, t->statements[i - 1].end, bytes_buf(&text));
}

static void merge_one(struct merge *m, const struct want *w)
{
    const struct name *found;
    size_t count = names_find(m->names, w->name, &found);
    if (count == 0) {
        if (!w->unset)
            add_new(m, w);
        return;
    }
    size_t obsolete = count;
    if (!w->unset) {
        obsolete -= update(m, w, assignment(m, found + count - 1));
        if (!rules_list(m->rules, "sole", w->name))
            return;
    }
    for (size_t i = 0; i < obsolete; i++)
        if (assignment(m, found + i)->alone)
            remove_assignment(m, assignment(m, found + i));
}

static void merge_release(struct merge *m)
{
    names_release(&m->markers);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *parsed = parse(fragment);
    CLEANUP(wants_release) struct wants wants = WANTS_INIT;
    CLEANUP(merge_release)
    struct merge m = {.text = &doc->text,
                      .fragment = &parsed->text,
                      .names = &doc->names,
                      .rules = rules,
                      .edits = edits};
    (void)scope;
    if (read_wants(&wants, m.fragment, err) < 0)
        return -1;
    if (doc->text.bad)
        return err_set(err, ERR_INPUT, "line %zu: %s; correct the file first",
                       doc->text.bad_line, doc->text.bad);
    for (size_t i = 0; i < wants.count; i++)
        if (wants_counts(&wants, i) && check(&m, &wants.items[i], err) < 0)
            return -1;
    index_markers(&m);
    for (size_t i = 0; i < wants.count; i++)
        if (wants_counts(&wants, i))
            merge_one(&m, &wants.items[i]);
    return 0;
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (value.len && text_has_control(value))
        return err_set(err, ERR_INPUT, "the value holds a control character");
    shell_quote(value, out);
    return 0;
}

const struct format format_shell = {
    .name = "shell",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
