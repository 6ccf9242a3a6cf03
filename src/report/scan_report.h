/* Everything that an endpoint accepts, for people and for programs, with marks at what is weak and
 * at what a policy forbids. */
#ifndef REPORT_SCAN_REPORT_H
#define REPORT_SCAN_REPORT_H

#include "policy/policy.h"
#include "probe/scan.h"

struct scan_report {
    const struct endpoint *endpoint;
    const struct scan *scan;
    const struct policy *policy; /* NULL: nothing is forbidden */
    const char *profile;         /* its name; NULL like `policy` */
};

/* Appends it as text. */
void scan_report_text(const struct scan_report *r, bool color, struct buf *out);

/* scan_json() with "weak" (why, or null) and, with a policy, "forbidden" in each version that is
 * supported, suite, group, scheme and certificate; "target" is the endpoint in words. Owned by the
 * caller (json_decref). */
json_t *scan_report_json(const struct scan_report *r);

#endif
