/* Policies as values. */
#include "policy/policy.h"

#include <stdlib.h>

void policy_release(struct policy *p)
{
    free(p->suites13);
    free(p->accepted);
    free(p->suites);
    free(p->groups);
    free(p->sigschemes);
    free(p->certificate.curves);
    json_decref(p->effective);
    *p = (struct policy)POLICY_INIT;
}

static bool has_suite(const struct policy_suite *list, size_t count,
                      const struct suite *s)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].suite == s)
            return true;
    return false;
}

bool policy_has_suite(const struct policy *p, const struct suite *s)
{
    return has_suite(p->suites13, p->suite13_count, s) ||
           has_suite(p->suites, p->suite_count, s);
}

bool policy_allows_suite(const struct policy *p, const struct suite *s)
{
    for (size_t i = 0; i < p->accepted_count; i++)
        if (p->accepted[i] == s)
            return true;
    return policy_has_suite(p, s);
}

bool policy_has_group(const struct policy *p, const struct tls_group *g)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i].group == g)
            return true;
    return false;
}

bool policy_has_sigscheme(const struct policy *p, const struct sigscheme *s)
{
    for (size_t i = 0; i < p->sigscheme_count; i++)
        if (p->sigschemes[i].scheme == s)
            return true;
    return false;
}

static json_t *setting(const struct policy *p, const char *section, const char *key)
{
    return json_object_get(json_object_get(p->effective, section), key);
}

bool policy_allows_curve(const struct policy *p, const char *curve)
{
    const struct tls_group *group = group_by_any(curve);
    for (size_t i = 0; i < p->certificate.curve_count; i++)
        if (p->certificate.curves[i] == group)
            return true;
    return p->certificate.curve_count == 0;
}

const char *policy_string(const struct policy *p, const char *section, const char *key)
{
    const char *s = json_string_value(setting(p, section, key));
    return s ? s : "";
}

long policy_number(const struct policy *p, const char *section, const char *key)
{
    return (long)json_integer_value(setting(p, section, key));
}

bool policy_flag(const struct policy *p, const char *section, const char *key)
{
    return json_is_true(setting(p, section, key));
}
