/* Are profiles read as DESIGN says, and bad ones refused with their place? */
#include "base/file.h"
#include "policy/profile.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Loads a profile from text, as a file; NULL and err on failure. */
static struct profile *from_text(const char *json, struct err *err)
{
    char path[] = "/tmp/profile-XXXXXX.json";
    int fd = mkstemps(path, 5);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, json, strlen(json), path, err), 0);
    close(fd);
    struct profile *p = profile_load(path, "profiles", err);
    unlink(path);
    if (!p) { /* the random part of the name is of no interest */
        char *at = strstr(err->text, path);
        if (at)
            memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
    }
    return p;
}

static void refused(const char *json, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep) struct profile *p = from_text(json, &err);
    ck_assert_ptr_null(p);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strcmp(err.text, expected) == 0, "\n got %s\nwant %s", err.text,
                  expected);
}

START_TEST(shipped_profiles_load)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(profile_names("profiles", &names, &err), 0);
    ck_assert_uint_eq(names.count, 25);
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(profile_releasep)
        struct profile *p = profile_load(names.items[i], "profiles", &err);
        ck_assert_msg(p != NULL, "%s", err.text);
        ck_assert_str_eq(p->name, names.items[i]);
        CLEANUP(policy_release) struct policy policy = POLICY_INIT;
        ck_assert_int_eq(profile_policy(p, "postfix.inbound", &policy, &err), 0);
        ck_assert_str_eq(policy_string(&policy, "smtp", "inbound"), "may");
    }
}
END_TEST

START_TEST(strict_is_strict)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep)
    struct profile *p = profile_load("strict", "profiles", &err);
    ck_assert_msg(p != NULL, "%s", err.text);
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    ck_assert_int_eq(profile_policy(p, NULL, &policy, &err), 0);
    ck_assert_uint_eq(policy.protocols, protocol_range(PROTOCOL_TLS1_2, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(policy.suite13_count, 3);
    ck_assert_uint_eq(policy.suite_count, 6);
    for (size_t i = 0; i < policy.suite_count; i++)
        ck_assert(suite_has(policy.suites[i].suite, SUITE_AEAD) &&
                  suite_has(policy.suites[i].suite, SUITE_FORWARD_SECRET));
    ck_assert(policy.groups[0].optional && !policy.groups[2].optional);
    ck_assert(policy.server_preference && !policy.session_tickets && !policy.compression);
    ck_assert_int_eq(policy_number(&policy, "ldap", "minimum_ssf"), 128);
    ck_assert_uint_eq(policy.certificate.rsa_min_bits, 2048);
}
END_TEST

START_TEST(lists_are_edited_and_scopes_overlaid)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep)
    struct profile *p = from_text(
        "{\"name\":\"mine\",\"extends\":\"strict\","
        "\"tls\":{\"suites\":{\"remove\":[\"*CHACHA20*\"]}},"
        "\"scopes\":{\"postfix\":{\"tls\":{\"session_tickets\":true}},"
        "\"postfix.inbound\":{\"tls\":{\"protocols\":{\"prepend\":[\"TLSv1.1\"]}}}}}",
        &err);
    ck_assert_msg(p != NULL, "%s", err.text);
    CLEANUP(policy_release) struct policy all = POLICY_INIT, inbound = POLICY_INIT;
    ck_assert_int_eq(profile_policy(p, "apache/www.example.test", &all, &err), 0);
    ck_assert_uint_eq(all.suite13_count + all.suite_count, 6);
    ck_assert(!protocol_in(all.protocols, PROTOCOL_TLS1_1) && !all.session_tickets);
    ck_assert_int_eq(profile_policy(p, "postfix.inbound", &inbound, &err), 0);
    ck_assert(protocol_in(inbound.protocols, PROTOCOL_TLS1_1) && inbound.session_tickets);
}
END_TEST

START_TEST(an_effective_profile_is_a_profile)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep) struct profile *p = profile_load("old", "profiles", &err);
    ck_assert_msg(p != NULL, "%s", err.text);
    char *text = json_dumps(profile_effective(p), 0);
    CLEANUP(profile_releasep) struct profile *again = from_text(text, &err);
    free(text);
    ck_assert_msg(again != NULL, "%s", err.text);
    ck_assert(json_equal(profile_effective(p), profile_effective(again)));
}
END_TEST

