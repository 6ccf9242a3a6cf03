/*
 * Do the tables say what the installed libraries say of themselves? Each table is joined with what
 * libssl and GnuTLS report, both ways: nothing is missing on either side.
 */
#include "dialect/capability.h"
#include "dialect/dialect.h"
#include "unit/unit.h"

#include <dlfcn.h>
#include <openssl/ssl.h>
#include <string.h>

#define OPENSSL_SUITES                                                                   \
    160 /* Debian 12: 158, and two that TLS 1.3 leaves off by default */
#define GNUTLS_SUITES 188

static struct library local(enum dialect_kind kind)
{
    struct library l;
    struct err err = ERR_INIT;
    ck_assert_msg(dialect_local(kind, &l, &err) == 0, "%s", err.text);
    return l;
}

/* --- OpenSSL --------------------------------------------------------------------------------- */

static enum protocol lowest_of(const SSL_CIPHER *c)
{
    const char *version = SSL_CIPHER_get_version(c);
    const struct protocol_info *p = protocol_by_name(version);
    if (strcmp(version, "TLSv1.0") == 0)
        return PROTOCOL_TLS1;
    ck_assert_msg(p != NULL, "%s", version);
    return p->id;
}

/* Which versions may use pre-shared keys with SHA-256 is told differently by the two libraries; no
 * profile may ask for these. */
static void same_suite(const struct suite *s, const SSL_CIPHER *c)
{
    ck_assert_str_eq(s->openssl, SSL_CIPHER_get_name(c));
    ck_assert_str_eq(s->name, SSL_CIPHER_standard_name(c));
    ck_assert_msg(suite_has(s, SUITE_AEAD) == (SSL_CIPHER_is_aead(c) != 0), "%s",
                  s->name);
    ck_assert_msg(suite_is_tls13(s) == (lowest_of(c) == PROTOCOL_TLS1_3), "%s", s->name);
    ck_assert_msg(suite_has(s, SUITE_SHARED_SECRET) ||
                      (s->min == PROTOCOL_TLS1_2) == (lowest_of(c) == PROTOCOL_TLS1_2),
                  "%s", s->name);
    ck_assert_msg(s->bits == SSL_CIPHER_get_bits(c, NULL), "%s: %u", s->name, s->bits);
}

static bool reported(STACK_OF(SSL_CIPHER) * list, const struct suite *s)
{
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++)
        if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(list, i)) == s->id)
            return true;
    return false;
}

START_TEST(openssl_suites)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    size_t count;
    const struct suite *table = suite_table(&count);
    ck_assert(SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"));
    ck_assert(SSL_CTX_set_ciphersuites(
        ctx, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
             "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"));
    STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(ctx);
    ck_assert_int_eq(sk_SSL_CIPHER_num(list), OPENSSL_SUITES);
    struct library l = local(DIALECT_OPENSSL);
    for (int i = 0; i < OPENSSL_SUITES; i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(list, i);
        const struct suite *s = suite_by_id(SSL_CIPHER_get_protocol_id(c));
        ck_assert_msg(s && s->openssl, "%s is missing", SSL_CIPHER_get_name(c));
        same_suite(s, c);
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(reported(list, &table[i]) == (table[i].openssl != NULL), "%s",
                      table[i].name);
        ck_assert_msg(capability_suite(&l, &table[i]) == (table[i].openssl != NULL), "%s",
                      table[i].name);
    }
    SSL_CTX_free(ctx);
}
END_TEST

static bool takes_group(SSL_CTX *ctx, const char *name)
{
    return SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)name) == 1;
}

START_TEST(openssl_groups)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    struct library l = local(DIALECT_OPENSSL);
    size_t count;
    const struct tls_group *table = group_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct tls_group *g = &table[i];
        bool has = capability_group(&l, g);
        if (g->openssl)
            ck_assert_msg(takes_group(ctx, g->openssl) == has, "%s", g->name);
        if (g->openssl_alt)
            ck_assert_msg(takes_group(ctx, g->openssl_alt) == has, "%s", g->name);
    }
    SSL_CTX_free(ctx);
}
END_TEST

static bool takes_scheme(SSL_CTX *ctx, const char *name)
{
    return SSL_CTX_ctrl(ctx, SSL_CTRL_SET_SIGALGS_LIST, 0, (void *)(uintptr_t)name) == 1;
}

START_TEST(openssl_sigschemes)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    struct library l = local(DIALECT_OPENSSL);
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct sigscheme *s = &table[i];
        bool has = capability_sigscheme(&l, s);
        if (s->openssl)
            ck_assert_msg(takes_scheme(ctx, s->openssl) == has, "%s", s->name);
        if (s->openssl_alt)
            ck_assert_msg(takes_scheme(ctx, s->openssl_alt) == has, "%s", s->name);
    }
    SSL_CTX_free(ctx);
}
END_TEST

