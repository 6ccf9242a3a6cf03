/* A plan as JSON, for programs. */
#ifndef REPORT_PLAN_JSON_H
#define REPORT_PLAN_JSON_H

#include <jansson.h>

#include "plan/plan.h"

/* A new reference:
 *     {"profile": S, "root": S, "changes": B,
 *      "files": [{"service", "path", "kind": "file"|"symlink", "change": "create"|"modify"|"remove",
 *                 "mode": "0644", "uid", "gid", "sha256_before", "sha256_after", "diff"}],
 *      "entries": [{"service", "uri", "dn", "before": {}, "after": {}, "ldif"}],
 *      "services": [{"name", "title", "version", "library", "running", "activate", "outage", "grants"}],
 *      "endpoints": [{"service", "role", "address", "port", "starttls", "name", "required"}],
 *      "notes": [{"severity", "service", "file", "what", "remedy"}]}
 * Members that do not apply are null. Bytes that are not UTF-8 become U+FFFD in diffs. */
json_t *plan_json(const struct plan *plan);

#endif
