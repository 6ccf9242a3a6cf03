/*
 * Does a change that meets a failing system call leave what was there, and say what failed and why?
 *
 * Every call that changes state fails once: no space, no quota, an I/O error, an interruption; fsync
 * included. Then the disk stays full from each call on; and every write is cut short.
 */
#include "fault/bed.h"
#include "fault/left_out.h"

static const int errors[] = {ENOSPC, EIO, EDQUOT, EINTR};

struct tally {
    long points, refused, rolled_back, incomplete, done;
};

static void count_exit(struct tally *t, int status)
{
    t->points++;
    t->refused += status == 4;
    t->rolled_back += status == 6;
    t->incomplete += status == 7;
    t->done += status == 0;
}

/* The message names a file and the cause. */
static void check_message(const struct bed *b, const struct trace_result *r, int error)
{
    CLEANUP(mem_freep) char *text = bed_message(b);
    bool names = strchr(text, '\'') || strstr(text, "lock");
    if (!names || !strstr(text, strerror(error)))
        bed_fail(b, "%s (%s): says only '%s'", r->name, strerror(error), text);
}

static int exit_of(const struct bed *b, const struct trace_result *r)
{
    if (!WIFEXITED(r->status))
        bed_fail(b, "%s: status %d", r->name, r->status);
    if (WEXITSTATUS(r->status) == 96)
        bed_fail(b, "%s: a descriptor was left open", r->name);
    return WEXITSTATUS(r->status);
}

/* One failing call: nothing has changed, or all is back, without any recovery. False: no such call. */
static bool fail_apply(struct bed *b, long at, int error, struct tally *t)
{
    bed_fill(b);
    struct trace_result r = bed_strike(b, bed_apply, STRIKE_ERROR, error, at);
    if (!r.struck)
        return false;
    int status = exit_of(b, &r);
    count_exit(t, status);
    if (status != 0 && status != 4 && status != 6)
        bed_fail(b, "%s %ld fails: exit status %d", r.name, at, status);
    if (status)
        check_message(b, &r, error);
    if (status && !bed_is_old(b))
        bed_fail(b, "%s %ld fails: not as it was", r.name, at);
    bed_do(b, bed_recover); /* what could not be tidied up is, now */
    if (!(status ? bed_is_old(b) : bed_is_new(b)) || !bed_is_clean(b))
        bed_fail(b, "%s %ld fails: litter", r.name, at);
    return true;
}

START_TEST(apply_with_a_failing_call)
{
    BED(false);
    struct tally t = {.points = 0};
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        for (long at = 1; fail_apply(&b, at, errors[i], &t); at++)
            continue;
    ck_assert_int_gt(t.points, 200);
    bed_count(
        "apply with %ld failing calls: %ld left untouched, %ld rolled back, %ld done "
        "nevertheless",
        t.points, t.refused, t.rolled_back, t.done);
}
END_TEST

static bool fail_rollback(struct bed *b, long at, int error, struct tally *t)
{
    bed_fill(b);
    bed_do(b, bed_apply);
    struct trace_result r = bed_strike(b, bed_rollback, STRIKE_ERROR, error, at);
    if (!r.struck)
        return false;
    int status = exit_of(b, &r);
    count_exit(t, status);
    if (status)
        check_message(b, &r, error);
    bed_do(b, bed_recover);
    if (!(status == 4 ? bed_is_new(b) : bed_is_old(b)) || !bed_is_clean(b))
        bed_fail(b, "rollback, %s %ld fails, exit status %d: half", r.name, at, status);
    return true;
}

START_TEST(rollback_with_a_failing_call)
{
    BED(false);
    struct tally t = {.points = 0};
    for (size_t i = 0; i < 2; i++) /* two: the others take the same ways */
        for (long at = 1; fail_rollback(&b, at, errors[i], &t); at++)
            continue;
    ck_assert_int_gt(t.points, 80);
    bed_count("rollback with %ld failing calls: %ld left untouched, %ld left to recover, "
              "%ld done",
              t.points, t.refused, t.incomplete, t.done);
}
END_TEST

