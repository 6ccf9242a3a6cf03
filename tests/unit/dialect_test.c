/* Do the strings of each profile mean to the real libraries what the profile says? */
#include "dialect/dialect.h"
#include "policy/profile.h"
#include "unit/unit.h"

#include "base/buf.h"

#include <string.h>

static const char *const profiles[] = {"strict", "modern", "intermediate", "old",
                                       "compat-2018"};

static struct policy policy_of(const char *name)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep) struct profile *p = profile_load(name, "profiles", &err);
    struct policy policy = POLICY_INIT;
    ck_assert_msg(p && profile_policy(p, NULL, &policy, &err) == 0, "%s", err.text);
    return policy;
}

/* Names of what a list should hold: the profile's suites less those named. */
static void check_suites(const struct policy *p, const struct grants *g,
                         const char *lacking)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct grant *item = &g->items[i];
        ck_assert_int_ne(item->verdict, GRANT_WIDENED);
        if (item->kind == GRANT_SUITE)
            ck_assert_msg((item->verdict == GRANT_DROPPED) ==
                              (strstr(lacking, item->name) != NULL),
                          "%s: %s", item->name, grant_verdict_name(item->verdict));
    }
    ck_assert_uint_gt(p->suite_count + p->suite13_count, 0);
}

START_TEST(openssl_is_exact_and_in_order)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        CLEANUP(policy_release) struct policy p = policy_of(profiles[i]);
        CLEANUP(native_release) struct native n = NATIVE_INIT;
        CLEANUP(grants_release) struct grants g = GRANTS_INIT;
        CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
        struct err err = ERR_INIT;
        struct library l;
        ck_assert_int_eq(dialect_local(DIALECT_OPENSSL, &l, &err), 0);
        ck_assert_msg(dialect_translate(&l, &p, &n, &g, &err) == 0, "%s: %s", profiles[i],
                      err.text);
        ck_assert_msg(grants_check(&g, &err) == 0, "%s: %s", profiles[i], err.text);
        ck_assert(g.by_library);
        check_suites(&p, &g, "TLS_RSA_WITH_3DES_EDE_CBC_SHA");
        ck_assert_int_eq(dialect_resolve(&l, &n, &r, &err), 0);
        size_t at = 0; /* the profile's order: TLS 1.3 first, then the others */
        for (size_t k = 0; k < p.suite13_count; k++)
            ck_assert_ptr_eq(r.suites[at++], p.suites13[k].suite);
        for (size_t k = 0; k < p.suite_count; k++)
            if (p.suites[k].suite->openssl)
                ck_assert_ptr_eq(r.suites[at++], p.suites[k].suite);
        ck_assert_uint_eq(at, r.suite_count);
    }
}
END_TEST

START_TEST(gnutls_is_the_profile_or_less)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        CLEANUP(policy_release) struct policy p = policy_of(profiles[i]);
        CLEANUP(native_release) struct native n = NATIVE_INIT;
        CLEANUP(grants_release) struct grants g = GRANTS_INIT;
        struct err err = ERR_INIT;
        struct library l;
        ck_assert_msg(dialect_local(DIALECT_GNUTLS, &l, &err) == 0, "%s", err.text);
        ck_assert_msg(dialect_translate(&l, &p, &n, &g, &err) == 0, "%s: %s", profiles[i],
                      err.text);
        ck_assert(g.by_library);
        if (strcmp(profiles[i], "old") != 0 && strcmp(profiles[i], "compat-2018") != 0)
            check_suites(&p, &g, "");
        if (strcmp(profiles[i], "old") == 0)
            check_suites(&p, &g, "TLS_RSA_WITH_3DES_EDE_CBC_SHA");
    }
}
END_TEST

