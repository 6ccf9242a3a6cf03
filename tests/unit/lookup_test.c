/* Are values found by their path, and conditions on them judged? */
#include "service/lookup.h"
#include "service/context.h"
#include "unit/unit.h"

#include <string.h>

static json_t *sample(void)
{
    json_t *v =
        json_loads("{\"a\":{\"b\":\"text\",\"list\":[{\"dn\":\"x\"},[1,2]],"
                   "\"empty\":\"\"},\"yes\":true,\"no\":false,\"zero\":0,\"one\":1,"
                   "\"half\":0.5,\"none\":null,\"void\":[],\"bare\":{}}",
                   0, NULL);
    ck_assert_ptr_nonnull(v);
    return v;
}

#define SAMPLE(name) json_t *name CLEANUP(json_decrefp) = sample()

START_TEST(paths)
{
    SAMPLE(c);
    ck_assert_str_eq(lookup_text(c, "a.b"), "text");
    ck_assert_str_eq(lookup_text(c, "a.list.0.dn"), "x");
    ck_assert_int_eq(json_integer_value(lookup(c, "a.list.1.1")), 2);
    static const char *const nowhere[] = {
        "",         "b",         "a.c",       "a.b.c",
        "a.list.2", "a.list.x",  "a.list.0x", "a..b",
        ".a",       "a.list.-1", "yes.no",    "a.list.99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
        ck_assert_msg(lookup(c, nowhere[i]) == NULL, "'%s'", nowhere[i]);
    ck_assert_ptr_null(lookup(NULL, "a"));
    ck_assert_str_eq(lookup_text(c, "a.list.*.dn"), "x");
    ck_assert_int_eq(json_integer_value(lookup(c, "a.list.*.1")),
                     2); /* not the first: it has none */
    ck_assert_ptr_null(lookup(c, "a.list.*.none"));
    ck_assert_ptr_null(lookup(c, "a.*.b")); /* of arrays only */
    ck_assert_ptr_null(lookup_text(c, "a.empty"));
    ck_assert_ptr_null(lookup_text(c, "yes"));
}
END_TEST

START_TEST(truth)
{
    SAMPLE(c);
    static const char *const yes[] = {"a", "a.b", "a.list", "yes", "one", "half"};
    static const char *const no[] = {"a.empty", "no",   "zero", "none",
                                     "void",    "bare", "x"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        ck_assert_msg(lookup_truthy(lookup(c, yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        ck_assert_msg(!lookup_truthy(lookup(c, no[i])), "%s", no[i]);
}
END_TEST

static bool all(const json_t *context, const char *list)
{
    json_t *conditions CLEANUP(json_decrefp) = json_loads(list, 0, NULL);
    return lookup_all(context, conditions);
}

START_TEST(conditions)
{
    SAMPLE(c);
    ck_assert(lookup_all(c, NULL));
    ck_assert(all(c, "[]"));
    ck_assert(all(c, "[\"yes\", \"!no\", \"!x.y\"]"));
    ck_assert(!all(c, "[\"yes\", \"no\"]"));
    ck_assert(!all(c, "[\"!yes\"]"));
    ck_assert(!all(c, "[1]"));
    ck_assert(!all(c, "[null, \"yes\"]"));
}
END_TEST

START_TEST(selection)
{
    SAMPLE(c);
    json_t *from CLEANUP(json_decrefp) =
        json_loads("{\"keep\":[1,{\"value\":2,\"when\":[\"yes\"]},{\"value\":3,\"when\":"
                   "[\"no\"]},{\"argv\":[\"x\"],\"when\":[\"!no\"]}],\"b\":true}",
                   0, NULL);
    json_t *expected CLEANUP(json_decrefp) = json_loads(
        "{\"keep\":[1,2,{\"argv\":[\"x\"],\"when\":[\"!no\"]}],\"b\":true}", 0, NULL);
    json_t *got CLEANUP(json_decrefp) = lookup_select(c, from);
    ck_assert(json_equal(got, expected));
    ck_assert_ptr_null(lookup_select(c, NULL));
}
END_TEST

START_TEST(expressions)
{
    SAMPLE(c);
    ck_assert(context_holds(c, "a.b"));
    ck_assert(context_holds(c, "a.b=text"));
    ck_assert(!context_holds(c, "a.b=tex"));
    ck_assert(!context_holds(c, "a.b="));
    ck_assert(!context_holds(c, "no"));
    ck_assert(!context_holds(c, "yes=true"));
    ck_assert(!context_holds(c, "x=y"));
}
END_TEST

UNIT_MAIN("lookup", paths, truth, conditions, selection, expressions)
