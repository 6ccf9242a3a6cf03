/*
 * OpenSSL has a string for each list, so each is judged by itself, the others being the policy's. GnuTLS has one string
 * for all of them: it counts as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/engine.h"

/* --- one list: what `full` grants and `r` does not is taken out -------------------------------- */

static bool narrow_suites(struct policy_suite *list, size_t *count,
                          const struct resolved *full, const struct resolved *r)
{
    size_t kept = 0, before = *count;
    for (size_t i = 0; i < before; i++)
        if (!resolved_has_suite(full, list[i].suite) ||
            resolved_has_suite(r, list[i].suite))
            list[kept++] = list[i];
    *count = kept;
    return kept < before;
}

static bool narrow_groups(struct policy *p, const struct resolved *full,
                          const struct resolved *r)
{
    size_t kept = 0, before = p->group_count;
    for (size_t i = 0; i < before; i++)
        if (!resolved_has_group(full, p->groups[i].group) ||
            resolved_has_group(r, p->groups[i].group))
            p->groups[kept++] = p->groups[i];
    p->group_count = kept;
    return kept < before;
}

static bool narrow_schemes(struct policy *p, const struct resolved *full,
                           const struct resolved *r)
{
    size_t kept = 0, before = p->sigscheme_count;
    for (size_t i = 0; i < before; i++)
        if (!resolved_has_sigscheme(full, p->sigschemes[i].scheme) ||
            resolved_has_sigscheme(r, p->sigschemes[i].scheme))
            p->sigschemes[kept++] = p->sigschemes[i];
    p->sigscheme_count = kept;
    return kept < before;
}

/* A policy's versions have no gap. */
static bool narrow_protocols(struct policy *p, unsigned set)
{
    set &= p->protocols;
    if (!set || set == p->protocols ||
        set != protocol_range(protocol_lowest(set), protocol_highest(set)))
        return false;
    p->protocols = set;
    p->optional_protocols &= set;
    return true;
}

/* --- whether there is anything left of a kind ---------------------------------------------------- */

static bool any_suite(const struct resolved *r, bool tls13)
{
    for (size_t i = 0; i < r->suite_count; i++)
        if (suite_is_tls13(r->suites[i]) == tls13)
            return true;
    return false;
}

static unsigned take(struct policy *p, unsigned parts, const struct resolved *full,
                     const struct resolved *r)
{
    unsigned done = 0;
    if (parts & PART_SUITES && any_suite(r, false) &&
        narrow_suites(p->suites, &p->suite_count, full, r))
        done |= PART_SUITES;
    if (parts & PART_SUITES13 && any_suite(r, true) &&
        narrow_suites(p->suites13, &p->suite13_count, full, r))
        done |= PART_SUITES13;
    if (parts & PART_GROUPS && r->group_count && narrow_groups(p, full, r))
        done |= PART_GROUPS;
    if (parts & PART_SIGSCHEMES && r->sigscheme_count && narrow_schemes(p, full, r))
        done |= PART_SIGSCHEMES;
    return done;
}

/* Resolves strings and narrows `parts` of the policy, if nothing in them lies outside of it. */
static unsigned narrow_by(const struct library *l, const struct native *strings,
                          unsigned parts, const struct resolved *full, struct policy *p)
{
    CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
    struct err refused = ERR_INIT;
    if (dialect_resolve(l, strings, &r, &refused) < 0 || !r.protocols ||
        resolved_outside(&r, p))
        return 0;
    unsigned done = take(p, parts, full, &r);
    if (parts & PART_PROTOCOLS && narrow_protocols(p, r.protocols))
        done |= PART_PROTOCOLS;
    return done;
}

/* --- the two languages ------------------------------------------------------------------------- */

/* Where a part stands; versions have no string of their own. */
static char **string_of(struct native *n, enum part part)
{
    switch (part) {
    case PART_SUITES13:
        return &n->ciphersuites;
    case PART_GROUPS:
        return &n->groups;
    case PART_SIGSCHEMES:
        return &n->signature_algorithms;
    case PART_SUITES:
    case PART_PROTOCOLS:
        break;
    }
    return &n->cipher_list;
}