/* What the tables say of a profile, and what the library of that version says, is the same. */
static void agree(const char *name, enum dialect_kind kind)
{
    CLEANUP(policy_release) struct policy p = policy_of(name);
    CLEANUP(native_release) struct native n = NATIVE_INIT, m = NATIVE_INIT;
    CLEANUP(grants_release) struct grants asked = GRANTS_INIT, read = GRANTS_INIT;
    struct err err = ERR_INIT, other = ERR_INIT;
    struct library l, tables;
    ck_assert_int_eq(dialect_local(kind, &l, &err), 0);
    tables = l;
    tables.path = NULL;
    int rc = dialect_translate(&l, &p, &n, &asked, &err);
    ck_assert_msg(dialect_translate(&tables, &p, &m, &read, &other) == rc, "%s: %s%s",
                  name, err.text, other.text);
    ck_assert_str_eq(err.text, other.text);
    ck_assert_uint_eq(asked.count, read.count);
    for (size_t k = 0; k < asked.count; k++) {
        ck_assert_str_eq(asked.items[k].name, read.items[k].name);
        ck_assert_msg(asked.items[k].verdict == read.items[k].verdict, "%s %s: %s %s",
                      name, l.version, asked.items[k].name,
                      grant_verdict_name(asked.items[k].verdict));
    }
    ck_assert(rc < 0 || (asked.by_library && !read.by_library));
}

START_TEST(tables_and_library_agree)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(profile_names("profiles", &names, &err), 0);
    for (size_t i = 0; i < names.count; i++)
        for (int kind = DIALECT_OPENSSL; kind <= DIALECT_GNUTLS; kind++)
            agree(names.items[i], (enum dialect_kind)kind);
    ck_assert_uint_ge(names.count, 25);
}
END_TEST

/* Every profile for every recorded version: what is granted is in the profile, or a reason is told. */
START_TEST(each_recorded_version_takes_each_profile)
{
    static const struct library versions[] = {
        {DIALECT_OPENSSL, "1.0.2u", NULL}, {DIALECT_OPENSSL, "1.1.1w", NULL},
        {DIALECT_OPENSSL, "3.0.11", NULL}, {DIALECT_OPENSSL, "3.2.4", NULL},
        {DIALECT_OPENSSL, "3.5.4", NULL},  {DIALECT_GNUTLS, "3.6.16", NULL},
        {DIALECT_GNUTLS, "3.7.9", NULL},   {DIALECT_GNUTLS, "3.8.9", NULL},
    };
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(profile_names("profiles", &names, &err), 0);
    for (size_t i = 0; i < names.count; i++)
        for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
            CLEANUP(policy_release) struct policy p = policy_of(names.items[i]);
            CLEANUP(native_release) struct native n = NATIVE_INIT;
            CLEANUP(grants_release) struct grants g = GRANTS_INIT;
            int rc = dialect_translate(&versions[v], &p, &n, &g, &err);
            if (rc < 0)
                ck_assert_msg(err.kind == ERR_REFUSED &&
                                  strstr(err.text, "not satisfiable here"),
                              "%s: %s", names.items[i], err.text);
            for (size_t k = 0; k < g.count; k++) {
                ck_assert_int_ne(g.items[k].verdict, GRANT_WIDENED);
                ck_assert((g.items[k].verdict == GRANT_DROPPED) ==
                          (g.items[k].reason != NULL));
            }
        }
}
END_TEST

