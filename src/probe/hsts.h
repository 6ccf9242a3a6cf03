/* A value of the field Strict-Transport-Security, read as browsers read it. Ref: RFC 6797 6.1 */
#ifndef PROBE_HSTS_H
#define PROBE_HSTS_H

#include <stdbool.h>
#include <stdint.h>

#define HSTS_AGE_LIMIT INT64_C(3153600000) /* a hundred years; more is read as that */

struct hsts {
    int64_t max_age; /* seconds */
    bool subdomains;
    bool preload; /* not of the RFC: what the lists in browsers ask for */
};

/* NULL: `ret` is filled. Else why browsers ignore the field (static), and `ret` is untouched. */
const char *hsts_read(const char *field, struct hsts *ret);

#endif
