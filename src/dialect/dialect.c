/*
 * Translation: an engine writes the policy, the library expands what was written, and the two are
 * compared. What is handed out has therefore been read back once.
 */
#include "dialect/dialect.h"

#include <ctype.h>
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dialect/answer.h"
#include "dialect/child.h"
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

/* The file that holds a function, as the loader found it. */
static const char *file_of(const void *function, const char *soname)
{
    Dl_info info;
    bool found = dladdr(function, &info) != 0 && info.dli_fname && *info.dli_fname == '/';
    return found ? info.dli_fname : soname;
}

static int local_openssl(struct library *ret)
{
    SSL_CTX *(*function)(const SSL_METHOD *) = SSL_CTX_new;
    const void *address = NULL;
    memcpy(&address, &function, sizeof address); /* POSIX says that it fits */
    *ret = (struct library){DIALECT_OPENSSL, OpenSSL_version(OPENSSL_VERSION_STRING),
                            file_of(address, "libssl.so.3")};
    return 0;
}

int dialect_local(enum dialect_kind kind, struct library *ret, struct err *err)
{
    if (kind == DIALECT_OPENSSL)
        return local_openssl(ret);
    void *handle = dlopen("libgnutls.so.30", RTLD_LAZY | RTLD_LOCAL);
    void *symbol = handle ? dlsym(handle, "gnutls_check_version") : NULL;
    const char *(*check)(const char *) = NULL;
    if (!symbol)
        return err_set(err, ERR_SYSTEM,
                       "libgnutls.so.30 can't be loaded: is it installed?");
    *(void **)&check = symbol;
    *ret = (struct library){kind, check(NULL), file_of(symbol, "libgnutls.so.30")};
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
    strv_release(&r->unknown);
    *r = (struct resolved)RESOLVED_INIT;
}

void resolution_release(struct resolution *r)
{
    resolved_release(&r->resolved);
    mem_freep(&r->refused);
}

static bool has(const void *const *list, size_t count, const void *item)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == item)
            return true;
    return false;
}

bool resolved_has_suite(const struct resolved *r, const struct suite *s)
{
    return has((const void *const *)r->suites, r->suite_count, s);
}

bool resolved_has_group(const struct resolved *r, const struct tls_group *g)
{
    return has((const void *const *)r->groups, r->group_count, g);
}

