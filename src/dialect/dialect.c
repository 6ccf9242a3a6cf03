/*
 * Translation: an engine writes the policy, the library expands what was written, and the two are
 * compared. What is handed out has therefore been read back once.
 */
#include "dialect/dialect.h"

#include <ctype.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/engine.h"

const struct engine *engine_of(enum dialect_kind kind)
{
    switch (kind) {
    case DIALECT_OPENSSL:
        return &engine_openssl;
    case DIALECT_GNUTLS:
        return &engine_gnutls;
    }
    return &engine_openssl;
}

const char *dialect_name(enum dialect_kind kind)
{
    return engine_of(kind)->name;
}

bool dialect_by_name(const char *name, enum dialect_kind *ret)
{
    for (int kind = DIALECT_OPENSSL; kind <= DIALECT_GNUTLS; kind++)
        if (strcmp(dialect_name((enum dialect_kind)kind), name) == 0) {
            *ret = (enum dialect_kind)kind;
            return true;
        }
    return false;
}

int dialect_local(enum dialect_kind kind, struct library *ret, struct err *err)
{
    if (kind == DIALECT_OPENSSL) {
        *ret = (struct library){kind, OpenSSL_version(OPENSSL_VERSION_STRING),
                                "libssl.so.3"};
        return 0;
    }
    void *handle = dlopen("libgnutls.so.30", RTLD_LAZY | RTLD_LOCAL);
    const char *(*check)(const char *) = NULL;
    if (handle)
        *(void **)&check = dlsym(handle, "gnutls_check_version");
    if (!check)
        return err_set(err, ERR_SYSTEM,
                       "libgnutls.so.30 can't be loaded: is it installed?");
    *ret = (struct library){kind, check(NULL), "libgnutls.so.30"};
    return 0;
}

int dialect_version_cmp(const char *a, const char *b)
{
    while (*a || *b) {
        char *ea = NULL, *eb = NULL;
        unsigned long x = strtoul(a, &ea, 10), y = strtoul(b, &eb, 10);
        if (x != y)
            return x < y ? -1 : 1;
        int la = isalpha((unsigned char)*ea) ? *ea++ : 0;
        int lb = isalpha((unsigned char)*eb) ? *eb++ : 0;
        if (la != lb)
            return la < lb ? -1 : 1;
        if ((*ea && *ea != '.') || (*eb && *eb != '.'))
            return 0;
        a = *ea ? ea + 1 : ea;
        b = *eb ? eb + 1 : eb;
    }
    return 0;
}

void native_release(struct native *n)
{
    free(n->cipher_list);
    free(n->ciphersuites);
    free(n->groups);
    free(n->signature_algorithms);
    free(n->min_protocol);
    free(n->max_protocol);
    free(n->priority);
    *n = (struct native)NATIVE_INIT;
}

void resolved_release(struct resolved *r)
{
    free(r->suites);
    free(r->groups);
    free(r->sigschemes);
    free(r->source);
    *r = (struct resolved)RESOLVED_INIT;
}

static bool has(const void *const *list, size_t count, const void *item)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == item)
            return true;
    return false;
}

#define ADD(list, count, item)                                                           \
    do {                                                                                 \
        if (!has((const void *const *)(list), (count), (item))) {                        \
            (list) = mem_resize((list), (count) + 1, sizeof *(list));                    \
            (list)[(count)++] = (item);                                                  \
        }                                                                                \
    } while (0)

void resolved_add_suite(struct resolved *r, const struct suite *s)
{
    ADD(r->suites, r->suite_count, s);
}

void resolved_add_group(struct resolved *r, const struct tls_group *g)
{
    ADD(r->groups, r->group_count, g);
}

void resolved_add_sigscheme(struct resolved *r, const struct sigscheme *s)
{
    ADD(r->sigschemes, r->sigscheme_count, s);
}

void list_each(const char *list, void (*take)(void *ctx, const char *word), void *ctx)
{
    CLEANUP(mem_freep) char *copy = mem_strdup(list ? list : "");
    char *state = NULL;
    for (char *w = strtok_r(copy, ":", &state); w; w = strtok_r(NULL, ":", &state))
        take(ctx, w);
}

int dialect_resolve(const struct library *library, const struct native *native,
                    struct resolved *ret, struct err *err)
{
    const struct engine *engine = engine_of(library->kind);
    CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
    int rc = library->path ? engine->resolve(library, native, &r, err) : 1;
    if (rc < 0)
        return -1;
    r.by_library = rc == 0;
    if (rc == 1 && engine->read(library, native, &r, err) < 0)
        return -1;
    r.source =
        r.by_library
            ? mem_printf("lib%s %s", library->kind == DIALECT_OPENSSL ? "ssl" : "gnutls",
                         library->version)
            : mem_printf("tables for %s %s", engine->name, library->version);
    *ret = r;
    r = (struct resolved)RESOLVED_INIT;
    return 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

static void grant(struct grants *g, enum grant_kind kind, enum grant_verdict verdict,
                  const char *name, bool optional, char *reason)
{
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] = (struct grant){kind, verdict, name, optional, reason};
}

