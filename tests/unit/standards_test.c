/*
 * Are the shipped standards what they claim: every item with level and source, nothing allowed that
 * the source forbids, nothing missing that it requires, and as far as this host's libraries can tell,
 * as satisfiable as they say?
 */
#include "dialect/dialect.h"
#include "policy/difference.h"
#include "policy/level.h"
#include "policy/profile.h"
#include "unit/unit.h"

#include <string.h>

static const char *const standards[] = {
    "mozilla-intermediate-6.0",
    "mozilla-modern-6.0",
    "mozilla-intermediate-5.8",
    "mozilla-modern-5.8",
    "mozilla-old-5.8",
    "mozilla-intermediate-5.7",
    "mozilla-modern-5.7",
    "mozilla-old-5.7",
    "rfc9325",
    "nist-800-52r2",
    "bsi-tr-02102-2",
    "ncsc-nl",
    "anssi",
    "cnsa1",
    "cnsa2",
    "fips",
    "pci-dss-4",
    "stig-apache",
    "fedora-default",
    "fedora-future",
};
#define STANDARDS (sizeof standards / sizeof *standards)

static struct profile *load(const char *name)
{
    struct err err = ERR_INIT;
    struct profile *p = profile_load(name, "profiles", &err);
    ck_assert_msg(p != NULL, "%s", err.text);
    return p;
}

static bool lists(const json_t *profile, const char *pointer, const char *name)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_doc_at(profile, pointer), i, v)
    {
        if (strcmp(json_string_value(v), name) == 0)
            return true;
    }
    return false;
}

static bool allows(const json_t *profile, const char *name)
{
    return lists(profile, "/tls/protocols", name) ||
           lists(profile, "/tls/suites", name) || lists(profile, "/tls/groups", name) ||
           lists(profile, "/tls/signature_algorithms", name);
}

static bool is_item(const char *name)
{
    return protocol_by_name(name) || suite_by_name(name) || group_by_name(name) ||
           sigscheme_by_name(name);
}

static void items_have_a_source(const struct profile *p, const char *pointer)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_doc_at(p->effective, pointer), i, v)
    {
        struct level l = level_of(p->effective, json_string_value(v));
        ck_assert_msg(l.kind != LEVEL_NONE && *l.source, "%s: %s", p->name,
                      json_string_value(v));
    }
}

START_TEST(every_item_has_level_and_source)
{
    for (size_t i = 0; i < STANDARDS; i++) {
        CLEANUP(profile_releasep) struct profile *p = load(standards[i]);
        ck_assert_str_eq(p->name, standards[i]);
        ck_assert_msg(*p->title && *p->description, "%s", p->name);
        ck_assert_uint_gt(json_array_size(json_object_get(p->effective, "references")),
                          0);
        items_have_a_source(p, "/tls/protocols");
        items_have_a_source(p, "/tls/suites");
        items_have_a_source(p, "/tls/groups");
        items_have_a_source(p, "/tls/signature_algorithms");
    }
}
END_TEST

static void lists_obey(const struct profile *p, const char *pointer)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_doc_at(p->effective, pointer), i, v)
    {
        struct level l = level_of(p->effective, json_string_value(v));
        ck_assert_msg(!level_forbids(l.kind), "%s allows %s: %s", p->name,
                      json_string_value(v), level_name(l.kind));
    }
}

START_TEST(nothing_forbidden_is_allowed_and_nothing_required_is_missing)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(profile_names("profiles", &names, &err), 0);
    ck_assert_uint_eq(names.count, STANDARDS + 5);
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(profile_releasep) struct profile *p = load(names.items[i]);
        const char *item;
        json_t *v;
        lists_obey(p, "/tls/protocols");
        lists_obey(p, "/tls/suites");
        lists_obey(p, "/tls/groups");
        lists_obey(p, "/tls/signature_algorithms");
        json_object_foreach(json_object_get(p->effective, "levels"), item, v)
        {
            bool must = level_of(p->effective, item).kind == LEVEL_MUST;
            ck_assert_msg(!must || !is_item(item) || allows(p->effective, item),
                          "%s lacks %s", p->name, item);
        }
    }
}
END_TEST

