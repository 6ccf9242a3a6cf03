/* What directory does without a server: it compares, and says clearly that nobody answers. */
#include "base/directory.h"
#include "unit/unit.h"

#include <string.h>

static json_t *json(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(value);
    return value;
}

static bool same(const char *a, const char *b)
{
    json_auto_t *x = json(a);
    json_auto_t *y = json(b);
    bool yes = directory_same(x, y);
    ck_assert_int_eq(yes, directory_same(y, x));
    return yes;
}

START_TEST(values_are_sets)
{
    ck_assert(same("{\"a\": [\"1\", \"2\"]}", "{\"a\": [\"2\", \"1\"]}"));
    ck_assert(!same("{\"a\": [\"1\", \"2\"]}", "{\"a\": [\"1\"]}"));
    ck_assert(!same("{\"a\": [\"x\"]}", "{\"a\": [\"X\"]}"));
}
END_TEST

START_TEST(names_have_no_case_and_absent_is_empty)
{
    ck_assert(same("{\"cn\": [\"x\"]}", "{\"CN\": [\"x\"], \"other\": []}"));
    ck_assert(!same("{\"cn\": []}", "{\"cn\": [\"x\"]}"));
}
END_TEST

START_TEST(nobody_answers)
{
    struct err err = ERR_INIT;
    const char *uri = "ldapi://%2Fnowhere%2Fsocket";
    ck_assert_ptr_null(
        directory_read(uri, "cn=config", DIRECTORY_BASE, NULL, NULL, &err));
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    ck_assert_str_eq(
        err.text,
        "bind to 'ldapi://%2Fnowhere%2Fsocket': Can't contact LDAP server (-1)");
    json_auto_t *like = json("{\"a\": [\"1\"]}");
    ck_assert_ptr_null(directory_image(uri, "cn=config", like, &err));
    ck_assert_int_eq(directory_replace(uri, "cn=config", like, like, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "Can't contact"));
}
END_TEST

START_TEST(no_such_address)
{
    struct err err = ERR_INIT;
    ck_assert_ptr_null(directory_read("ftp://x", "", DIRECTORY_ONE, NULL, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "connect to 'ftp://x'"));
}
END_TEST

/* No connection is needed to change nothing. */
START_TEST(nothing_to_send)
{
    struct err err = ERR_INIT;
    json_auto_t *present = json("{\"a\": []}");
    json_auto_t *wanted = json("{\"a\": [], \"b\": []}");
    ck_assert_int_eq(
        directory_replace("ldapi://%2Fnowhere", "cn=config", present, wanted, &err), 0);
}
END_TEST

UNIT_MAIN("directory", values_are_sets, names_have_no_case_and_absent_is_empty,
          nobody_answers, no_such_address, nothing_to_send)
