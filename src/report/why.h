/* The reasons for what a plan changes, as the templates' comments give them. */
#ifndef REPORT_WHY_H
#define REPORT_WHY_H

#include <jansson.h>

#include "plan/plan.h"
#include "service/reasons.h"

/* A new reference: [{"directive": S, "why": S, "reference": S, "removed": B}, ...], each setting once, in the order of
 * the change. Settings that no template speaks of are left out. */
json_t *why_file(const struct plan_file *file, const struct reasons *reasons);
json_t *why_entry(const struct plan_entry *entry, const struct reasons *reasons);

/* Appends them as comments of at most 80 columns: "#   SSLProtocol: why [reference]". */
void why_text(const json_t *why, struct buf *out);

#endif
