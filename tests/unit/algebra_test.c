/*
 * Profiles as values: is the same policy the same however it is spelt, is every value's origin the line
 * that set it, and is the difference of two profiles what it is?
 */
#include "dialect/dialect.h"
#include "policy/difference.h"
#include "policy/level.h"
#include "policy/profile.h"
#include "unit/tree.h"

/* Profiles written into a directory of their own; "extends" finds them there first. */
struct shelf {
    char *dir;
};

static struct profile *load(const struct shelf *s, const char *name)
{
    char *path = mem_printf("%s/%s.json", s->dir, name);
    struct err err = ERR_INIT;
    struct profile *p = profile_load(path, "profiles", &err);
    ck_assert_msg(p != NULL, "%s", err.text);
    free(path);
    return p;
}

static void put(const struct shelf *s, const char *name, const char *json)
{
    char *file = mem_printf("/%s.json", name);
    tree_write(s->dir, file, json, 0644);
    free(file);
}

/* Everything that a policy turns into, for both libraries; owned. */
static char *strings_of(const struct profile *p, const char *scope)
{
    static const struct library libraries[] = {{DIALECT_OPENSSL, "3.0.19", NULL},
                                               {DIALECT_OPENSSL, "3.5.0", NULL},
                                               {DIALECT_GNUTLS, "3.7.9", NULL}};
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct err err = ERR_INIT;
    ck_assert_msg(profile_policy(p, scope, &policy, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        CLEANUP(native_release) struct native n = NATIVE_INIT;
        CLEANUP(grants_release) struct grants g = GRANTS_INIT;
        ck_assert_msg(dialect_translate(&libraries[i], &policy, &n, &g, &err) == 0, "%s",
                      err.text);
        json_t *context = dialect_context(&n, &policy);
        char *text = json_dumps(context, JSON_SORT_KEYS);
        buf_addf(&out, "%s\n", text);
        free(text);
        json_decref(context);
    }
    return buf_take(&out);
}

static void same(const struct shelf *s, const char *a, const char *scope_a, const char *b,
                 const char *scope_b)
{
    CLEANUP(profile_releasep) struct profile *pa = load(s, a), *pb = load(s, b);
    char *ta = strings_of(pa, scope_a), *tb = strings_of(pb, scope_b);
    ck_assert_msg(strcmp(ta, tb) == 0, "%s %s:\n%s%s %s:\n%s", a, scope_a ? scope_a : "",
                  ta, b, scope_b ? scope_b : "", tb);
    free(ta);
    free(tb);
}

#define SUITES13 "\"TLS_AES_128_GCM_SHA256\",\"TLS_AES_256_GCM_SHA384\""
#define REST                                                                             \
    "\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\",\"TLS_ECDHE_RSA_WITH_AES_128_GCM_"      \
    "SHA256\""                                                                           \
    ",\"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\",\"TLS_ECDHE_RSA_WITH_AES_256_GCM_"     \
    "SHA384\""

START_TEST(spelling_does_not_matter)
{
    struct shelf s = {tree_make()};
    put(&s, "list",
        "{\"name\":\"list\",\"extends\":\"strict\",\"tls\":{\"suites\":[" SUITES13
        "," REST "]}}");
    put(&s, "wildcard",
        "{\"name\":\"wildcard\",\"extends\":\"strict\",\"tls\":{\"suites\":"
        "{\"remove\":[\"*CHACHA20*\"]}}}");
    put(&s, "names",
        "{\"name\":\"names\",\"extends\":\"strict\",\"tls\":{\"suites\":{\"remove\":["
        "\"TLS_CHACHA20_POLY1305_SHA256\",\"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_"
        "SHA256\","
        "\"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\"]}}}");
    put(&s, "order",
        "{\"name\":\"order\",\"extends\":\"strict\",\"tls\":{\"suites\":[" REST
        "," SUITES13 "]}}");
    put(&s, "steps",
        "{\"name\":\"steps\",\"extends\":\"half\",\"tls\":{\"suites\":{\"remove\":"
        "[\"*_WITH_CHACHA20*\"],\"prepend\":[" SUITES13 "]}}}");
    put(&s, "half",
        "{\"name\":\"half\",\"extends\":\"strict\",\"tls\":{\"suites\":{\"remove\":"
        "[\"TLS_AES_*\",\"TLS_CHACHA20_*\"]}}}");
    put(&s, "scoped",
        "{\"name\":\"scoped\",\"extends\":\"strict\",\"scopes\":{\"postfix.inbound\":"
        "{\"tls\":{\"suites\":{\"remove\":[\"*CHACHA20*\"]}}}}}");
    static const char *const others[] = {"wildcard", "names", "order", "steps"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        same(&s, "list", NULL, others[i], NULL);
    same(&s, "list", NULL, "scoped", "postfix.inbound");
    same(&s, "list", "apache", "wildcard", "courier");
    tree_remove(&s.dir);
}
END_TEST

/* A parent may be a file, which is looked for beside the one that extends it. */
START_TEST(edits_and_parents_at_their_edges)
{
    struct shelf s = {tree_make()};
    struct err err = ERR_INIT;
    put(&s, "a",
        "{\"name\":\"a\",\"extends\":\"sub/b.json\",\"tls\":{\"groups\":"
        "{\"prepend\":[\"x448\"],\"append\":[\"x448\",\"x25519\"]},\"suites\":{}}}");
    put(&s, "sub/b", "{\"name\":\"b\",\"extends\":\"c\"}");
    put(&s, "sub/c",
        "{\"name\":\"c\",\"extends\":\"strict\",\"tls\":{\"groups\":"
        "[\"x25519\",\"secp256r1\"]}}");
    CLEANUP(profile_releasep) struct profile *p = load(&s, "a");
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    ck_assert_int_eq(profile_policy(p, NULL, &policy, &err), 0);
    ck_assert_uint_eq(policy.group_count, 3);
    ck_assert_str_eq(policy.groups[0].group->name, "x448");
    ck_assert_str_eq(policy.groups[1].group->name, "secp256r1");
    ck_assert_str_eq(policy.groups[2].group->name, "x25519");
    ck_assert_uint_eq(policy.suite_count, 6);
    put(&s, "loop", "{\"name\":\"loop\",\"extends\":\"loop\"}");
    char *path = mem_printf("%s/loop.json", s.dir);
    ck_assert_ptr_null(profile_load(path, "profiles", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "extend one another in a loop"));
    free(path);
    tree_remove(&s.dir);
}
END_TEST

/* What a scope edits is the list that holds in the end, whichever file edits it. */
START_TEST(scopes_edit_through_layers)
{
    struct shelf s = {tree_make()};
    put(&s, "base",
        "{\"name\":\"base\",\"extends\":\"strict\",\"scopes\":{\"postfix.inbound\":"
        "{\"tls\":{\"protocols\":{\"prepend\":[\"TLSv1.1\"]},"
        "\"groups\":{\"append\":[\"x448\"]}}}}}");
    put(&s, "child",
        "{\"name\":\"child\",\"extends\":\"base\",\"tls\":{\"groups\":[\"x25519\"]},"
        "\"scopes\":{\"postfix.inbound\":{\"tls\":{\"groups\":{\"append\":[\"secp521r1\"]"
        "}}},"
        "\"postfix\":{\"tls\":{\"session_tickets\":true}}}}");
    put(&s, "flat",
        "{\"name\":\"flat\",\"extends\":\"strict\",\"tls\":{\"groups\":[\"x25519\"]},"
        "\"scopes\":{\"postfix.inbound\":{\"tls\":{\"session_tickets\":true,"
        "\"protocols\":[\"TLSv1.1\",\"TLSv1.2\",\"TLSv1.3\"],"
        "\"groups\":[\"x25519\",\"x448\",\"secp521r1\"]}}}}");
    CLEANUP(profile_releasep)
    struct profile *child = load(&s, "child"), *flat = load(&s, "flat");
    CLEANUP(policy_release) struct policy a = POLICY_INIT, b = POLICY_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(profile_policy(child, "postfix.inbound", &a, &err), 0);
    ck_assert_int_eq(profile_policy(flat, "postfix.inbound", &b, &err), 0);
    ck_assert_uint_eq(a.group_count, 3);
    ck_assert(protocol_in(a.protocols, PROTOCOL_TLS1_1) && a.session_tickets);
    ck_assert(json_equal(json_object_get(a.effective, "tls"),
                         json_object_get(b.effective, "tls")));
    char *text = json_dumps(profile_effective(child), 0);
    put(&s, "again", text);
    free(text);
    CLEANUP(profile_releasep) struct profile *again = load(&s, "again");
    ck_assert(json_equal(profile_effective(child), profile_effective(again)));
    tree_remove(&s.dir);
}
END_TEST

static void from(const struct profile *p, const char *scope, const char *pointer,
                 const char *item, const char *wanted)
{
    struct profile_origin o = profile_origin(p, scope, pointer, item);
    char *got = o.path ? mem_printf("%s:%zu", strrchr(o.path, '/') + 1, o.line)
                       : mem_strdup("default");
    bool only_file =
        wanted[strlen(wanted) - 1] == ':'; /* a shipped one: its lines may change */
    ck_assert_msg(strncmp(got, wanted, strlen(wanted) + !only_file) == 0,
                  "%s %s: %s, not %s", pointer, item ? item : "", got, wanted);
    free(got);
}

START_TEST(every_value_has_an_origin)
{
    struct shelf s = {tree_make()};
    put(&s, "low",
        "{\"name\":\"low\",\"extends\":\"strict\",\n"
        " \"tls\":{\"groups\":[\"x25519\",\n\"secp256r1\"],\n"
        "  \"session_tickets\":true},\n"
        " \"http\":{\"hsts\":{\"max_age\":5}}}");
    put(&s, "mid", "{\"name\":\"mid\",\"extends\":\"low\",\n \"http\":{\"hsts\":false}}");
    put(&s, "top",
        "{\"name\":\"top\",\"extends\":\"mid\",\n"
        " \"tls\":{\"groups\":{\"prepend\":[\"x448\"],\n\"remove\":[\"secp256*\"]}},\n"
        " \"http\":{\"hsts\":{\n\"preload\":true}},\n"
        " \"scopes\":{\"postfix\":{\"tls\":{\n\"server_preference\":false}},\n"
        "  \"postfix.inbound\":{\"tls\":{\"groups\":{\n\"append\":[\"secp521r1\"]}}}}}");
    CLEANUP(profile_releasep) struct profile *p = load(&s, "top");
    from(p, NULL, "/name", NULL, "top.json:1");
    from(p, NULL, "/tls/groups", "x448", "top.json:2");
    from(p, NULL, "/tls/groups", "x25519", "low.json:2");
    from(p, NULL, "/tls/session_tickets", NULL, "low.json:4");
    from(p, NULL, "/http/hsts/preload", NULL, "top.json:5");
    from(p, NULL, "/http/hsts/max_age", NULL, "default");
    from(p, NULL, "/certificate/expiry_warn_days", NULL, "intermediate.json:");
    from(p, NULL, "/tls/server_preference", NULL, "strict.json:");
    from(p, "postfix.inbound", "/tls/server_preference", NULL, "top.json:7");
    from(p, "postfix.inbound", "/tls/groups", "secp521r1", "top.json:9");
    from(p, "postfix.inbound", "/tls/groups", "x448", "top.json:2");
    from(p, "apache/www", "/tls/groups", "x25519", "low.json:2");
    tree_remove(&s.dir);
}
END_TEST

/* --- differences ----------------------------------------------------------------------------- */

static char *list_text(const json_t *diff, const char *kind, const char *side)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    size_t i, k;
    json_t *list, *item;
    json_array_foreach(json_object_get(diff, "lists"), i, list)
    {
        if (strcmp(json_string_value(json_object_get(list, "kind")), kind) != 0)
            continue;
        json_array_foreach(json_object_get(list, side), k, item)
        {
            buf_addf(&out, "%s ", json_string_value(json_object_get(item, "name")));
        }
    }
    return out.len ? buf_take(&out) : mem_strdup("");
}

static void expect(const json_t *diff, const char *kind, const char *side,
                   const char *wanted)
{
    char *got = list_text(diff, kind, side);
    ck_assert_str_eq(got, wanted);
    free(got);
}

START_TEST(a_difference_is_what_it_is)
{
    struct shelf s = {tree_make()};
    put(&s, "a",
        "{\"name\":\"a\",\"extends\":\"strict\",\"levels\":{\"x25519\":{\"level\":"
        "\"must\","
        "\"source\":\"A 1\"},\"x448\":{\"level\":\"may\"}}}");
    put(&s, "b",
        "{\"name\":\"b\",\"extends\":\"strict\",\"tls\":{\"protocols\":[\"TLSv1.3\"],"
        "\"groups\":[\"secp384r1\",\"secp256r1\",\"x448\"],\"optional\":[]},"
        "\"certificate\":{\"rsa_min_bits\":3000},"
        "\"levels\":{\"x25519\":{\"level\":\"must-not\",\"source\":\"B 2\"}},"
        "\"scopes\":{\"postfix\":{\"tls\":{\"compression\":false}}}}");
    CLEANUP(profile_releasep) struct profile *a = load(&s, "a"), *b = load(&s, "b");
    struct err err = ERR_INIT;
    json_t *diff = difference(a, b, NULL, &err),
           *none = difference(a, a, "postfix", &err);
    ck_assert(json_is_true(json_object_get(none, "same")));
    ck_assert(json_is_false(json_object_get(diff, "same")));
    expect(diff, "protocol", "only_a", "TLSv1.2 ");
    expect(diff, "protocol", "only_b", "");
    expect(diff, "group", "only_a", "X25519MLKEM768 x25519 ");
    expect(diff, "group", "only_b", "x448 ");
    expect(diff, "suite", "only_b", "");
    char *text =
        json_dumps(json_object_get(diff, "conflicts"), JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(
        text, "[{\"a\":\"must\",\"a_source\":\"A 1\",\"b\":\"must-not\",\"b_source\":"
              "\"B 2\",\"item\":\"x25519\"}]");
    free(text);
    text = json_dumps(json_object_get(diff, "scopes"), JSON_COMPACT);
    ck_assert_str_eq(text, "[\"postfix\"]");
    free(text);
    text = json_dumps(json_object_get(diff, "settings"), JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_ptr_nonnull(
        strstr(text, "{\"a\":2048,\"b\":3000,\"name\":\"certificate.rsa_min_bits\"}"));
    free(text);
    json_decref(diff);
    json_decref(none);
    tree_remove(&s.dir);
}
END_TEST

/* --- levels ---------------------------------------------------------------------------------- */

START_TEST(levels_are_found_by_name_and_by_pattern)
{
    struct shelf s = {tree_make()};
    put(&s, "a",
        "{\"name\":\"a\",\"extends\":\"strict\",\"levels\":{"
        "\"TLS_*\":{\"level\":\"may\",\"source\":\"1\"},"
        "\"TLS_RSA_*\":{\"level\":\"must-not\",\"source\":\"2\",\"reason\":\"r\","
        "\"confirmed\":false},"
        "\"TLS_RSA_WITH_AES_128_GCM_SHA256\":{\"level\":\"should-not\"},"
        "\"certificate.rsa_min_bits\":{\"level\":\"must\"}}}");
    put(&s, "b",
        "{\"name\":\"b\",\"extends\":\"a\",\"levels\":{\"TLS_RSA_*\":{\"level\":\"may\"}}"
        "}");
    CLEANUP(profile_releasep) struct profile *a = load(&s, "a"), *b = load(&s, "b");
    struct level l = level_of(a->effective, "TLS_RSA_WITH_AES_256_GCM_SHA384");
    ck_assert(l.kind == LEVEL_MUST_NOT && level_forbids(l.kind) && !l.confirmed);
    ck_assert_str_eq(l.reason, "r");
    ck_assert_int_eq(level_of(a->effective, "TLS_RSA_WITH_AES_128_GCM_SHA256").kind,
                     LEVEL_SHOULD_NOT);
    ck_assert_int_eq(level_of(a->effective, "TLS_AES_128_CCM_SHA256").kind, LEVEL_MAY);
    ck_assert_int_eq(level_of(a->effective, "secp521r1").kind, LEVEL_NONE);
    ck_assert_int_eq(level_of(a->effective, "certificate.rsa_min_bits").kind, LEVEL_MUST);
    l = level_of(b->effective,
                 "TLS_RSA_WITH_AES_256_GCM_SHA384"); /* replaced, never mixed */
    ck_assert(l.kind == LEVEL_MAY && l.confirmed);
    ck_assert_str_eq(l.source, "");
    tree_remove(&s.dir);
}
END_TEST

UNIT_MAIN("algebra", spelling_does_not_matter, edits_and_parents_at_their_edges,
          scopes_edit_through_layers, every_value_has_an_origin,
          a_difference_is_what_it_is, levels_are_found_by_name_and_by_pattern)