START_TEST(bad_profiles_are_refused)
{
    refused("[]", ":1:1: a profile is an object");
    refused("{}", ":1:1: a profile needs a \"name\"");
    refused("{\"name\":\"a\",\n \"tls\":{\"suits\":[]}}",
            ":2:9: /tls/suits: unknown key; did you mean 'suites'?");
    refused("{\"name\":\"a\",\"zzzzzzzzzz\":1}",
            ":1:13: /zzzzzzzzzz: unknown key; see tlsharden-profile(5)");
    refused("{\"name\":\"a b\"}",
            ":1:9: /name: must be letters, digits, '-', '.' and '_', "
            "beginning with a letter or digit");
    refused("{\"name\":\"a\",\"title\":\"x\\ny\"}",
            ":1:21: /title: holds a control character (0x0a)");
    refused("{\"name\":\"a\",\"title\":3}", ":1:21: /title: must be a string");
    refused(
        "{\"name\":\"a\",\"tls\":{\"protocols\":[\"TLSv1.4\"]}}",
        ":1:33: /tls/protocols/0: unknown protocol 'TLSv1.4'; did you mean 'TLSv1.1'?");
    refused("{\"name\":\"a\",\"tls\":{\"protocols\":[\"SSLv3\"]}}",
            ":1:33: /tls/protocols/0: no profile may ask for 'SSLv3': it is broken (RFC "
            "7568)");
    refused("{\"name\":\"a\",\"tls\":{\"suites\":[\"ECDHE-RSA-AES128-GCM-SHA256\"]}}",
            ":1:30: /tls/suites/0: 'ECDHE-RSA-AES128-GCM-SHA256' is a library's name; "
            "write the "
            "IANA name 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'");
    refused("{\"name\":\"a\",\"tls\":{\"suites\":[\"TLS_RSA_WITH_NULL_SHA\"]}}",
            ":1:30: /tls/suites/0: no profile may ask for 'TLS_RSA_WITH_NULL_SHA': it "
            "does not "
            "encrypt");
    refused("{\"name\":\"a\",\"tls\":{\"groups\":[\"X25519\"]}}",
            ":1:30: /tls/groups/0: 'X25519' is a library's name; write the IANA name "
            "'x25519'");
    refused("{\"name\":\"a\",\"tls\":{\"groups\":[\"x25519\",\"x25519\"]}}",
            ":1:39: /tls/groups/1: 'x25519' stands there twice");
    refused("{\"name\":\"a\",\"tls\":{\"groups\":{\"add\":[]}}}",
            ":1:30: /tls/groups/add: a list is edited by prepend, append and remove");
    refused("{\"name\":\"a\",\"tls\":{\"groups\":true}}",
            ":1:29: /tls/groups: must be an array");
    refused("{\"name\":\"a\",\"tls\":{\"server_preference\":1}}",
            ":1:40: /tls/server_preference: must be true or false");
    refused("{\"name\":\"a\",\"tls\":[]}", ":1:19: /tls: must be an object");
    refused("{\"name\":\"a\",\"ldap\":{\"minimum_ssf\":1000}}",
            ":1:35: /ldap/minimum_ssf: must be a whole number from 0 to 256");
    refused("{\"name\":\"a\",\"smtp\":{\"inbound\":\"never\"}}",
            ":1:31: /smtp/inbound: must be one of: may encrypt");
    refused("{\"name\":\"a\",\"scopes\":{\"a b\":{}}}",
            ":1:23: /scopes/a b: a scope is SERVICE, SERVICE.ROLE or SERVICE/VHOST");
    refused("{\"name\":\"a\",\"scopes\":{\"postfix\":{\"name\":\"b\"}}}",
            ":1:34: /scopes/postfix/name: can't stand within a scope");
    refused("{\"name\":\"a\",\"extends\":\"strct\"}",
            ":1:23: /extends: unknown profile 'strct'; did you mean 'strict'?");
    refused("{\"name\":\"a\",\"extends\":\"strict\",\"tls\":{\"protocols\":[\"TLSv1.3\","
            "\"TLSv1.1\"]}}",
            ": /tls/protocols has a gap: servers can be given a range only");
}
END_TEST

START_TEST(unknown_profile_is_told)
{
    struct err err = ERR_INIT;
    ck_assert_ptr_null(profile_load("stric", "profiles", &err));
    ck_assert_str_eq(err.text, "unknown profile 'stric'; did you mean 'strict'?");
    ck_assert_ptr_null(profile_load("/nonexistent/x.json", "profiles", &err));
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
}
END_TEST

UNIT_MAIN("profile", shipped_profiles_load, strict_is_strict,
          lists_are_edited_and_scopes_overlaid, an_effective_profile_is_a_profile,
          bad_profiles_are_refused, unknown_profile_is_told)
