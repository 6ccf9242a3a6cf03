/* Are versions read as the servers read them? */
#include "service/versions.h"
#include "unit/unit.h"

#include "policy/protocol.h"

static unsigned from(enum protocol min, enum protocol max)
{
    return protocol_range(min, max);
}

START_TEST(each_syntax)
{
    ck_assert_uint_eq(versions_read(">=TLSv1.2, <=TLSv1.3"),
                      from(PROTOCOL_TLS1_2, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read(">=TLSv1.3"), protocol_bit(PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("!SSLv2,!SSLv3, !TLSv1 !TLSv1.1"),
                      from(PROTOCOL_TLS1_2, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("TLSv1.2:TLSv1.3"),
                      from(PROTOCOL_TLS1_2, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("tlsv1.2"), protocol_bit(PROTOCOL_TLS1_2));
    ck_assert_uint_eq(versions_read("TLSv1.2++"), from(PROTOCOL_TLS1_2, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("3.4"), protocol_bit(PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("3.1"), from(PROTOCOL_TLS1, PROTOCOL_TLS1_3));
    ck_assert_uint_eq(versions_read("!TLSv1.3"), from(PROTOCOL_SSL2, PROTOCOL_TLS1_2));
}
END_TEST

START_TEST(what_is_not_known_is_not_guessed)
{
    static const char *const texts[] = {
        "",  "  ,: ", "TLSv9", ">=0304",   "$other",           "3.9",
        "3", "!",     ">=",    "TLSv1.2+", "!TLSv1.3 TLSv1.3", "<=TLSv1.2 >=TLSv1.3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(versions_read(texts[i]) == 0, "'%s'", texts[i]);
    ck_assert_uint_eq(versions_read(NULL), 0);
}
END_TEST

UNIT_MAIN("versions", each_syntax, what_is_not_known_is_not_guessed)
