/* Which of two Strict-Transport-Security values is sent? */
#include "service/hsts.h"
#include "base/mem.h"
#include "unit/unit.h"

#include <stdbool.h>

static void becomes(const char *present, json_int_t age, bool subdomains, bool preload,
                    const char *expected)
{
    json_t *wanted = json_pack("{s:I, s:b, s:b}", "max_age", age, "include_subdomains",
                               subdomains, "preload", preload);
    CLEANUP(mem_freep) char *value = hsts_stronger(present, wanted);
    json_decref(wanted);
    ck_assert_str_eq(value, expected);
}

START_TEST(what_is_wanted_is_written)
{
    becomes(NULL, 100, false, false, "max-age=100");
    becomes(NULL, 100, true, true, "max-age=100; includeSubDomains; preload");
    becomes("", 100, false, true, "max-age=100; preload");
    becomes(NULL, 0, false, false, "max-age=0");
}
END_TEST

START_TEST(stronger_ones_stay_as_they_are_written)
{
    becomes("max-age=100", 100, false, false, "max-age=100");
    becomes("MAX-AGE = \"200\" ;  includesubdomains", 100, true, false,
            "MAX-AGE = \"200\" ;  includesubdomains");
    becomes("includeSubDomains; max-age=100; preload", 100, false, false,
            "includeSubDomains; max-age=100; preload");
}
END_TEST

START_TEST(promises_are_added_up)
{
    becomes("max-age=200", 100, true, false, "max-age=200; includeSubDomains");
    becomes("max-age=1; includeSubDomains", 100, false, false,
            "max-age=100; includeSubDomains");
    becomes("max-age=1; preload", 100, true, false,
            "max-age=100; includeSubDomains; preload");
}
END_TEST

START_TEST(garbage_promises_nothing)
{
    becomes("max-age", 100, false, false, "max-age=100");
    becomes("max-age=", 100, false, false, "max-age=100");
    becomes("max-age=-5", 100, false, false, "max-age=100");
    becomes("%{X}e", 100, false, false, "max-age=100");
    becomes("max-age=99999999999999999999999", 100, true, false,
            "max-age=3153600000; includeSubDomains");
}
END_TEST

/* Browsers would ignore it. */
START_TEST(broken_ones_do_not_stay)
{
    becomes("max-age=200x", 100, false, false, "max-age=200");
    becomes("max-age=200 includeSubDomains", 100, false, false,
            "max-age=200; includeSubDomains");
    becomes("max-age=200; max-age=300; preload", 100, false, false,
            "max-age=200; preload");
    becomes("foo=\"preload\"; max-age=200", 100, true, false,
            "max-age=200; includeSubDomains");
}
END_TEST

UNIT_MAIN("hsts", what_is_wanted_is_written, stronger_ones_stay_as_they_are_written,
          promises_are_added_up, garbage_promises_nothing, broken_ones_do_not_stay)