/* Recovery that fails can be begun again. After a kill at every third point of apply. */
START_TEST(recovery_with_a_failing_call)
{
    BED(false);
    struct tally t = {.points = 0};
    for (long first = 1;; first += 3) {
        bed_fill(&b);
        if (!bed_strike(&b, bed_apply, STRIKE_KILL, 0, first).struck)
            break;
        for (long at = 1;; at++) {
            bed_fill(&b);
            bed_strike(&b, bed_apply, STRIKE_KILL, 0, first);
            struct trace_result r = bed_strike(&b, bed_recover, STRIKE_ERROR, EIO, at);
            if (!r.struck)
                break;
            count_exit(&t, exit_of(&b, &r));
            bed_do(&b, bed_recover);
            if ((!bed_is_old(&b) && !bed_is_new(&b)) || !bed_is_clean(&b))
                bed_fail(&b, "recover, %s %ld fails: half", r.name, at);
        }
        CLEANUP(mem_freep) char *drained = bed_message(&b);
    }
    ck_assert_int_gt(t.points, 300);
    bed_count("recover with %ld failing calls: begun again, all old or all new",
              t.points);
}
END_TEST

START_TEST(a_disk_that_stays_full)
{
    BED(false);
    struct tally t = {.points = 0};
    for (long at = 1;; at++) {
        bed_fill(&b);
        struct trace_result r = trace_run(&(struct trace){.work = bed_apply,
                                                          .ctx = &b,
                                                          .at = at,
                                                          .strike = STRIKE_ERROR,
                                                          .again = true,
                                                          .error = ENOSPC});
        if (r.calls < at)
            break;
        int status = exit_of(&b, &r);
        count_exit(&t, status);
        CLEANUP(mem_freep) char *text = bed_message(&b);
        if (status && !strstr(text, strerror(ENOSPC)))
            bed_fail(&b, "full from call %ld on: says only '%s'", at, text);
        if (status == 4 && !bed_is_old(&b))
            bed_fail(&b, "full from call %ld on: not as it was", at);
        bed_do(&b, bed_recover); /* somebody has made room */
        if (!(status ? bed_is_old(&b) : bed_is_new(&b)) || !bed_is_clean(&b))
            bed_fail(&b, "full from call %ld on: half, exit status %d", at, status);
    }
    ck_assert_int_gt(t.points, 50);
    bed_count("disk full from each of %ld calls on: %ld untouched, %ld rolled back, %ld "
              "left to recover, %ld done",
              t.points, t.refused, t.rolled_back, t.incomplete, t.done);
}
END_TEST

/* A file system without exchange: the first one is refused, and it is said why. */
START_TEST(a_file_system_that_cannot_exchange)
{
    BED(false);
    bool told = false;
    for (long at = 1;; at++) {
        bed_fill(&b);
        struct trace_result r = bed_strike(&b, bed_apply, STRIKE_ERROR, EINVAL, at);
        if (!r.struck)
            break;
        CLEANUP(mem_freep) char *text = bed_message(&b);
        told = told || strstr(text, "cannot exchange two names");
        bed_do(&b, bed_recover);
        ck_assert(bed_is_old(&b) || bed_is_new(&b));
    }
    ck_assert(told);
}
END_TEST

START_TEST(writes_cut_short)
{
    BED(false);
    long points = 0;
    for (;; points++) {
        bed_fill(&b);
        struct trace_result r = bed_strike(&b, bed_apply, STRIKE_SHORT, 0, points + 1);
        if (!r.struck)
            break;
        if (exit_of(&b, &r) != 0 || !bed_is_new(&b))
            bed_fail(&b, "%s %ld cut short", r.name, points + 1);
    }
    ck_assert_int_gt(points, 50);
    bed_count("apply with each of %ld calls cut short where it writes: all new", points);
}
END_TEST

/* A write that claims to have been done. How often the host ended up with something else. */
static long lie_everywhere(struct bed *b, long *ret_told)
{
    long wrong = 0;
    *ret_told = 0;
    for (long at = 1;; at++) {
        bed_fill(b);
        struct trace_result r = bed_strike(b, bed_apply, STRIKE_LIE, 0, at);
        if (!r.struck)
            return wrong;
        CLEANUP(mem_freep) char *text = bed_message(b);
        int status = exit_of(b, &r);
        *ret_told += strstr(text, "does not read back the same") != NULL;
        wrong += status ? !bed_is_old(b) : !bed_is_new(b);
    }
}

START_TEST(a_disk_that_lies)
{
    BED(false);
    long told;
    ck_assert_int_eq(lie_everywhere(&b, &told), 0);
    ck_assert_int_gt(told, 2);
    bed_count("a write that was not done: %ld of them told, none went live", told);
    left_out = GUARD_REREAD;
    long wrong = lie_everywhere(&b, &told);
    ck_assert_int_gt(wrong, 0);
    bed_count("without reading again: %ld went live", wrong);
}
END_TEST

UNIT_MAIN("fail", apply_with_a_failing_call, rollback_with_a_failing_call,
          recovery_with_a_failing_call, a_disk_that_stays_full, writes_cut_short,
          a_file_system_that_cannot_exchange, a_disk_that_lies)
