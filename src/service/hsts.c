/* The value of two that binds clients longer and for more hosts: what was promised is not taken back.
 * A present value that browsers ignore is read loosely, so that what was meant is promised again; one that cannot be
 * read at all promises nothing. */
#include "service/hsts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "probe/hsts.h"

static struct hsts read_loosely(const char *value)
{
    const char *age = value ? strcasestr(value, "max-age") : NULL;
    struct hsts h = {.max_age = 0};
    if (!age)
        return h;
    age += strlen("max-age");
    age += strspn(age, " \t=\"");
    unsigned long long seconds = *age >= '0' && *age <= '9' ? strtoull(age, NULL, 10) : 0;
    h.max_age = seconds < HSTS_AGE_LIMIT ? (int64_t)seconds : HSTS_AGE_LIMIT;
    h.subdomains = strcasestr(value, "includesubdomains") != NULL;
    h.preload = strcasestr(value, "preload") != NULL;
    return h;
}

static struct hsts read_wanted(const json_t *wanted)
{
    return (struct hsts){
        .max_age = json_integer_value(json_object_get(wanted, "max_age")),
        .subdomains = json_is_true(json_object_get(wanted, "include_subdomains")),
        .preload = json_is_true(json_object_get(wanted, "preload"))};
}

static bool covers(const struct hsts *a, const struct hsts *b)
{
    return a->max_age >= b->max_age && a->subdomains >= b->subdomains &&
           a->preload >= b->preload;
}

char *hsts_stronger(const char *present, const json_t *wanted)
{
    struct hsts have, want = read_wanted(wanted);
    bool sound = present && !hsts_read(present, &have);
    if (!sound)
        have = read_loosely(present);
    if (sound && covers(&have, &want))
        return mem_strdup(present);
    struct buf out = BUF_INIT;
    buf_addf(&out, "max-age=%lld",
             (long long)(have.max_age > want.max_age ? have.max_age : want.max_age));
    if (have.subdomains || want.subdomains)
        buf_adds(&out, "; includeSubDomains");
    if (have.preload || want.preload)
        buf_adds(&out, "; preload");
    return buf_take(&out);
}
