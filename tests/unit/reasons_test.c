/* Does every line that a template writes have its reason, and is the right one found for a line? */
#include "service/reasons.h"
#include "unit/unit.h"

#include "base/mem.h"

/* The lint: a setting without a reason, or with one that names no source, fails here by name. */
START_TEST(every_setting_has_one)
{
    CLEANUP(service_list_release) struct service_list list = SERVICE_LIST_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(service_list_load(".", &list, &err), 0);
    ck_assert_uint_ge(list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        CLEANUP(reasons_release) struct reasons all = REASONS_INIT;
        ck_assert_int_eq(reasons_load(&list.items[i], &all, &err), 0);
        ck_assert_uint_gt(all.count, 0);
        for (size_t k = 0; k < all.count; k++) {
            const struct reason *r = &all.items[k];
            ck_assert_msg(*r->why && *r->reference, "%s/%s:%zu: %s has no %s",
                          list.items[i].name, r->template, r->line, r->directive,
                          *r->why ? "reference" : "reason");
        }
    }
}
END_TEST

static void is_directive(const char *line, const char *wanted)
{
    CLEANUP(mem_freep) char *word = bytes_dup(reasons_directive(bytes_str(line)));
    ck_assert_str_eq(word, wanted);
}

START_TEST(directives)
{
    is_directive("SSLProtocol -all +TLSv1.3\n", "SSLProtocol");
    is_directive("\tSSLEngine on", "SSLEngine");
    is_directive("#SSLEngine", "SSLEngine");
    is_directive("smtpd_tls_auth_only=yes", "smtpd_tls_auth_only");
    is_directive("  -o smtpd_tls_auth_only=yes", "smtpd_tls_auth_only");
    is_directive("#  -o smtpd_tls_auth_only=", "smtpd_tls_auth_only");
    is_directive("olcTLSCipherSuite: NORMAL", "olcTLSCipherSuite");
    is_directive("# Written by hand", "");
    is_directive("<IfModule ssl_module>", "");
    is_directive("[section]", "");
    is_directive("{{#has.tls13}}", "");
    is_directive("dn: cn=config", "");
    is_directive("", "");
    is_directive("   \n", "");
    is_directive("#", "");
}
END_TEST

static char conf[] = "Conf", groups[] = "Conf Groups", why1[] = "1", why2[] = "2",
            why3[] = "3";
static struct reason items[] = {
    {.directive = conf, .literal = groups, .why = why1},
    {.directive = conf, .literal = conf, .why = why2},
    {.directive = conf, .literal = groups, .why = why3, .removes = true},
};

static const char *why(const char *line, bool removed)
{
    const struct reasons all = {.items = items, .count = ARRAY_LEN(items)};
    const struct reason *r = reasons_of(&all, bytes_str(line), removed);
    return r ? r->why : "";
}

START_TEST(the_closest_is_found)
{
    ck_assert_str_eq(why("Conf Groups x25519", false), "1");
    ck_assert_str_eq(why("  CONF groups x25519", false), "1");
    ck_assert_str_eq(why("Conf Protocol all", false), "2");
    ck_assert_str_eq(why("Conf Groups x25519", true), "3");
    ck_assert_str_eq(why("Other Groups", false), "");
    ck_assert_str_eq(why("Confer Groups", false), "");
}
END_TEST

UNIT_MAIN("reasons", every_setting_has_one, directives, the_closest_is_found)
