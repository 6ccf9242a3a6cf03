/* Do many that ask at the same time keep to a rate together? */
#include "base/pace.h"

#include "base/deadline.h"
#include "base/fiber.h"
#include "unit/unit.h"

#define COUNT 20

static void one(void *arg)
{
    pace_wait(arg);
}

START_TEST(fibres_share_a_rate)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    struct pace pace = {.per_second = 100};
    int64_t begun = deadline_in(0);
    for (size_t i = 0; i < COUNT; i++)
        fibers_start(all, one, &pace);
    while (fibers_count(all))
        fibers_run(all);
    int64_t took = deadline_in(0) - begun;
    ck_assert_int_ge(took, INT64_C(10) * (COUNT - 1) - 1);
    ck_assert_int_lt(took, INT64_C(100) * COUNT);
}
END_TEST

START_TEST(what_was_not_used_is_not_saved_up)
{
    struct pace pace = {.per_second = 50};
    ck_assert_int_eq(pace_wait(&pace), 0);
    fiber_sleep(100);
    ck_assert_int_eq(pace_wait(&pace), 0);
    ck_assert_int_gt(pace_wait(&pace), 0);
}
END_TEST

START_TEST(without_a_rate_nobody_waits)
{
    struct pace pace = {.per_second = 0};
    for (size_t i = 0; i < 1000; i++)
        ck_assert_int_eq(pace_wait(i % 2 ? &pace : NULL), 0);
}
END_TEST

UNIT_MAIN("pace", fibres_share_a_rate, what_was_not_used_is_not_saved_up,
          without_a_rate_nobody_waits)
