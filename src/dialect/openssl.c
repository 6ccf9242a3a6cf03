/*
 * OpenSSL: a cipher list for TLS 1.2 and before, a list of its own for TLS 1.3, groups and
 * signature algorithms. Each list is exact: names only, no keywords; the one exception is the
 * security level, which is lowered where, and only as far as, what was asked for needs it.
 */
#include "dialect/engine.h"

#include <string.h>

#include "base/buf.h"
#include "dialect/capability.h"
#include "dialect/openssl_tell.h"

static bool older_than_13(unsigned protocols)
{
    return (protocols & ~protocol_bit(PROTOCOL_TLS1_3)) != 0;
}

/* Groups of finite fields, and all that has ML-KEM in it, are for TLS 1.3 only in libssl; the
 * first Brainpool numbers are for older versions only. */
static bool group_fits(const struct tls_group *g, unsigned protocols)
{
    if (g->kind != GROUP_EC || strstr(g->name, "tls13"))
        return protocol_in(protocols, PROTOCOL_TLS1_3);
    return g->tls13 || older_than_13(protocols);
}

static bool scheme_fits(const struct sigscheme *s, unsigned protocols)
{
    return s->tls12 || protocol_in(protocols, PROTOCOL_TLS1_3);
}

/* Whether a key of that kind has a scheme to sign with: libssl leaves out suites that have none. */
static bool key_signs(const struct sigscheme *s, enum suite_auth auth)
{
    if (auth == AUTH_RSA)
        return strncmp(s->key, "rsa", 3) == 0;
    if (auth == AUTH_ECDSA)
        return strcmp(s->key, "ecdsa") == 0 || strcmp(s->key, "eddsa") == 0;
    return auth != AUTH_DSS; /* it has no scheme in the catalogue */
}

/* The highest level that still allows what was asked for, of those below Debian's 2; -1: that
 * level need not be touched. From 3.0 on, SHA-1 signatures, and so versions before 1.2, need 0. */
static int level_needed(const struct library *l, const struct policy *p)
{
    int level = 2;
    if (dialect_version_cmp(l->version, "1.1.0") < 0)
        return -1; /* it has no levels */
    if (protocol_lowest(p->protocols) < PROTOCOL_TLS1_2)
        level = 0;
    for (size_t i = 0; i < p->sigscheme_count; i++)
        if (p->sigschemes[i].scheme->hash_bits == 160)
            level = 0;
    for (size_t i = 0; i < p->group_count && level > 0; i++)
        if (p->groups[i].group->bits < 112)
            level = 1;
    return level < 2 ? level : -1;
}

static void add_word(struct buf *list, const char *word)
{
    buf_addf(list, "%s%s", list->len ? ":" : "", word);
}

static char *taken(struct buf *list)
{
    return list->len ? buf_take(list) : NULL;
}

static void write_suites(const struct library *l, const struct policy *p,
                         struct native *ret)
{
    CLEANUP(buf_release) struct buf old = BUF_INIT, new = BUF_INIT;
    for (size_t i = 0; i < p->suite_count; i++)
        if (capability_suite(l, p->suites[i].suite))
            add_word(&old, capability_openssl_name(p->suites[i].suite));
    for (size_t i = 0; i < p->suite13_count; i++)
        if (capability_suite(l, p->suites13[i].suite))
            add_word(&new, p->suites13[i].suite->openssl);
    int level = level_needed(l, p);
    if (old.len && level >= 0)
        buf_addf(&old, ":@SECLEVEL=%d", level);
    ret->cipher_list = taken(&old);
    ret->ciphersuites = taken(&new);
}

static void write_policy(const struct library *l, const struct policy *p,
                         struct native *ret)
{
    CLEANUP(buf_release) struct buf groups = BUF_INIT, schemes = BUF_INIT;
    bool has13 = dialect_version_cmp(l->version, "1.1.1") >= 0;
    enum protocol high = protocol_highest(p->protocols);
    write_suites(l, p, ret);
    for (size_t i = 0; i < p->group_count; i++)
        if (capability_group(l, p->groups[i].group) &&
            group_fits(p->groups[i].group, p->protocols))
            add_word(&groups, p->groups[i].group->openssl);
    for (size_t i = 0; i < p->sigscheme_count; i++) {
        const struct sigscheme *s = p->sigschemes[i].scheme;
        if (capability_sigscheme(l, s) && scheme_fits(s, p->protocols))
            add_word(&schemes, has13 || !s->openssl_alt ? s->openssl : s->openssl_alt);
    }
    ret->groups = taken(&groups);
    ret->signature_algorithms = taken(&schemes);
    if (high == PROTOCOL_TLS1_3 && !has13)
        high = PROTOCOL_TLS1_2;
    ret->min_protocol = mem_strdup(protocol_info(protocol_lowest(p->protocols))->name);
    ret->max_protocol = mem_strdup(protocol_info(high)->name);
}