/* One group or scheme at a time: what the library then offers has the number that the table says. */
START_TEST(openssl_numbers)
{
    struct library l = local(DIALECT_OPENSSL);
    size_t count;
    const struct tls_group *groups = group_table(&count);
    char suites[] = "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", low[] = "TLSv1.2";
    char suites13[] = "TLS_AES_128_GCM_SHA256", high[] = "TLSv1.3";
    for (size_t i = 0; i < count; i++) {
        if (!capability_group(&l, &groups[i]))
            continue;
        char *list = mem_printf("%s:X25519", groups[i].openssl);
        struct native n = {.cipher_list = suites,
                           .ciphersuites = suites13,
                           .groups = groups[i].id == 0x001d ? low + 7 : list,
                           .min_protocol = low,
                           .max_protocol = high};
        CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
        struct err err = ERR_INIT;
        if (groups[i].id != 0x001d) {
            ck_assert_msg(dialect_resolve(&l, &n, &r, &err) == 0, "%s", err.text);
            ck_assert_uint_eq(r.group_count, 2);
            ck_assert_ptr_eq(r.groups[0], &groups[i]);
        }
        free(list);
    }
}
END_TEST

START_TEST(openssl_scheme_numbers)
{
    struct library l = local(DIALECT_OPENSSL);
    size_t count;
    const struct sigscheme *schemes = sigscheme_table(&count);
    char suites[] = "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", low[] = "TLSv1.2";
    for (size_t i = 0; i < count; i++) {
        if (!capability_sigscheme(&l, &schemes[i]))
            continue;
        char *list = mem_strdup(schemes[i].openssl);
        struct native n = {.cipher_list = suites,
                           .signature_algorithms = list,
                           .min_protocol = low,
                           .max_protocol = low};
        CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
        struct err err = ERR_INIT;
        ck_assert_msg(dialect_resolve(&l, &n, &r, &err) == 0, "%s", err.text);
        ck_assert_msg(r.sigscheme_count == 1 && r.sigschemes[0] == &schemes[i], "%s",
                      schemes[i].name);
        ck_assert_uint_eq(r.unknown.count, 0);
        free(list);
    }
}
END_TEST

/* --- GnuTLS ---------------------------------------------------------------------------------- */

static void *gnutls(const char *function)
{
    void *handle = dlopen("libgnutls.so.30", RTLD_NOW);
    void *symbol = handle ? dlsym(handle, function) : NULL;
    ck_assert_msg(symbol != NULL, "%s", function);
    return symbol;
}

static const char *older(const char *name)
{
    return strcmp(name, "SSL3.0") == 0 ? "TLS1.0" : name;
}

START_TEST(gnutls_suites)
{
    const char *(*info)(size_t, unsigned char *, int *, int *, int *, int *) = NULL;
    const char *(*protocol)(int) = NULL;
    *(void **)&info = gnutls("gnutls_cipher_suite_info");
    *(void **)&protocol = gnutls("gnutls_protocol_get_name");
    struct library l = local(DIALECT_GNUTLS);
    size_t n = 0, known = 0, count;
    const char *name;
    unsigned char id[2];
    int kx, cipher, mac, min;
    while ((name = info(n, id, &kx, &cipher, &mac, &min)) != NULL) {
        const struct suite *s = suite_by_id((uint16_t)(id[0] << 8 | id[1]));
        ck_assert_msg(s && s->gnutls, "%s is missing", name);
        ck_assert_str_eq(s->gnutls, name);
        ck_assert_msg(
            strcmp(older(protocol(min)), older(protocol_info(s->min)->gnutls)) == 0,
            "%s: %s", name, protocol(min));
        ck_assert_msg(capability_suite(&l, s), "%s", name);
        n++;
    }
    ck_assert_uint_eq(n, GNUTLS_SUITES);
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++) {
        known += table[i].gnutls != NULL;
        ck_assert_msg(table[i].gnutls || !capability_suite(&l, &table[i]), "%s",
                      table[i].name);
    }
    ck_assert_uint_eq(known, GNUTLS_SUITES);
}
END_TEST

/* Whether a list of the library's has what `name` names. */
static bool listed(const int *list, const char *(*name)(int), const char *wanted)
{
    for (; wanted && *list; list++)
        if (name(*list) && strcmp(name(*list), wanted) == 0)
            return true;
    return false;
}

