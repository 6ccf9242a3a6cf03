/* What was asked for beside what the library makes of it. */
#include <stdlib.h>

#include "dialect/capability.h"
#include "dialect/engine.h"

static void grant(struct grants *g, enum grant_kind kind, enum grant_verdict verdict,
                  const char *name, bool optional, char *reason)
{
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] = (struct grant){kind, verdict, name, optional, reason};
}

/* Why a library hasn't got something: it never had, not yet, or not in this company. `why` is
 * stolen; NULL: nothing better is known. */
static char *lacks(const struct library *l, const char *name, bool has_it,
                   const char *since, char *why)
{
    if (why && has_it)
        return why;
    free(why);
    if (has_it)
        return mem_printf("%s %s does not offer %s", dialect_name(l->kind), l->version,
                          name);
    if (since)
        return mem_printf("%s %s has no %s; needs %s", dialect_name(l->kind), l->version,
                          name, since);
    return mem_printf("%s has no %s", dialect_name(l->kind), name);
}

static void compare_protocols(const struct library *l, const struct policy *p,
                              const struct resolved *r, struct grants *g)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++) {
        bool asked = protocol_in(p->protocols, (enum protocol)v);
        bool got = protocol_in(r->protocols, (enum protocol)v);
        const char *name = protocol_info((enum protocol)v)->name;
        bool optional = protocol_in(p->optional_protocols, (enum protocol)v);
        if (asked && got)
            grant(g, GRANT_PROTOCOL, GRANT_GRANTED, name, optional, NULL);
        else if (asked)
            grant(g, GRANT_PROTOCOL, GRANT_DROPPED, name, optional,
                  lacks(l, name, true, NULL, NULL));
        else if (got)
            grant(g, GRANT_PROTOCOL, GRANT_WIDENED, name, false, NULL);
    }
}

/* Why a suite isn't granted; owned. */
static char *suite_reason(const struct library *l, const struct policy *p,
                          const struct suite *s)
{
    const struct engine *engine = engine_of(l->kind);
    const char *end = capability_end(l, s);
    if (end)
        return mem_printf("%s has no %s since %s", engine->name, s->name, end);
    return lacks(l, s->name, engine->has_suite(l, s), capability_since(l, s),
                 engine->why_not(l, p, s, NULL));
}

/* Whether nothing is lost with it: the versions that could use it were asked for as optional, and
 * the library has none of them. */
static bool is_moot(const struct suite *s, const struct policy *p,
                    const struct resolved *r)
{
    unsigned versions = protocol_range(s->min, s->max) & p->protocols;
    return !(versions & r->protocols) && !(versions & ~p->optional_protocols);
}

static void compare_suites(const struct library *l, const struct policy *p,
                           const struct resolved *r, struct grants *g)
{
    const struct policy_suite *const lists[] = {p->suites13, p->suites};
    const size_t counts[] = {p->suite13_count, p->suite_count};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < counts[k]; i++) {
            const struct suite *s = lists[k][i].suite;
            bool got = resolved_has_suite(r, s);
            grant(g, GRANT_SUITE, got ? GRANT_GRANTED : GRANT_DROPPED, s->name,
                  lists[k][i].optional || is_moot(s, p, r),
                  got ? NULL : suite_reason(l, p, s));
        }
    for (size_t i = 0; i < r->suite_count; i++)
        if (!policy_has_suite(p, r->suites[i]))
            grant(g, GRANT_SUITE, GRANT_WIDENED, r->suites[i]->name,
                  policy_allows_suite(p, r->suites[i]), NULL);
}

static void compare_groups(const struct library *l, const struct policy *p,
                           const struct resolved *r, struct grants *g)
{
    for (size_t i = 0; i < p->group_count; i++) {
        const struct tls_group *group = p->groups[i].group;
        bool got = resolved_has_group(r, group);
        const char *since =
            l->kind == DIALECT_OPENSSL ? group->openssl_min : group->gnutls_min;
        grant(g, GRANT_GROUP, got ? GRANT_GRANTED : GRANT_DROPPED, group->name,
              p->groups[i].optional,
              got ? NULL
                  : lacks(l, group->name, engine_of(l->kind)->has_group(l, group), since,
                          engine_of(l->kind)->why_not(l, p, NULL, group)));
    }
    for (size_t i = 0; i < r->group_count; i++)
        if (!policy_has_group(p, r->groups[i]))
            grant(g, GRANT_GROUP, GRANT_WIDENED, r->groups[i]->name, false, NULL);
}

static void compare_sigschemes(const struct library *l, const struct policy *p,
                               const struct resolved *r, struct grants *g)
{
    for (size_t i = 0; i < p->sigscheme_count; i++) {
        const struct sigscheme *s = p->sigschemes[i].scheme;
        bool got = resolved_has_sigscheme(r, s);
        const char *since = l->kind == DIALECT_OPENSSL ? s->openssl_min : s->gnutls_min;
        grant(g, GRANT_SIGSCHEME, got ? GRANT_GRANTED : GRANT_DROPPED, s->name,
              p->sigschemes[i].optional,
              got ? NULL
                  : lacks(l, s->name, engine_of(l->kind)->has_sigscheme(l, s), since,
                          NULL));
    }
    for (size_t i = 0; i < r->sigscheme_count; i++)
        if (!policy_has_sigscheme(p, r->sigschemes[i]))
            grant(g, GRANT_SIGSCHEME, GRANT_WIDENED, r->sigschemes[i]->name, false, NULL);
}

void compare(const struct library *l, const struct policy *p, const struct resolved *r,
             struct grants *g)
{
    compare_protocols(l, p, r, g);
    compare_suites(l, p, r, g);
    compare_groups(l, p, r, g);
    compare_sigschemes(l, p, r, g);
}

const char *resolved_outside(const struct resolved *r, const struct policy *policy)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(r->protocols, (enum protocol)v) &&
            !protocol_in(policy->protocols, (enum protocol)v))
            return protocol_info((enum protocol)v)->name;
    for (size_t i = 0; i < r->suite_count; i++)
        if (!policy_has_suite(policy, r->suites[i]))
            return r->suites[i]->name;
    for (size_t i = 0; i < r->group_count; i++)
        if (!policy_has_group(policy, r->groups[i]))
            return r->groups[i]->name;
    for (size_t i = 0; i < r->sigscheme_count; i++)
        if (!policy_has_sigscheme(policy, r->sigschemes[i]))
            return r->sigschemes[i]->name;
    return r->unknown.count ? r->unknown.items[0] : NULL;
}
