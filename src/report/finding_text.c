/*
 * Findings for people: a column for what it comes to, a column for the labels, and text that is
 * broken at spaces so that it keeps to its column.
 */
#include <stdio.h>
#include <string.h>

#include "report/finding.h"
#include "report/wrap.h"

#define FIRST  14 /* where the second column begins: "inconclusive  " */
#define SECOND 24 /* where the text of a label begins */

#define RESET "\033[0m"

static const char *color_of(const struct finding *f)
{
    static const char *const by_severity[] = {
        [FINDING_INFO] = "\033[36m",       [FINDING_LOW] = "\033[33m",
        [FINDING_MEDIUM] = "\033[1;33m",   [FINDING_HIGH] = "\033[31m",
        [FINDING_CRITICAL] = "\033[1;31m",
    };
    switch (f->verdict) {
    case FINDING_CONFORMS:
        return "\033[32m";
    case FINDING_VIOLATION:
        return by_severity[f->severity];
    case FINDING_INCONCLUSIVE:
        return "\033[35m";
    }
    return "";
}

static const char *word_of(const struct finding *f)
{
    switch (f->verdict) {
    case FINDING_CONFORMS:
        return "ok";
    case FINDING_VIOLATION:
        return finding_severity_name(f->severity);
    case FINDING_INCONCLUSIVE:
        return "inconclusive";
    }
    return "";
}

/* Words from column `at` on; further lines begin there, too. */
static void add_wrapped(const char *text, size_t at, struct buf *out)
{
    char prefix[SECOND + 1];
    snprintf(prefix, sizeof prefix, "%*s", (int)at, "");
    wrap_add(text, at, prefix, out);
}

static void add_label(const char *label, const char *text, struct buf *out)
{
    if (!text || !*text)
        return;
    buf_addf(out, "%*s%-*s", FIRST, "", SECOND - FIRST, label);
    add_wrapped(text, SECOND, out);
}

/* The coloured word, filled up to the second column. */
static void add_word(const struct finding *f, bool color, struct buf *out)
{
    const char *word = word_of(f);
    buf_addf(out, "%s%s%s%*s", color ? color_of(f) : "", word, color ? RESET : "",
             FIRST - (int)strlen(word), "");
}

static void add_head(const struct finding *f, bool color, struct buf *out)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    buf_addf(&line, "%s: %s%s%s", f->subject, f->part ? f->part : "", f->part ? ": " : "",
             f->rule->title);
    add_word(f, color, out);
    add_wrapped(buf_str(&line), FIRST, out);
}

static void add_finding(const struct finding *f, bool color, struct buf *out)
{
    add_head(f, color, out);
    if (f->verdict == FINDING_CONFORMS)
        return;
    add_label("expected", f->expected, out);
    add_label(f->verdict == FINDING_VIOLATION ? "found" : "because", f->found, out);
    if (f->verdict == FINDING_VIOLATION)
        add_label("remedy", f->remedy ? f->remedy : f->rule->remedy, out);
    add_label("rule", f->rule->id, out);
    add_label("see", f->rule->reference, out);
}

static void add_counts(const struct findings *f, struct buf *out)
{
    size_t bad = findings_count(f, FINDING_VIOLATION),
           unsure = findings_count(f, FINDING_INCONCLUSIVE),
           fine = findings_count(f, FINDING_CONFORMS);
    buf_addf(out, "%zu violation%s, %zu inconclusive, %zu conform%s", bad,
             bad == 1 ? "" : "s", unsure, fine, fine == 1 ? "s" : "");
    if (f->resumed)
        buf_addf(out, "; %zu done before", f->resumed);
    if (f->resumed_bad)
        buf_addf(out, " (%zu with violations)", f->resumed_bad);
    if (f->left)
        buf_addf(out, "; interrupted: %zu not done", f->left);
    buf_addc(out, '\n');
}

void findings_text(const struct findings *f, bool color, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++)
        add_finding(&f->items[i], color, out);
    add_counts(f, out);
}