/* OpenSSL 1.0.2 has no TLS 1.3: what may do without says so, and what may not is refused. */
START_TEST(a_version_may_be_optional)
{
    static const struct library old = {DIALECT_OPENSSL, "1.0.2u", NULL};
    CLEANUP(policy_release) struct policy strict = policy_of("strict");
    CLEANUP(policy_release) struct policy nist = policy_of("nist-800-52r2");
    CLEANUP(policy_release) struct policy modern = policy_of("modern");
    CLEANUP(native_release) struct native n = NATIVE_INIT, m = NATIVE_INIT;
    CLEANUP(grants_release) struct grants g = GRANTS_INIT, h = GRANTS_INIT;
    struct err err = ERR_INIT;
    ck_assert_msg(dialect_translate(&old, &strict, &n, &g, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < g.count; i++)
        if (strncmp(g.items[i].name, "TLS_AES", 7) == 0 ||
            strcmp(g.items[i].name, "TLSv1.3") == 0)
            ck_assert(g.items[i].verdict == GRANT_DROPPED && g.items[i].optional);
    ck_assert_msg(grants_check(&g, &err) == 0, "%s", err.text);
    ck_assert_str_eq(n.max_protocol, "TLSv1.2");
    ck_assert_int_eq(dialect_translate(&old, &modern, &m, &h, &err), -1);
    ck_assert_int_eq(err.kind, ERR_REFUSED);
    bool refused =
        dialect_translate(&old, &nist, &m, &h, &err) < 0 || grants_check(&h, &err) < 0;
    ck_assert(refused && strstr(err.text, "openssl 1.0.2u does not offer TLSv1.3"));
}
END_TEST

START_TEST(strict_strings_are_as_people_know_them)
{
    CLEANUP(policy_release) struct policy p = policy_of("strict");
    CLEANUP(native_release) struct native o = NATIVE_INIT, g = NATIVE_INIT;
    CLEANUP(grants_release) struct grants go = GRANTS_INIT, gg = GRANTS_INIT;
    struct err err = ERR_INIT;
    struct library openssl = {DIALECT_OPENSSL, "3.0.11", NULL};
    struct library gnutls = {DIALECT_GNUTLS, "3.7.9", NULL};
    ck_assert_int_eq(dialect_translate(&openssl, &p, &o, &go, &err), 0);
    ck_assert_int_eq(dialect_translate(&gnutls, &p, &g, &gg, &err), 0);
    ck_assert_str_eq(o.cipher_list,
                     "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                     "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                     "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
    ck_assert_str_eq(o.groups, "X25519:prime256v1:secp384r1");
    ck_assert_str_eq(o.min_protocol, "TLSv1.2");
    ck_assert_ptr_nonnull(
        strstr(g.priority, "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:"));
    ck_assert_ptr_nonnull(strstr(g.priority, ":+GROUP-X25519:+GROUP-SECP256R1:"));
    ck_assert_ptr_null(strstr(g.priority, "SHA1"));
    for (size_t i = 0; i < gg.count; i++)
        if (strcmp(gg.items[i].name, "X25519MLKEM768") == 0)
            ck_assert_str_eq(gg.items[i].reason,
                             "gnutls 3.7.9 has no X25519MLKEM768; needs 3.8.9");
}
END_TEST

static const char *outside(struct native *n, enum dialect_kind kind, const char *profile)
{
    CLEANUP(policy_release) struct policy p = policy_of(profile);
    CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
    struct err err = ERR_INIT;
    struct library l;
    ck_assert_int_eq(dialect_local(kind, &l, &err), 0);
    ck_assert_msg(dialect_resolve(&l, n, &r, &err) == 0, "%s", err.text);
    const char *name = resolved_outside(&r, &p);
    const struct suite *s = name ? suite_by_name(name) : NULL;
    return s ? s->name : name ? "other" : NULL;
}

START_TEST(what_is_stricter_is_within)
{
    char one[] = "ECDHE-RSA-AES256-GCM-SHA384",
         more[] = "ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA";
    char one13[] = "TLS_AES_256_GCM_SHA384", low[] = "TLSv1.2", group[] = "prime256v1";
    char scheme[] = "rsa_pss_rsae_sha256";
    struct native n = {.cipher_list = one,
                       .ciphersuites = one13,
                       .groups = group,
                       .signature_algorithms = scheme,
                       .min_protocol = low};
    ck_assert_ptr_null(outside(&n, DIALECT_OPENSSL, "strict"));
    n.cipher_list = more;
    ck_assert_str_eq(outside(&n, DIALECT_OPENSSL, "strict"),
                     "TLS_RSA_WITH_AES_256_CBC_SHA");
    n.groups = NULL; /* the library's own choice, X448 among them */
    n.cipher_list = one;
    ck_assert_str_eq(outside(&n, DIALECT_OPENSSL, "strict"), "other");
    char normal[] = "NORMAL";
    n = (struct native){.priority = normal};
    ck_assert_ptr_nonnull(outside(&n, DIALECT_GNUTLS, "strict"));
}
END_TEST

/* Any part of a policy, written for a library, is kept by it whole; one item more than the policy, and nothing is. */
START_TEST(a_part_is_kept_and_more_is_not)
{
    CLEANUP(policy_release) struct policy whole = policy_of("intermediate");
    struct err err = ERR_INIT;
    struct library l;
    ck_assert_int_eq(dialect_local(DIALECT_OPENSSL, &l, &err), 0);
    size_t count = whole.suite_count, kept = 0;
    ck_assert_uint_ge(count, 4);
    for (unsigned set = 1; set < 1u << count; set++) {
        CLEANUP(policy_release) struct policy p = policy_of("intermediate");
        CLEANUP(buf_release) struct buf list = BUF_INIT;
        for (size_t i = 0; i < count; i++)
            if (set >> i & 1u)
                buf_addf(&list, "%s%s", list.len ? ":" : "",
                         whole.suites[i].suite->openssl);
        struct native n = {.cipher_list = list.data};
        unsigned parts = dialect_narrow(&l, &n, 0, &p);
        bool all = set == (1u << count) - 1;
        ck_assert_uint_eq(parts, all ? 0 : PART_SUITES);
        ck_assert_uint_eq(p.suite_count, (size_t)__builtin_popcount(set));
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(policy_has_suite(&p, whole.suites[i].suite), set >> i & 1u);
        ck_assert_uint_eq(p.suite13_count, whole.suite13_count);
        ck_assert_uint_eq(p.group_count, whole.group_count);
        kept += parts != 0;
        CLEANUP(policy_release) struct policy q = policy_of("intermediate");
        buf_adds(&list, ":AES128-SHA");
        n.cipher_list = list.data;
        ck_assert_uint_eq(dialect_narrow(&l, &n, 0, &q), 0);
        ck_assert_uint_eq(q.suite_count, count);
    }
    ck_assert_uint_eq(kept, (1u << count) - 2);
}
END_TEST

START_TEST(versions_and_groups_are_kept)
{
    CLEANUP(policy_release) struct policy p = policy_of("intermediate");
    CLEANUP(policy_release) struct policy whole = policy_of("intermediate");
    CLEANUP(grants_release) struct grants g = GRANTS_INIT;
    struct err err = ERR_INIT;
    struct library l;
    char groups[] = "prime256v1";
    struct native n = {.groups = groups};
    ck_assert_int_eq(dialect_local(DIALECT_OPENSSL, &l, &err), 0);
    ck_assert_uint_eq(dialect_narrow(&l, &n, protocol_bit(PROTOCOL_TLS1_3), &p),
                      PART_GROUPS | PART_PROTOCOLS);
    ck_assert_uint_eq(p.protocols, protocol_bit(PROTOCOL_TLS1_3));
    grants_add_narrowed(&g, &whole, &p);
    ck_assert_uint_ge(grants_count(&g, GRANT_DROPPED), 3); /* a version and two groups */
    ck_assert_int_eq(grants_check(&g, &err), 0);           /* none of which is missed */
    unsigned more = protocol_range(PROTOCOL_TLS1_1, PROTOCOL_TLS1_3);
    ck_assert_uint_eq(dialect_narrow(&l, &n, more, &whole), PART_GROUPS);
}
END_TEST

START_TEST(libraries_refuse_what_they_do_not_know)
{
    struct err err = ERR_INIT;
    struct library l;
    struct resolved r = RESOLVED_INIT;
    ck_assert_int_eq(dialect_local(DIALECT_GNUTLS, &l, &err), 0);
    char priority[] = "NONE:+BOGUS", groups[] = "X25519:BOGUS";
    struct native n = {.priority = priority};
    ck_assert_int_eq(dialect_resolve(&l, &n, &r, &err), -1);
    ck_assert_str_eq(err.text, "gnutls 3.7.9 refuses '+BOGUS'");
    l.path = "/nonexistent.so";
    ck_assert_int_eq(dialect_resolve(&l, &n, &r, &err), -1);
    ck_assert_str_eq(err.text, "'/nonexistent.so' can't be loaded as GnuTLS");
    ck_assert_int_eq(dialect_local(DIALECT_OPENSSL, &l, &err), 0);
    n = (struct native){.groups = groups};
    ck_assert_int_eq(dialect_resolve(&l, &n, &r, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "refuses 'X25519:BOGUS'"));
}
END_TEST

UNIT_MAIN("dialect", openssl_is_exact_and_in_order, gnutls_is_the_profile_or_less,
          tables_and_library_agree, each_recorded_version_takes_each_profile,
          strict_strings_are_as_people_know_them, libraries_refuse_what_they_do_not_know,
          what_is_stricter_is_within, a_part_is_kept_and_more_is_not,
          versions_and_groups_are_kept, a_version_may_be_optional)
