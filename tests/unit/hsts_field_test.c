/* Is the field Strict-Transport-Security read as RFC 6797 6.1 says? */
#include "probe/hsts.h"
#include "base/buf.h"
#include "unit/unit.h"

struct row {
    const char *field;
    int64_t age; /* -1: browsers ignore it */
    bool subdomains, preload;
};

static const struct row rows[] = {
    {"max-age=1", 1, false, false},
    {"MAX-AGE=0", 0, false, false},
    {"max-age=63072000; includeSubDomains; preload", 63072000, true, true},
    {" preload\t;\tINCLUDESUBDOMAINS ; Max-Age\t= 5 ", 5, true, true},
    {"max-age=\"31536000\"", 31536000, false, false},
    {"max-age=\"3\\1\"", 31, false, false},
    {";;max-age=1;;", 1, false, false},
    {"foo; max-age=1; bar=baz; quux=\"a;b=\\\";c\"", 1, false, false},
    {"preload=no; max-age=1", 1, false, false},
    {"max-age=3153600000", HSTS_AGE_LIMIT, false, false},
    {"max-age=99999999999999999999999999", HSTS_AGE_LIMIT, false, false},
    {"max-age=00000000000000000000000007", 7, false, false},
    /* not a number, or more than one */
    {"max-age=63072000x", -1, false, false},
    {"max-age=63072000 x", -1, false, false},
    {"max-age=-1", -1, false, false},
    {"max-age=+1", -1, false, false},
    {"max-age=1.5", -1, false, false},
    {"max-age=0x10", -1, false, false},
    {"max-age=\" 1\"", -1, false, false},
    {"max-age=\"\"", -1, false, false},
    {"max-age=", -1, false, false},
    {"max-age", -1, false, false},
    /* not there, or not itself */
    {"", -1, false, false},
    {";", -1, false, false},
    {"includeSubDomains", -1, false, false},
    {"foo=\"; max-age=63072000\"", -1, false, false},
    {"foo=\"; max-age=63072000\"; max-age=1", 1, false, false},
    {"xmax-age=1", -1, false, false},
    {"max-age-=1", -1, false, false},
    /* twice */
    {"max-age=1; max-age=1", -1, false, false},
    {"max-age=1; Max-Age=2", -1, false, false},
    {"max-age=1; includeSubDomains; includesubdomains", -1, false, false},
    {"max-age=1; foo; foo=1", -1, false, false},
    /* malformed */
    {"max-age=1, max-age=1", -1, false, false},
    {"max-age=1 includeSubDomains", -1, false, false},
    {"max-age=1; includeSubDomains=1", -1, false, false},
    {"max-age=1; =x", -1, false, false},
    {"max-age=1; foo=", -1, false, false},
    {"max-age=1; foo=\"", -1, false, false},
    {"max-age=1; foo=\"\\", -1, false, false},
    {"max-age=1; foo=\"a\"b", -1, false, false},
    {"max-age=1; f\xc3\xb6o", -1, false, false},
    {"\"max-age=1\"", -1, false, false},
    {"max-age==1", -1, false, false},
};

START_TEST(fields)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hsts found = {.max_age = -2};
        const char *why = hsts_read(rows[i].field, &found);
        ck_assert_msg((why != NULL) == (rows[i].age < 0), "'%s': %s", rows[i].field,
                      why ? why : "taken");
        ck_assert_msg(found.max_age == (why ? -2 : rows[i].age), "'%s'", rows[i].field);
        ck_assert_msg(found.subdomains == rows[i].subdomains, "'%s'", rows[i].field);
        ck_assert_msg(found.preload == rows[i].preload, "'%s'", rows[i].field);
    }
}
END_TEST

START_TEST(too_many)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct hsts found;
    buf_adds(&text, "max-age=1");
    for (int i = 0; i < 63; i++)
        buf_addf(&text, ";d%d", i);
    ck_assert_ptr_null(hsts_read(buf_str(&text), &found));
    buf_adds(&text, ";d63");
    ck_assert_str_eq(hsts_read(buf_str(&text), &found), "it has too many directives");
}
END_TEST

UNIT_MAIN("hsts_field", fields, too_many)