/* Whether a library has all that a profile requires; err says what it lacks. */
static bool satisfiable(const struct profile *p, const struct library *l, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    CLEANUP(native_release) struct native n = NATIVE_INIT;
    CLEANUP(grants_release) struct grants g = GRANTS_INIT;
    return profile_policy(p, NULL, &policy, err) == 0 &&
           dialect_translate(l, &policy, &n, &g, err) == 0 && grants_check(&g, err) == 0;
}

START_TEST(the_libraries_of_this_host_can_do_all_but_cnsa2)
{
    for (size_t i = 0; i < STANDARDS; i++)
        for (int kind = DIALECT_OPENSSL; kind <= DIALECT_GNUTLS; kind++) {
            CLEANUP(profile_releasep) struct profile *p = load(standards[i]);
            struct err err = ERR_INIT;
            struct library l;
            ck_assert_int_eq(dialect_local((enum dialect_kind)kind, &l, &err), 0);
            bool ok = satisfiable(p, &l, &err);
            ck_assert_msg(ok == (strcmp(p->name, "cnsa2") != 0), "%s: %s", p->name,
                          err.text);
            if (!ok)
                ck_assert_msg(strstr(err.text, "not satisfiable here: ") &&
                                  strstr(err.text, "MLKEM1024"),
                              "%s", err.text);
        }
}
END_TEST

START_TEST(cnsa2_is_for_openssl_3_5)
{
    CLEANUP(profile_releasep) struct profile *p = load("cnsa2");
    struct err err = ERR_INIT;
    const struct library newer = {DIALECT_OPENSSL, "3.5.1", NULL};
    const struct library older = {DIALECT_OPENSSL, "3.2.0", NULL};
    ck_assert_msg(satisfiable(p, &newer, &err), "%s", err.text);
    ck_assert(!satisfiable(p, &older, &err));
    ck_assert_str_eq(err.text,
                     "not satisfiable here: openssl 3.2.0 has no MLKEM1024; needs 3.5; "
                     "openssl 3.2.0 has no mldsa87; needs 3.5");
}
END_TEST

static bool conflict(const char *a, const char *b, const char *item)
{
    CLEANUP(profile_releasep) struct profile *pa = load(a), *pb = load(b);
    struct err err = ERR_INIT;
    json_t *diff = difference(pa, pb, NULL, &err), *v;
    size_t i;
    bool found = false;
    json_array_foreach(json_object_get(diff, "conflicts"), i, v)
    {
        found |= strcmp(json_string_value(json_object_get(v, "item")), item) == 0;
    }
    json_decref(diff);
    return found;
}

START_TEST(conflicts_between_standards_are_named)
{
    ck_assert(conflict("bsi-tr-02102-2", "mozilla-intermediate-6.0", "x25519"));
    ck_assert(conflict("nist-800-52r2", "mozilla-intermediate-6.0",
                       "TLS_CHACHA20_POLY1305_SHA256"));
    ck_assert(conflict("stig-apache", "nist-800-52r2", "TLSv1.3"));
    ck_assert(!conflict("bsi-tr-02102-2", "nist-800-52r2", "secp256r1"));
}
END_TEST

/* What is known of a standard from memory says so. */
START_TEST(what_is_from_memory_says_so)
{
    CLEANUP(profile_releasep) struct profile *cnsa = load("cnsa1"), *fips = load("fips");
    ck_assert(!level_of(cnsa->effective, "secp384r1").confirmed);
    ck_assert(level_of(fips->effective, "secp384r1").confirmed);
}
END_TEST

UNIT_MAIN("standards", every_item_has_level_and_source,
          nothing_forbidden_is_allowed_and_nothing_required_is_missing,
          the_libraries_of_this_host_can_do_all_but_cnsa2, cnsa2_is_for_openssl_3_5,
          conflicts_between_standards_are_named, what_is_from_memory_says_so)