/* --- from the tables ------------------------------------------------------------------------- */

struct reading {
    const struct library *l;
    struct resolved *r;
    char *unknown; /* owned; the first word that means nothing to the tables */
};

static void not_known(struct reading *reading, const char *word)
{
    if (!reading->unknown)
        reading->unknown = mem_strdup(word);
}

static void read_suite(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    const struct suite *s = capability_suite_called(word);
    if (s && capability_suite(reading->l, s))
        resolved_add_suite(reading->r, s);
    else if (!s && word[0] != '@')
        not_known(reading, word);
}

static void read_group(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    const struct tls_group *g = group_by_any(word);
    if (!g || !capability_group(reading->l, g))
        not_known(reading, word);
    else if (group_fits(g, reading->r->protocols))
        resolved_add_group(reading->r, g);
}

static void read_scheme(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    const struct sigscheme *s = sigscheme_by_any(word);
    if (!s || !capability_sigscheme(reading->l, s))
        not_known(reading, word);
    else if (scheme_fits(s, reading->r->protocols))
        resolved_add_sigscheme(reading->r, s);
}

static void read_protocols(const struct native *n, struct resolved *r)
{
    const struct protocol_info *low =
        n->min_protocol ? protocol_by_name(n->min_protocol) : NULL;
    const struct protocol_info *high =
        n->max_protocol ? protocol_by_name(n->max_protocol) : NULL;
    r->protocols =
        protocol_range(low ? low->id : PROTOCOL_TLS1, high ? high->id : PROTOCOL_TLS1_3);
}

/* TLS 1.3 is not offered with SHA-1 alone. */
static bool scheme_signs(const struct sigscheme *scheme, const struct suite *s)
{
    return suite_is_tls13(s) ? scheme->hash_bits != 160 : key_signs(scheme, s->auth);
}

static bool signs(const struct resolved *r, const struct suite *s)
{
    for (size_t i = 0; i < r->sigscheme_count; i++)
        if (scheme_signs(r->sigschemes[i], s))
            return true;
    return r->sigscheme_count == 0;
}

static void drop_unsigned(struct resolved *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->suite_count; i++)
        if (signs(r, r->suites[i]))
            r->suites[kept++] = r->suites[i];
    r->suite_count = kept;
}

static int read_tables(const struct library *l, const struct native *n,
                       struct resolved *r, struct err *err)
{
    struct reading reading = {l, r, NULL};
    read_protocols(n, r);
    list_each(n->ciphersuites, read_suite, &reading);
    list_each(n->cipher_list, read_suite, &reading);
    list_each(n->groups, read_group, &reading);
    list_each(n->signature_algorithms, read_scheme, &reading);
    drop_unsigned(r);
    CLEANUP(mem_freep) char *unknown = reading.unknown;
    if (unknown)
        return err_set(err, ERR_INPUT,
                       "what '%s' means to openssl %s is known to that library only",
                       unknown, l->version);
    return 0;
}

static char *why_not(const struct library *l, const struct policy *policy,
                     const struct suite *s, const struct tls_group *g)
{
    if (g && !group_fits(g, policy->protocols))
        return mem_printf("%s %s uses %s with %s only", engine_openssl.name, l->version,
                          g->name, g->tls13 ? "TLSv1.3" : "TLSv1.2 and before");
    return s && !suite_is_tls13(s)
               ? mem_printf(
                     "%s %s does not offer %s: no signature scheme for a key of that "
                     "kind, or built without",
                     engine_openssl.name, l->version, s->name)
               : NULL;
}

const struct engine engine_openssl = {
    .name = "openssl",
    .object = "ssl",
    .write = write_policy,
    .tell = openssl_tell,
    .read = read_tables,
    .has_suite = capability_suite,
    .has_group = capability_group,
    .has_sigscheme = capability_sigscheme,
    .why_not = why_not,
};