static unsigned narrow_openssl(const struct library *l, struct native *ours,
                               const struct native *present, const struct resolved *full,
                               struct policy *p)
{
    static const enum part parts[] = {PART_SUITES, PART_SUITES13, PART_GROUPS,
                                      PART_SIGSCHEMES};
    struct native theirs = *present;
    unsigned done = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char **own = string_of(ours, parts[i]), **said = string_of(&theirs, parts[i]);
        char *saved = *own;
        if (!saved || !*said || !**said)
            continue;
        *own = *said;
        done |= narrow_by(l, ours, parts[i], full, p);
        *own = saved;
    }
    return done;
}

unsigned dialect_narrow(const struct library *library, const struct native *present,
                        unsigned protocols, struct policy *policy)
{
    const unsigned all =
        PART_PROTOCOLS | PART_SUITES | PART_SUITES13 | PART_GROUPS | PART_SIGSCHEMES;
    CLEANUP(native_release) struct native ours = NATIVE_INIT;
    CLEANUP(resolved_release) struct resolved full = RESOLVED_INIT;
    struct err refused = ERR_INIT;
    engine_of(library->kind)->write(library, policy, &ours);
    if (dialect_resolve(library, &ours, &full, &refused) < 0)
        return 0;
    if (library->kind == DIALECT_GNUTLS)
        return present->priority ? narrow_by(library, present, all, &full, policy) : 0;
    unsigned done = narrow_openssl(library, &ours, present, &full, policy);
    bool within = protocols && !(protocols & ~policy->protocols);
    if (within && narrow_protocols(policy, protocols & full.protocols))
        done |= PART_PROTOCOLS;
    return done;
}

/* --- keeping what is written --------------------------------------------------------------------- */

struct flags {
    const char *in;
    bool missing;
};

static void look_for_flag(void *ctx, const char *word)
{
    struct flags *f = ctx;
    CLEANUP(mem_freep) char *list = mem_printf(":%s:", f->in);
    CLEANUP(mem_freep) char *one = mem_printf(":%s:", word);
    f->missing = f->missing || (*word == '%' && !strstr(list, one));
}

void native_keep(struct native *native, const struct native *present, unsigned parts)
{
    static const enum part all[] = {PART_SUITES, PART_SUITES13, PART_GROUPS,
                                    PART_SIGSCHEMES};
    struct native theirs = *present;
    if (native->priority && present->priority && parts) {
        struct flags f = {.in = present->priority};
        list_each(native->priority, look_for_flag, &f);
        if (!f.missing) {
            free(native->priority);
            native->priority = mem_strdup(present->priority);
        }
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char **own = string_of(native, all[i]), **said = string_of(&theirs, all[i]);
        if (!(parts & all[i]) || !*own || !*said)
            continue;
        free(*own);
        *own = mem_strdup(*said);
    }
}

static void add_kept(struct grants *g, enum grant_kind kind, const char *name)
{
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] =
        (struct grant){.kind = kind,
                       .verdict = GRANT_DROPPED,
                       .name = name,
                       .optional = true,
                       .reason = mem_strdup("what is stricter at present stays")};
}

void grants_add_narrowed(struct grants *g, const struct policy *policy,
                         const struct policy *narrowed)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(policy->protocols & ~narrowed->protocols, (enum protocol)v))
            add_kept(g, GRANT_PROTOCOL, protocol_info((enum protocol)v)->name);
    for (size_t i = 0; i < policy->suite13_count; i++)
        if (!policy_has_suite(narrowed, policy->suites13[i].suite))
            add_kept(g, GRANT_SUITE, policy->suites13[i].suite->name);
    for (size_t i = 0; i < policy->suite_count; i++)
        if (!policy_has_suite(narrowed, policy->suites[i].suite))
            add_kept(g, GRANT_SUITE, policy->suites[i].suite->name);
    for (size_t i = 0; i < policy->group_count; i++)
        if (!policy_has_group(narrowed, policy->groups[i].group))
            add_kept(g, GRANT_GROUP, policy->groups[i].group->name);
    for (size_t i = 0; i < policy->sigscheme_count; i++)
        if (!policy_has_sigscheme(narrowed, policy->sigschemes[i].scheme))
            add_kept(g, GRANT_SIGSCHEME, policy->sigschemes[i].scheme->name);
}