bool resolved_has_sigscheme(const struct resolved *r, const struct sigscheme *s)
{
    return has((const void *const *)r->sigschemes, r->sigscheme_count, s);
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

void resolved_settle(struct resolved *r)
{
    unsigned used = 0;
    size_t kept = 0;
    for (size_t i = 0; i < r->suite_count; i++) {
        unsigned versions =
            r->protocols & protocol_range(r->suites[i]->min, r->suites[i]->max);
        if (versions)
            r->suites[kept++] = r->suites[i];
        used |= versions;
    }
    r->suite_count = kept;
    r->protocols = used;
}

/* --- resolving ------------------------------------------------------------------------------- */

static bool is_own_libssl(const struct library *l)
{
    return l->kind == DIALECT_OPENSSL && child_is_ours(l->path);
}

/* Our own libssl needs no process of its own. */
static int ask_here(const struct library *l, const struct native *natives, size_t count,
                    struct buf *ret, struct err *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    void *handle = dlopen(l->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    bool told = out && handle && engine_of(l->kind)->tell(handle, natives, count, out);
    if (out)
        fclose(out);
    if (handle)
        dlclose(handle);
    buf_add(ret, text, size);
    free(text);
    return told ? 0 : err_set(err, ERR_SYSTEM, "'%s' can't be asked", l->path);
}

#define QUESTIONS 256 /* to one process: its deadline is for so many */

/* Nothing in `ret` needs releasing on failure. */
static int resolve_some(const struct library *library, const struct native *natives,
                        size_t count, struct resolution *ret, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    int rc = is_own_libssl(library) ? ask_here(library, natives, count, &text, err)
                                    : child_ask(library, natives, count, &text, err);
    if (rc < 0)
        return -1;
    memset(ret, 0, count * sizeof *ret);
    buf_addc(&text, '\n');
    rc = answer_read(library, text.data, ret, count, err);
    for (size_t i = 0; rc < 0 && i < count; i++)
        resolution_release(&ret[i]);
    return rc;
}

int dialect_resolve_many(const struct library *library, const struct native *natives,
                         size_t count, struct resolution *ret, struct err *err)
{
    for (size_t at = 0; at < count; at += QUESTIONS) {
        size_t some = count - at < QUESTIONS ? count - at : QUESTIONS;
        if (resolve_some(library, natives + at, some, ret + at, err) == 0)
            continue;
        for (size_t i = 0; i < at; i++)
            resolution_release(&ret[i]);
        return -1;
    }
    return 0;
}

static int resolve_by_library(const struct library *library, const struct native *native,
                              struct resolved *ret, struct err *err)
{
    CLEANUP(resolution_release) struct resolution one = {.refused = NULL};
    if (dialect_resolve_many(library, native, 1, &one, err) < 0)
        return -1;
    if (one.refused)
        return err_set(err, ERR_INPUT, "%s %s refuses '%s'", dialect_name(library->kind),
                       library->version, one.refused);
    *ret = one.resolved;
    one.resolved = (struct resolved)RESOLVED_INIT;
    return 0;
}

int dialect_resolve(const struct library *library, const struct native *native,
                    struct resolved *ret, struct err *err)
{
    const struct engine *engine = engine_of(library->kind);
    CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
    if (library->path)
        return resolve_by_library(library, native, ret, err);
    if (engine->read(library, native, &r, err) < 0)
        return -1;
    resolved_settle(&r);
    r.source = mem_printf("tables for %s %s", engine->name, library->version);
    *ret = r;
    r = (struct resolved)RESOLVED_INIT;
    return 0;
}

/* --- translating ------------------------------------------------------------------------------ */

static int refuse_widened(const struct library *l, const struct resolved *r,
                          const struct grants *g, struct err *err)
{
    const char *more = r->unknown.count ? r->unknown.items[0] : NULL;
    for (size_t i = 0; i < g->count && !more; i++)
        if (g->items[i].verdict == GRANT_WIDENED && !g->items[i].optional)
            more = g->items[i].name;
    if (!more)
        return 0;
    return err_set(err, ERR_REFUSED, "%s %s would also allow %s, which was not asked for",
                   dialect_name(l->kind), l->version, more);
}

/* Whether a list that the policy has came out empty: the library's defaults would then hold. */
static bool lost_all(const struct grants *g, enum grant_kind kind)
{
    bool asked = false;
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].kind == kind && g->items[i].verdict == GRANT_GRANTED)
            return false;
        else if (g->items[i].kind == kind && g->items[i].verdict == GRANT_DROPPED)
            asked = true;
    return asked;
}

static int refuse_empty(const struct library *l, const struct resolved *r,
                        const struct grants *g, struct err *err)
{
    bool usable = r->protocols && !lost_all(g, GRANT_SUITE) &&
                  !lost_all(g, GRANT_GROUP) && !lost_all(g, GRANT_SIGSCHEME);
    if (usable)
        return 0;
    if (grants_check(g, err) < 0)
        return -1;
    return err_set(err, ERR_REFUSED,
                   "%s %s has nothing of what was asked for that would work",
                   dialect_name(l->kind), l->version);
}

/* When a library refuses strings that lack what it hasn't got, the lack is the reason to tell. */
static int explain_refusal(const struct library *library, const struct policy *policy,
                           const struct native *native, struct err *err)
{
    const struct library tables = {library->kind, library->version, NULL};
    CLEANUP(resolved_release) struct resolved resolved = RESOLVED_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    struct err better = ERR_INIT;
    if (err->kind != ERR_INPUT ||
        dialect_resolve(&tables, native, &resolved, &better) < 0)
        return -1;
    compare(library, policy, &resolved, &grants);
    if (grants_check(&grants, &better) < 0)
        *err = better;
    return -1;
}

int dialect_translate(const struct library *library, const struct policy *policy,
                      struct native *ret, struct grants *ret_grants, struct err *err)
{
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(resolved_release) struct resolved resolved = RESOLVED_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    engine_of(library->kind)->write(library, policy, &native);
    if (dialect_resolve(library, &native, &resolved, err) < 0)
        return explain_refusal(library, policy, &native, err);
    compare(library, policy, &resolved, &grants);
    if (refuse_empty(library, &resolved, &grants, err) < 0 ||
        refuse_widened(library, &resolved, &grants, err) < 0)
        return -1;
    grants.source = mem_strdup(resolved.source);
    grants.by_library = resolved.by_library;
    *ret = native;
    *ret_grants = grants;
    native = (struct native)NATIVE_INIT;
    grants = (struct grants)GRANTS_INIT;
    return 0;
}