/* Why a library hasn't got something. */
static char *lacks(const struct library *l, const char *name, bool known,
                   const char *since)
{
    if (known)
        return mem_printf("%s can't express it together with the rest of the list",
                          dialect_name(l->kind));
    if (since)
        return mem_printf("%s %s has no %s; needs %s", dialect_name(l->kind), l->version,
                          name, since);
    return mem_printf("%s has no %s", dialect_name(l->kind), name);
}

static void compare_protocols(const struct policy *p, const struct resolved *r,
                              struct grants *g)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++) {
        bool asked = protocol_in(p->protocols, (enum protocol)v);
        bool got = protocol_in(r->protocols, (enum protocol)v);
        const char *name = protocol_info((enum protocol)v)->name;
        if (asked && got)
            grant(g, GRANT_PROTOCOL, GRANT_GRANTED, name, false, NULL);
        else if (asked)
            grant(g, GRANT_PROTOCOL, GRANT_DROPPED, name, false,
                  mem_strdup("the library does not offer it"));
        else if (got)
            grant(g, GRANT_PROTOCOL, GRANT_WIDENED, name, false, NULL);
    }
}

static void compare_suites(const struct library *l, const struct policy *p,
                           const struct resolved *r, struct grants *g)
{
    const struct policy_suite *const lists[] = {p->suites13, p->suites};
    const size_t counts[] = {p->suite13_count, p->suite_count};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < counts[k]; i++) {
            const struct suite *s = lists[k][i].suite;
            bool got = has((const void *const *)r->suites, r->suite_count, s);
            grant(g, GRANT_SUITE, got ? GRANT_GRANTED : GRANT_DROPPED, s->name,
                  lists[k][i].optional,
                  got ? NULL
                      : lacks(l, s->name, engine_of(l->kind)->has_suite(l, s), NULL));
        }
    for (size_t i = 0; i < r->suite_count; i++)
        if (!policy_has_suite(p, r->suites[i]))
            grant(g, GRANT_SUITE, GRANT_WIDENED, r->suites[i]->name, false, NULL);
}

static void compare_groups(const struct library *l, const struct policy *p,
                           const struct resolved *r, struct grants *g)
{
    for (size_t i = 0; i < p->group_count; i++) {
        const struct tls_group *group = p->groups[i].group;
        bool got = has((const void *const *)r->groups, r->group_count, group);
        const char *since =
            l->kind == DIALECT_OPENSSL ? group->openssl_min : group->gnutls_min;
        grant(
            g, GRANT_GROUP, got ? GRANT_GRANTED : GRANT_DROPPED, group->name,
            p->groups[i].optional,
            got ? NULL
                : lacks(l, group->name, engine_of(l->kind)->has_group(l, group), since));
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
        bool got = has((const void *const *)r->sigschemes, r->sigscheme_count, s);
        const char *since = l->kind == DIALECT_OPENSSL ? s->openssl_min : s->gnutls_min;
        grant(g, GRANT_SIGSCHEME, got ? GRANT_GRANTED : GRANT_DROPPED, s->name,
              p->sigschemes[i].optional,
              got ? NULL
                  : lacks(l, s->name, engine_of(l->kind)->has_sigscheme(l, s), since));
    }
    for (size_t i = 0; i < r->sigscheme_count; i++)
        if (!policy_has_sigscheme(p, r->sigschemes[i]))
            grant(g, GRANT_SIGSCHEME, GRANT_WIDENED, r->sigschemes[i]->name, false, NULL);
}

static int refuse_widened(const struct library *l, const struct grants *g,
                          struct err *err)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].verdict == GRANT_WIDENED)
            return err_set(err, ERR_REFUSED,
                           "%s %s would also allow %s, which was not asked for",
                           dialect_name(l->kind), l->version, g->items[i].name);
    return 0;
}

static int refuse_empty(const struct library *l, const struct resolved *r,
                        struct err *err)
{
    bool suites13 = false, suites = false;
    for (size_t i = 0; i < r->suite_count; i++)
        *(suite_is_tls13(r->suites[i]) ? &suites13 : &suites) = true;
    bool v13 = protocol_in(r->protocols, PROTOCOL_TLS1_3);
    bool older = (r->protocols & ~protocol_bit(PROTOCOL_TLS1_3)) != 0;
    if (r->protocols && (!v13 || suites13) && (!older || suites))
        return 0;
    return err_set(err, ERR_REFUSED,
                   "%s %s has nothing of what was asked for that would work",
                   dialect_name(l->kind), l->version);
}

int dialect_translate(const struct library *library, const struct policy *policy,
                      struct native *ret, struct grants *ret_grants, struct err *err)
{
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(resolved_release) struct resolved resolved = RESOLVED_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    engine_of(library->kind)->write(library, policy, &native);
    if (dialect_resolve(library, &native, &resolved, err) < 0)
        return -1;
    compare_protocols(policy, &resolved, &grants);
    compare_suites(library, policy, &resolved, &grants);
    compare_groups(library, policy, &resolved, &grants);
    compare_sigschemes(library, policy, &resolved, &grants);
    if (refuse_empty(library, &resolved, err) < 0 ||
        refuse_widened(library, &grants, err) < 0)
        return -1;
    grants.source = mem_strdup(resolved.source);
    grants.by_library = resolved.by_library;
    *ret = native;
    *ret_grants = grants;
    native = (struct native)NATIVE_INIT;
    grants = (struct grants)GRANTS_INIT;
    return 0;
}
