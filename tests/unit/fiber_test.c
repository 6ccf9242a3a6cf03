/* Fibres: they wait for descriptors and time, in any number, and each goes on where it was. */
#include "unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fiber.h"

#define MANY 200

struct reader {
    int fds[2];
    char got;
    int result;
};

static void read_one(void *arg)
{
    struct reader *r = arg;
    char deep[50000]; /* a stack of its own that holds something */
    memset(deep, 'x', sizeof deep);
    struct pollfd p = {.fd = r->fds[0], .events = POLLIN};
    r->result = fiber_poll(&p, 5000);
    if (p.revents & POLLIN && read(r->fds[0], &r->got, 1) != 1)
        r->got = '?';
    ck_assert_int_eq(deep[49999], 'x');
}

START_TEST(each_gets_its_own)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    static struct reader readers[MANY];
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pipe(readers[i].fds), 0);
        fibers_start(all, read_one, &readers[i]);
    }
    ck_assert_uint_eq(fibers_count(all), MANY);
    for (int i = MANY; i-- > 0;) {
        char c = (char)('a' + i % 26);
        ck_assert_int_eq(write(readers[i].fds[1], &c, 1), 1);
        fibers_run(all);
    }
    while (fibers_count(all))
        fibers_run(all);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(readers[i].got, 'a' + i % 26);
        ck_assert_int_eq(readers[i].result, 1);
        close(readers[i].fds[0]);
        close(readers[i].fds[1]);
    }
}
END_TEST

static void sleep_100(void *arg)
{
    fiber_sleep(100);
    ++*(int *)arg;
}

START_TEST(they_sleep_at_the_same_time)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    int64_t late = deadline_in(2000);
    int awake = 0;
    for (int i = 0; i < 100; i++)
        fibers_start(all, sleep_100, &awake);
    while (fibers_count(all))
        fibers_run(all);
    ck_assert_int_eq(awake, 100);
    ck_assert_int_gt(deadline_left(late), 0);
}
END_TEST

static void wait_in_vain(void *arg)
{
    struct reader *r = arg;
    struct pollfd p = {.fd = r->fds[0], .events = POLLIN};
    r->result = fiber_poll(&p, 30);
}

START_TEST(time_runs_out)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    struct reader r = {.result = 7};
    ck_assert_int_eq(pipe(r.fds), 0);
    fibers_start(all, wait_in_vain, &r);
    while (fibers_count(all))
        fibers_run(all);
    ck_assert_int_eq(r.result, 0);
    wait_in_vain(&r); /* and the same outside a fibre */
    ck_assert_int_eq(r.result, 0);
    close(r.fds[0]);
    close(r.fds[1]);
}
END_TEST

static void end_at_once(void *arg)
{
    ++*(int *)arg;
}

START_TEST(one_that_never_waits_is_gone)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    int n = 0;
    fibers_start(all, end_at_once, &n);
    ck_assert_int_eq(n, 1);
    ck_assert_uint_eq(fibers_count(all), 0);
    fibers_run(all);
}
END_TEST

START_TEST(what_still_waits_goes_with_the_others)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    int n = 0;
    fibers_start(all, sleep_100, &n);
    fibers_freep(&all);
    ck_assert_ptr_null(all);
    ck_assert_int_eq(n, 0);
}
END_TEST

UNIT_MAIN("fiber", each_gets_its_own, they_sleep_at_the_same_time, time_runs_out,
          one_that_never_waits_is_gone, what_still_waits_goes_with_the_others)
