/* Targets as people write them, and what each becomes; and what is said of those that are none. */
#include "unit/unit.h"

#include <string.h>

#include "probe/target.h"

static void becomes(const char *text, const char *service, const char *address,
                    unsigned port, const char *starttls, const char *name)
{
    struct endpoint e = {.service = NULL};
    struct err err = ERR_INIT;
    ck_assert_msg(target_parse(text, &e, &err) == 0, "%s: %s", text, err.text);
    ck_assert_str_eq(e.service, service);
    ck_assert_str_eq(e.address, address);
    ck_assert_uint_eq(e.port, port);
    ck_assert_pstr_eq(e.starttls, starttls);
    ck_assert_pstr_eq(e.name, name);
    endpoint_release(&e);
}

START_TEST(ports_and_protocols_complete_each_other)
{
    becomes("www.example.org", "https", "www.example.org", 443, NULL, "www.example.org");
    becomes("192.0.2.1:8443", "https", "192.0.2.1", 8443, NULL, NULL);
    becomes("192.0.2.1:25", "smtp", "192.0.2.1", 25, "smtp", NULL);
    becomes("192.0.2.1:587", "submission", "192.0.2.1", 587, "smtp", NULL);
    becomes("192.0.2.1:465", "smtps", "192.0.2.1", 465, NULL, NULL);
    becomes("a.example:143", "imap", "a.example", 143, "imap", "a.example");
    becomes("a.example:993", "imaps", "a.example", 993, NULL, "a.example");
    becomes("a.example:110", "pop3", "a.example", 110, "pop3", "a.example");
    becomes("a.example:995", "pop3s", "a.example", 995, NULL, "a.example");
    becomes("a.example:389", "ldap", "a.example", 389, "ldap", "a.example");
    becomes("a.example:636", "ldaps", "a.example", 636, NULL, "a.example");
    becomes("a.example:24", "lmtp", "a.example", 24, "lmtp", "a.example");
    becomes("a.example:21", "ftp", "a.example", 21, "ftp", "a.example");
    becomes("a.example/sieve", "sieve", "a.example", 4190, "sieve", "a.example");
    becomes("a.example:5222", "xmpp-client", "a.example", 5222, "xmpp-client",
            "a.example");
    becomes("a.example/xmpp", "xmpp", "a.example", 5222, "xmpp-client", "a.example");
    becomes("a.example:5269", "xmpp-server", "a.example", 5269, "xmpp-server",
            "a.example");
    becomes("a.example/postgres", "postgres", "a.example", 5432, "postgres", "a.example");
    becomes("a.example:3306", "mysql", "a.example", 3306, "mysql", "a.example");
    becomes("a.example/imap", "imap", "a.example", 143, "imap", "a.example");
    becomes("a.example:10025/smtp", "smtp", "a.example", 10025, "smtp", "a.example");
    becomes("a.example:12345", "tls", "a.example", 12345, NULL, "a.example");
    becomes("[::1]:443", "https", "::1", 443, NULL, NULL);
    becomes("[2001:db8::1]/imaps", "imaps", "2001:db8::1", 993, NULL, NULL);
}
END_TEST

START_TEST(what_is_no_target_is_told)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "there is no host"},
        {":443", "there is no host"},
        {"a.example:", "a port is a number"},
        {"a.example:0", "a port is a number"},
        {"a.example:65536", "a port is a number"},
        {"a.example:99999999999999999999", "a port is a number"},
        {"a.example:44x", "a port is a number"},
        {"a.example:443/", "unknown protocol ''"},
        {"a.example/htps", "did you mean 'https'?"},
        {"a.example/tls", "there is no port"},
        {"::1", "stands in brackets"},
        {"::1:443", "stands in brackets"},
        {"[::1", "'[' without its ']'"},
        {"[::1]x", "behind the ']'"},
        {"[a.example]:443", "neither an address nor a host name"},
        {"a b:443", "neither an address nor a host name"},
        {"-a:443", "neither an address nor a host name"},
        {"a\nb:443", "'a\\nb:443'"},
        {"https://a.example/", "this is a URL"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct endpoint e = {.port = 7};
        struct err err = ERR_INIT;
        ck_assert_int_eq(target_parse(cases[i].text, &e, &err), -1);
        ck_assert_int_eq(err.kind, ERR_USAGE);
        ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
                      err.text);
        ck_assert_uint_eq(e.port, 7);
    }
}
END_TEST

START_TEST(addresses_resolve_to_themselves)
{
    struct endpoint e = {.service = NULL};
    struct err err = ERR_INIT;
    ck_assert_int_eq(target_parse("[::1]:1", &e, &err), 0);
    ck_assert_int_eq(target_resolve(&e, 100, &err), 0);
    ck_assert_str_eq(e.address, "::1");
    endpoint_release(&e);
    ck_assert_int_eq(target_parse("nosuch.invalid:1", &e, &err), 0);
    ck_assert_int_eq(target_resolve(&e, 100, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    endpoint_release(&e);
}
END_TEST

START_TEST(kinds_are_told_apart)
{
    static const struct {
        const char *text;
        bool http, patient;
        const char *words;
    } cases[] = {
        {"a.example:443", true, false, "a.example (192.0.2.1):443 https"},
        {"a.example:25", false, true, "a.example (192.0.2.1):25 smtp"},
        {"a.example:993", false, true, "a.example (192.0.2.1):993 imaps"},
        {"a.example:636", false, false, "a.example (192.0.2.1):636 ldaps"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(buf_release) struct buf words = BUF_INIT;
        struct endpoint e = {.service = NULL};
        struct err err = ERR_INIT;
        ck_assert_int_eq(target_parse(cases[i].text, &e, &err), 0);
        ck_assert(target_is_http(&e) == cases[i].http);
        ck_assert(target_is_patient(&e) == cases[i].patient);
        free(e.address);
        e.address = mem_strdup("192.0.2.1");
        target_describe(&e, &words);
        ck_assert_str_eq(buf_str(&words), cases[i].words);
        endpoint_release(&e);
    }
}
END_TEST

UNIT_MAIN("target", ports_and_protocols_complete_each_other, what_is_no_target_is_told,
          addresses_resolve_to_themselves, kinds_are_told_apart)
