/* A name that is no IANA name may be a library's, or nearly right: the message says which. */
#include "policy/names.h"

#include <stdlib.h>

#include "base/suggest.h"
#include "policy/group.h"
#include "policy/protocol.h"
#include "policy/sigscheme.h"
#include "policy/suite.h"

/* "unknown suite 'X'", with the nearest of `count` names. */
static char *unknown(const char *what, const char *name, const char *other,
                     const char **names, size_t count)
{
    if (other)
        return mem_printf("'%s' is a library's name; write the IANA name '%s'", name,
                          other);
    const char *near = suggest(name, names, count);
    return near ? mem_printf("unknown %s '%s'; did you mean '%s'?", what, name, near)
                : mem_printf("unknown %s '%s'", what, name);
}

static char *suite_problem(const char *name)
{
    const struct suite *s = suite_by_name(name), *other = s ? NULL : suite_by_any(name);
    if (s && !suite_refused(s))
        return NULL;
    if (s)
        return mem_printf("no profile may ask for '%s': it %s", name, suite_refused(s));
    size_t count;
    const struct suite *table = suite_table(&count);
    const char **names = mem_alloc((count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    char *why = unknown("suite", name, other ? other->name : NULL, names, count);
    free(names);
    return why;
}

static char *group_problem(const char *name)
{
    const struct tls_group *g = group_by_name(name),
                           *other = g ? NULL : group_by_any(name);
    if (g)
        return NULL;
    size_t count;
    const struct tls_group *table = group_table(&count);
    const char **names = mem_alloc((count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    char *why = unknown("group", name, other ? other->name : NULL, names, count);
    free(names);
    return why;
}

static char *sigscheme_problem(const char *name)
{
    const struct sigscheme *s = sigscheme_by_name(name);
    const struct sigscheme *other = s ? NULL : sigscheme_by_any(name);
    if (s && !s->refused)
        return NULL;
    if (s)
        return mem_printf("no profile may ask for '%s': it %s", name, s->refused);
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    const char **names = mem_alloc((count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    char *why =
        unknown("signature scheme", name, other ? other->name : NULL, names, count);
    free(names);
    return why;
}

static char *protocol_problem(const char *name)
{
    static const char *const names[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    const struct protocol_info *p = protocol_by_name(name);
    if (p && !p->refused)
        return NULL;
    if (p)
        return mem_printf("no profile may ask for '%s': it %s", name, p->refused);
    const char *near = suggest(name, names, ARRAY_LEN(names));
    return mem_printf("unknown protocol '%s'; did you mean '%s'?", name,
                      near ? near : "TLSv1.2");
}

static char *optional_problem(const char *name)
{
    const struct protocol_info *p = protocol_by_name(name);
    if ((p && !p->refused) || suite_by_name(name) || group_by_name(name) ||
        sigscheme_by_name(name))
        return NULL;
    return mem_printf("'%s' is no version, suite, group or signature scheme", name);
}

bool name_problem(enum key_type type, const char *name, char **ret_why)
{
    switch (type) {
    case KEY_PROTOCOLS:
        *ret_why = protocol_problem(name);
        break;
    case KEY_SUITES:
        *ret_why = suite_problem(name);
        break;
    case KEY_GROUPS:
        *ret_why = group_problem(name);
        break;
    case KEY_SIGSCHEMES:
        *ret_why = sigscheme_problem(name);
        break;
    case KEY_OPTIONAL:
        *ret_why = optional_problem(name);
        break;
    case KEY_SECTION:
    case KEY_TEXT:
    case KEY_NAME:
    case KEY_TEXTS:
    case KEY_FLAG:
    case KEY_NUMBER:
    case KEY_CHOICE:
    case KEY_SCOPES:
    case KEY_LEVELS:
        *ret_why = NULL;
        break;
    }
    return *ret_why != NULL;
}
