/* The list of findings, its order and what it comes to. */
#include "report/finding.h"

#include <stdlib.h>
#include <string.h>

static void release(struct finding *f)
{
    free(f->subject);
    free(f->part);
    free(f->expected);
    free(f->found);
    free(f->remedy);
}

void findings_release(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        release(&f->items[i]);
    free(f->items);
    *f = (struct findings)FINDINGS_INIT;
}

struct finding *findings_add(struct findings *f, const struct finding_rule *rule,
                             enum finding_verdict verdict, const char *subject)
{
    MEM_GROW(f->items, f->count, f->cap);
    struct finding *new = &f->items[f->count];
    *new = (struct finding){.rule = rule,
                            .verdict = verdict,
                            .severity = rule->severity,
                            .subject = mem_strdup(subject),
                            .order = f->count};
    f->count++;
    return new;
}

void findings_drop_conforming(struct findings *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].verdict != FINDING_CONFORMS) {
            f->items[kept++] = f->items[i];
            continue;
        }
        release(&f->items[i]);
        f->dropped++;
    }
    f->count = kept;
}

void findings_join(struct findings *to, struct findings *from)
{
    for (size_t i = 0; i < from->count; i++) {
        MEM_GROW(to->items, to->count, to->cap);
        to->items[to->count] = from->items[i];
        to->items[to->count].order = to->count;
        to->count++;
    }
    to->dropped += from->dropped;
    free(from->items);
    *from = (struct findings)FINDINGS_INIT;
}

/* 0 comes first. */
static int rank(const struct finding *f)
{
    if (f->verdict == FINDING_VIOLATION)
        return FINDING_CRITICAL - (int)f->severity;
    return FINDING_CRITICAL + (f->verdict == FINDING_INCONCLUSIVE ? 1 : 2);
}

static int compare(const void *a, const void *b)
{
    const struct finding *one = a, *other = b;
    int by = rank(one) - rank(other);
    if (by == 0)
        by = strcmp(one->subject, other->subject);
    if (by == 0)
        by = one->order < other->order ? -1 : one->order > other->order;
    return by;
}

void findings_sort(struct findings *f)
{
    if (f->count)
        qsort(f->items, f->count, sizeof *f->items, compare);
}

size_t findings_count(const struct findings *f, enum finding_verdict verdict)
{
    size_t n = verdict == FINDING_CONFORMS ? f->dropped : 0;
    for (size_t i = 0; i < f->count; i++)
        n += f->items[i].verdict == verdict;
    return n;
}

int findings_status(const struct findings *f, enum finding_severity fail_on)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].verdict == FINDING_VIOLATION && f->items[i].severity >= fail_on)
            return 1;
    return findings_count(f, FINDING_INCONCLUSIVE) ? err_exit_status(ERR_SYSTEM) : 0;
}

/* --- names ----------------------------------------------------------------------------------- */

static const char *const severities[] = {
    [FINDING_INFO] = "info", [FINDING_LOW] = "low",           [FINDING_MEDIUM] = "medium",
    [FINDING_HIGH] = "high", [FINDING_CRITICAL] = "critical",
};

const char *finding_severity_name(enum finding_severity s)
{
    return severities[s];
}

const char *finding_verdict_name(enum finding_verdict v)
{
    static const char *const names[] = {"conforms", "violation", "inconclusive"};
    return names[v];
}

bool finding_severity_by_name(const char *name, enum finding_severity *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(severities); i++)
        if (strcmp(severities[i], name) == 0) {
            *ret = (enum finding_severity)i;
            return true;
        }
    return false;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static const char *remedy_of(const struct finding *f)
{
    return f->remedy ? f->remedy : f->rule->remedy;
}

static json_t *finding_json(const struct finding *f)
{
    bool bad = f->verdict == FINDING_VIOLATION;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "rule",
                     f->rule->id, "title", f->rule->title, "verdict",
                     finding_verdict_name(f->verdict), "severity",
                     finding_severity_name(f->severity), "subject", f->subject, "part",
                     f->part, "expected", f->expected, "found", f->found, "remedy",
                     bad ? remedy_of(f) : NULL, "reference", f->rule->reference);
}

json_t *findings_json(const struct findings *f)
{
    json_t *all = json_array();
    for (size_t i = 0; i < f->count; i++)
        json_array_append_new(all, finding_json(&f->items[i]));
    return all;
}
