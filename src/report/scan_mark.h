/* What there is to say against one thing that an endpoint accepts. */
#ifndef REPORT_SCAN_MARK_H
#define REPORT_SCAN_MARK_H

#include "policy/policy.h"
#include "policy/weakness.h"
#include "probe/scan.h"

struct scan_mark {
    struct weakness weak;
    bool forbidden; /* by the policy; false without one */
};

/* `policy` may be NULL in all. */
struct scan_mark scan_mark_protocol(const struct policy *policy, enum protocol p);
struct scan_mark scan_mark_suite(const struct policy *policy, uint16_t id);
struct scan_mark scan_mark_group(const struct policy *policy, uint16_t id);
struct scan_mark scan_mark_scheme(const struct policy *policy, uint16_t id);
struct scan_mark scan_mark_dh(const struct policy *policy, unsigned bits);
struct scan_mark scan_mark_certificate(const struct policy *policy,
                                       const struct handshake_certificate *c);

#endif
