/*
 * OpenSSL: a cipher list for TLS 1.2 and before, a list of its own for TLS 1.3, groups and
 * signature algorithms. Each list is exact: names only, no keywords. libssl swallows a misspelt
 * suite, so what it made of the list is always read back.
 */
#include "dialect/engine.h"

#include <openssl/ssl.h>
#include <string.h>

#include "base/buf.h"

static bool has_suite(const struct library *l, const struct suite *s)
{
    return s->openssl &&
           (!suite_is_tls13(s) || dialect_version_cmp(l->version, "1.1.1") >= 0);
}

static bool has_group(const struct library *l, const struct tls_group *g)
{
    return g->openssl_min && dialect_version_cmp(l->version, g->openssl_min) >= 0;
}

static bool has_sigscheme(const struct library *l, const struct sigscheme *s)
{
    return s->openssl_min && dialect_version_cmp(l->version, s->openssl_min) >= 0;
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
        if (has_suite(l, p->suites[i].suite))
            add_word(&old, p->suites[i].suite->openssl);
    for (size_t i = 0; i < p->suite13_count; i++)
        if (has_suite(l, p->suites13[i].suite))
            add_word(&new, p->suites13[i].suite->openssl);
    bool legacy = protocol_lowest(p->protocols) < PROTOCOL_TLS1_2;
    if (old.len && legacy && dialect_version_cmp(l->version, "1.1.0") >= 0)
        add_word(&old, "@SECLEVEL=0"); /* level 1 and above refuse SHA-1 signatures */
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
        if (has_group(l, p->groups[i].group))
            add_word(&groups, p->groups[i].group->openssl);
    for (size_t i = 0; i < p->sigscheme_count; i++) {
        const struct sigscheme *s = p->sigschemes[i].scheme;
        if (has_sigscheme(l, s))
            add_word(&schemes, has13 || !s->openssl_alt ? s->openssl : s->openssl_alt);
    }
    ret->groups = taken(&groups);
    ret->signature_algorithms = taken(&schemes);
    if (high == PROTOCOL_TLS1_3 && !has13)
        high = PROTOCOL_TLS1_2;
    ret->min_protocol = mem_strdup(protocol_info(protocol_lowest(p->protocols))->name);
    ret->max_protocol = mem_strdup(protocol_info(high)->name);
}

/* --- reading back ---------------------------------------------------------------------------- */

static void take_group(void *ctx, const char *word)
{
    const struct tls_group *g = group_by_any(word);
    if (g)
        resolved_add_group(ctx, g);
}

static void take_sigscheme(void *ctx, const char *word)
{
    const struct sigscheme *s = sigscheme_by_any(word);
    if (s)
        resolved_add_sigscheme(ctx, s);
}

static int version_of(const char *name)
{
    const struct protocol_info *p = name ? protocol_by_name(name) : NULL;
    return p ? p->wire : 0;
}

static void take_protocols(const struct native *n, struct resolved *r)
{
    const struct protocol_info *low =
        n->min_protocol ? protocol_by_name(n->min_protocol) : NULL;
    const struct protocol_info *high =
        n->max_protocol ? protocol_by_name(n->max_protocol) : NULL;
    r->protocols =
        protocol_range(low ? low->id : PROTOCOL_TLS1, high ? high->id : PROTOCOL_TLS1_3);
}

/* What libssl makes of the lists; NULL, or which of them it refuses. */
static const char *configure(SSL_CTX *ctx, const struct native *n)
{
    if (!SSL_CTX_set_cipher_list(ctx, n->cipher_list ? n->cipher_list : "ALL") &&
        n->cipher_list)
        return n->cipher_list;
    if (!SSL_CTX_set_ciphersuites(ctx, n->ciphersuites ? n->ciphersuites : ""))
        return n->ciphersuites;
    if (n->groups && !SSL_CTX_set1_groups_list(ctx, n->groups))
        return n->groups;
    if (n->signature_algorithms &&
        !SSL_CTX_set1_sigalgs_list(ctx, n->signature_algorithms))
        return n->signature_algorithms;
    SSL_CTX_set_min_proto_version(ctx, version_of(n->min_protocol));
    SSL_CTX_set_max_proto_version(ctx, version_of(n->max_protocol));
    return NULL;
}

static void take_suites(SSL *ssl, struct resolved *r)
{
    STACK_OF(SSL_CIPHER) *list = SSL_get1_supported_ciphers(ssl);
    for (int i = 0; list && i < sk_SSL_CIPHER_num(list); i++) {
        const struct suite *s =
            suite_by_id(SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(list, i)));
        if (s)
            resolved_add_suite(r, s);
    }
    sk_SSL_CIPHER_free(list);
}

static void free_ctx(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

static void free_ssl(SSL **ssl)
{
    SSL_free(*ssl);
}

static int resolve(const struct library *l, const struct native *n, struct resolved *r,
                   struct err *err)
{
    if (dialect_version_cmp(l->version, OpenSSL_version(OPENSSL_VERSION_STRING)) != 0)
        return 1;
    CLEANUP(free_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    const char *refused = ctx ? configure(ctx, n) : "";
    if (refused)
        return err_set(err, ERR_INPUT, "openssl %s refuses '%s'", l->version, refused);
    CLEANUP(free_ssl) SSL *ssl = SSL_new(ctx);
    if (!ssl)
        return err_set(err, ERR_SYSTEM, "openssl: no connection could be made");
    take_suites(ssl, r);
    take_protocols(n, r);
    list_each(n->groups, take_group, r);
    list_each(n->signature_algorithms, take_sigscheme, r);
    return 0;
}

struct reading {
    struct resolved *r;
    const char *unknown; /* static text, or a word of the list */
    char word[128];
};

static void read_suite(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    const struct suite *s = suite_by_any(word);
    if (s) {
        resolved_add_suite(reading->r, s);
    } else if (word[0] != '@' && !reading->unknown) {
        strncpy(reading->word, word, sizeof reading->word - 1);
        reading->unknown = reading->word;
    }
}

static int read_tables(const struct library *l, const struct native *n,
                       struct resolved *r, struct err *err)
{
    struct reading reading = {.r = r};
    list_each(n->ciphersuites, read_suite, &reading);
    list_each(n->cipher_list, read_suite, &reading);
    if (reading.unknown)
        return err_set(err, ERR_INPUT,
                       "what '%s' means to openssl %s is known to that library only",
                       reading.unknown, l->version);
    take_protocols(n, r);
    list_each(n->groups, take_group, r);
    list_each(n->signature_algorithms, take_sigscheme, r);
    return 0;
}

const struct engine engine_openssl = {
    .name = "openssl",
    .write = write_policy,
    .resolve = resolve,
    .read = read_tables,
    .has_suite = has_suite,
    .has_group = has_group,
    .has_sigscheme = has_sigscheme,
};