START_TEST(gnutls_groups)
{
    const int *(*list)(void) = NULL;
    const char *(*name)(int) = NULL;
    *(void **)&list = gnutls("gnutls_group_list");
    *(void **)&name = gnutls("gnutls_group_get_name");
    struct library l = local(DIALECT_GNUTLS);
    size_t count, known = 0, all = 0;
    const struct tls_group *table = group_table(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(listed(list(), name, table[i].gnutls) ==
                          capability_group(&l, &table[i]),
                      "%s", table[i].name);
        known += capability_group(&l, &table[i]);
    }
    for (const int *g = list(); *g; g++)
        all += strncmp(name(*g), "GC", 2) != 0; /* Russia's are left out */
    ck_assert_uint_eq(known, all);
}
END_TEST

/* By the beginning of a name, or all of it. */
static bool is_outside(const char *name)
{
    static const char *const families[] = {"DSA-",       "GOST",       "RSA-SHA3",
                                           "ECDSA-SHA3", "RSA-SHA224", "ECDSA-SHA224",
                                           "RSA-RMD",    "RSA-MD",     "RSA-RAW"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(name, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

/* TLS's schemes have numbers of their own in the library's list; DSA, SHA-3 and Russia's are left
 * out of the table, and SHA-224 is no scheme of TLS any more. */
START_TEST(gnutls_sigschemes)
{
    const int *(*list)(void) = NULL;
    const char *(*name)(int) = NULL;
    *(void **)&list = gnutls("gnutls_sign_list");
    *(void **)&name = gnutls("gnutls_sign_get_name");
    struct library l = local(DIALECT_GNUTLS);
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++) {
        bool has = capability_sigscheme(&l, &table[i]);
        ck_assert_msg(listed(list(), name, table[i].gnutls) == has, "%s", table[i].name);
        if (table[i].gnutls_alt)
            ck_assert_msg(listed(list(), name, table[i].gnutls_alt) == has, "%s",
                          table[i].name);
    }
    for (const int *s = list(); *s; s++)
        ck_assert_msg(sigscheme_by_any(name(*s)) || is_outside(name(*s)), "%s", name(*s));
}
END_TEST

/* --- what was recorded ----------------------------------------------------------------------- */

START_TEST(each_recorded_version_has_an_origin)
{
    size_t count;
    const struct capability_origin *all = capability_origins(&count);
    ck_assert_uint_eq(count, 8);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_gt(strlen(all[i].origin), 20);
    const struct library patch = {DIALECT_OPENSSL, "3.3.1", NULL};
    ck_assert_str_eq(capability_origin(&patch)->version, "3.2");
    const struct library newest = {DIALECT_GNUTLS, "3.8.10", NULL};
    ck_assert_str_eq(capability_origin(&newest)->version, "3.8");
}
END_TEST

static size_t suites_of(enum dialect_kind kind, const char *version)
{
    const struct library l = {kind, version, NULL};
    size_t count, n = 0;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        n += capability_suite(&l, &table[i]);
    return n;
}

START_TEST(recorded_versions_differ_as_they_should)
{
    const struct suite *tdes = suite_by_any("TLS_RSA_WITH_3DES_EDE_CBC_SHA");
    const struct suite *chacha = suite_by_any("ECDHE-RSA-CHACHA20-POLY1305");
    const struct library o102 = {DIALECT_OPENSSL, "1.0.2u", NULL};
    const struct library o111 = {DIALECT_OPENSSL, "1.1.1w", NULL};
    const struct library g360 = {DIALECT_GNUTLS, "3.6.4", NULL};
    ck_assert(capability_suite(&o102, tdes) && !capability_suite(&o111, tdes));
    ck_assert(!capability_suite(&o102, chacha) && capability_suite(&o111, chacha));
    ck_assert_str_eq(capability_openssl_name(tdes), "DES-CBC3-SHA");
    ck_assert_str_eq(capability_end(&o111, tdes), "1.1.0");
    ck_assert_str_eq(capability_since(&o102, chacha), "1.1.0");
    ck_assert(!capability_suite(&g360, suite_by_any("TLS_AES_128_GCM_SHA256")));
    ck_assert_uint_eq(suites_of(DIALECT_OPENSSL, "1.0.2"), 78);
    ck_assert_uint_eq(suites_of(DIALECT_OPENSSL, "1.1.1"), OPENSSL_SUITES);
    ck_assert_uint_eq(suites_of(DIALECT_OPENSSL, "3.0"), OPENSSL_SUITES);
    ck_assert_uint_eq(suites_of(DIALECT_OPENSSL, "3.5"), OPENSSL_SUITES);
    ck_assert_uint_eq(suites_of(DIALECT_GNUTLS, "3.7.9"), GNUTLS_SUITES);
}
END_TEST

UNIT_MAIN("catalogue", openssl_suites, openssl_groups, openssl_sigschemes,
          openssl_numbers, openssl_scheme_numbers, gnutls_suites, gnutls_groups,
          gnutls_sigschemes, each_recorded_version_has_an_origin,
          recorded_versions_differ_as_they_should)
