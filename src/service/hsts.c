/* The value of two that binds clients longer and for more hosts: what was promised is not taken back.
 * A present value is read loosely, as clients do; one that cannot be read promises nothing. */
#include "service/hsts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct hsts {
    json_int_t max_age; /* seconds */
    bool subdomains, preload;
};

#define AGE_LIMIT 3153600000 /* a hundred years; more is read as that */

static struct hsts read_present(const char *value)
{
    const char *age = value ? strcasestr(value, "max-age") : NULL;
    struct hsts h = {.max_age = 0};
    if (!age)
        return h;
    age += strlen("max-age");
    age += strspn(age, " \t=\"");
    unsigned long long seconds = *age >= '0' && *age <= '9' ? strtoull(age, NULL, 10) : 0;
    h.max_age = seconds < AGE_LIMIT ? (json_int_t)seconds : AGE_LIMIT;
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

char *hsts_stronger(const char *present, const json_t *wanted)
{
    struct hsts have = read_present(present), want = read_wanted(wanted);
    if (present && have.max_age >= want.max_age && have.subdomains >= want.subdomains &&
        have.preload >= want.preload)
        return mem_strdup(present);
    struct buf out = BUF_INIT;
    buf_addf(&out, "max-age=%" JSON_INTEGER_FORMAT,
             have.max_age > want.max_age ? have.max_age : want.max_age);
    if (have.subdomains || want.subdomains)
        buf_adds(&out, "; includeSubDomains");
    if (have.preload || want.preload)
        buf_adds(&out, "; preload");
    return buf_take(&out);
}
