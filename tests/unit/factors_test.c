/* Is one factor set, and are all others kept, whichever way they are written? */
#include "service/factors.h"
#include "unit/unit.h"

#include "base/mem.h"

static void sets(const char *values, const char *wanted, long was)
{
    json_t *list CLEANUP(json_decrefp) = values ? json_loads(values, 0, NULL) : NULL;
    json_t *result CLEANUP(json_decrefp) = json_loads(wanted, 0, NULL);
    long present = 7;
    json_t *out CLEANUP(json_decrefp) = factors_set(list, "ssf", 128, &present);
    CLEANUP(mem_freep) char *text = json_dumps(out, 0);
    ck_assert_msg(json_equal(out, result), "%s is not %s", text, wanted);
    ck_assert_int_eq(present, was);
}

START_TEST(nothing_yet)
{
    sets(NULL, "[\"ssf=128\"]", -1);
    sets("[]", "[\"ssf=128\"]", -1);
    sets("[\" \"]", "[\"ssf=128\"]", -1);
}
END_TEST

START_TEST(others_stay)
{
    sets("[\"tls=1 simple_bind=64\", \"update_ssf=71\"]",
         "[\"ssf=128\", \"tls=1\", \"simple_bind=64\", \"update_ssf=71\"]", -1);
    sets("[[\"tls=1\", \"ssf=56\"]]", "[\"ssf=128\", \"tls=1\"]", 56);
}
END_TEST

START_TEST(last_counts)
{
    sets("[\"SSF=256\\tssf=1\"]", "[\"ssf=128\"]", 1);
    sets("[\"ssf=0\"]", "[\"ssf=128\"]", 0);
}
END_TEST

START_TEST(odd_words)
{
    sets("[\"ssfx=3 =5 word ssf\", 4, null]",
         "[\"ssf=128\", \"ssfx=3\", \"=5\", \"word\", \"ssf\"]", -1);
}
END_TEST

UNIT_MAIN("factors", nothing_yet, others_stay, last_counts, odd_words)
