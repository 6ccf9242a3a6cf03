/* A plan in words: what each library grants, what changes, whom it cuts off. */
#ifndef REPORT_PLAN_TEXT_H
#define REPORT_PLAN_TEXT_H

#include "plan/plan.h"

/* Appends lines of at most 80 columns where names allow, each a comment ("# "), so that they may
 * stand behind a patch. */
void plan_text_summary(const struct plan *plan, struct buf *out);

/* Appends a note as one line without its end: "postfix: '/etc/x': what is wrong: what to do". */
void plan_text_note(const struct plan_note *note, struct buf *out);

const char *
plan_severity_name(enum plan_severity severity); /* "info", "warning", "error" */

#endif
