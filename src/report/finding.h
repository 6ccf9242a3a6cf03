/*
 * What was found when something was held against a profile: one model for endpoints on the wire and
 * for files.
 *
 *     CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
 *     struct finding *f = findings_add(&all, &rule, FINDING_VIOLATION, "192.0.2.1:443");
 *     f->expected = mem_strdup("TLSv1.2, TLSv1.3");
 *     f->found = mem_strdup("TLSv1");
 *     findings_sort(&all);
 *     findings_text(&all, true, &out);
 *
 * A verdict has three values. What could not be found out is neither a pass nor a violation, and
 * no report of it is good news.
 */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum finding_severity {
    FINDING_INFO,
    FINDING_LOW,
    FINDING_MEDIUM,
    FINDING_HIGH,
    FINDING_CRITICAL,
};

enum finding_verdict { FINDING_CONFORMS, FINDING_VIOLATION, FINDING_INCONCLUSIVE };

/* What is looked at, whatever comes of it. Static. */
struct finding_rule {
    const char *id;    /* stable: programs and people keep it in their lists */
    const char *title; /* what is asked, in a few words */
    enum finding_severity severity; /* of a violation, unless the finding knows better */
    const char *remedy;    /* what to do about a violation; NULL: nothing known */
    const char *reference; /* "RFC 8996"; NULL: none */
};

struct finding {
    const struct finding_rule *rule; /* borrowed */
    enum finding_verdict verdict;
    enum finding_severity severity; /* the rule's, unless changed */
    char *subject;                  /* what was looked at: an endpoint, a file; owned */
    char *part;     /* of the subject: "TLSv1.2", "line 7"; owned; NULL: all of it */
    char *expected; /* owned; NULL: the rule's title says it */
    char *found;    /* owned; why there is no verdict, when inconclusive; NULL: nothing */
    char *remedy;   /* owned; NULL: the rule's */
    size_t order;   /* when it was added; private */
};

struct findings {
    struct finding *items;
    size_t count, cap;
    size_t dropped; /* conforming ones that were counted and are gone */
    /* Subjects without findings here: an earlier run has reported them (some with violations), or nobody got round
     * to them. */
    size_t resumed, resumed_bad, left;
};

#define FINDINGS_INIT                                                                    \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void findings_release(struct findings *f);

/* The new one, without expected and found; owned by the list and valid until the next call. */
struct finding *findings_add(struct findings *f, const struct finding_rule *rule,
                             enum finding_verdict verdict, const char *subject);

/* Violations by severity, then what is inconclusive, then what conforms; within these by subject, and
 * then as they were added. */
void findings_sort(struct findings *f);

/* Keeps the count of what conforms, and nothing else of it. */
void findings_drop_conforming(struct findings *f);

/* Moves all of `from` to the end of `to`. */
void findings_join(struct findings *to, struct findings *from);

size_t findings_count(const struct findings *f, enum finding_verdict verdict);

/* 1: a violation of at least that severity; else 4: something is inconclusive; else 0. */
int findings_status(const struct findings *f, enum finding_severity fail_on);

const char *finding_severity_name(enum finding_severity s); /* "critical" */
const char *finding_verdict_name(enum finding_verdict v);   /* "violation" */

/* False: no such name. */
bool finding_severity_by_name(const char *name, enum finding_severity *ret);

/* --- reports: in the order of the list; text of any origin is made safe to show -------------- */

/* Lines of at most 80 columns where words allow: violations and inconclusive ones in full, one
 * line for each that conforms; then the counts. */
void findings_text(const struct findings *f, bool color, struct buf *out);

/* An array. Owned by the caller (json_decref). */
json_t *findings_json(const struct findings *f);

/* A document that CI servers read: a suite per subject, a case per finding. A violation is a
 * `failure`, an inconclusive one an `error`. ERR_SYSTEM: libxml2 cannot write it. */
int findings_junit(const struct findings *f, struct buf *out, struct err *err) MUST_CHECK;

#endif
