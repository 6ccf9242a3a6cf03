/*
 * Does a change survive SIGKILL at every system call that changes state?
 *
 * Struck: apply, recover (after a kill at every point of apply), recover again, rollback. Afterwards one
 * undisturbed recover must leave all old or all new, no temporary file, nothing half done in the records.
 */
#include "fault/bed.h"
#include "fault/left_out.h"

#define TWICE_STEP                                                                       \
    3 /* of the pairs (kill in apply, kill in recover) every third is killed once more */

/* One undisturbed recovery. True: all new; false: all old; else it ends here. */
static bool settle(struct bed *b, const char *where, long at)
{
    bed_do(b, bed_recover);
    if (!bed_is_clean(b))
        bed_fail(b, "%s %ld: litter among the records", where, at);
    if (bed_is_old(b))
        return false;
    if (!bed_is_new(b))
        bed_fail(b, "%s %ld: half a change", where, at);
    return true;
}

static const char *beside(const struct bed *b)
{
    return b->apart                      ? " (records apart)"
           : left_out_too == GUARD_ASIDE ? " (all beside)"
                                         : "";
}

static void kill_apply_on(struct bed *b)
{
    long points = 0, olds = 0;
    bool was_new = false;
    for (;; points++) {
        bed_fill(b);
        struct trace_result r = bed_strike(b, bed_apply, STRIKE_KILL, 0, points + 1);
        if (!r.struck) {
            ck_assert_int_eq(r.status, 0);
            ck_assert(bed_is_new(b));
            break;
        }
        ck_assert(trace_killed(&r));
        bool is_new = settle(b, r.name, points + 1);
        if (was_new && !is_new)
            bed_fail(b, "%s %ld: back to old after the commit", r.name, points + 1);
        was_new = is_new;
        olds += !is_new;
    }
    ck_assert_int_gt(points, 50);
    ck_assert_int_gt(olds, 0);
    bed_count("apply%s%s killed at %ld points: %ld all old, %ld all new",
              b->live ? " with a service" : "", beside(b), points, olds, points - olds);
}

static void kill_apply_everywhere(bool live)
{
    BED(live);
    kill_apply_on(&b);
}

START_TEST(apply_killed_anywhere)
{
    kill_apply_everywhere(false);
}
END_TEST

START_TEST(apply_with_a_service_killed_anywhere)
{
    kill_apply_everywhere(true);
}
END_TEST

/* What is committed there has to be cleared up by what can be begun again, too. */
START_TEST(apply_killed_anywhere_with_records_apart)
{
    struct stat here, there;
    CLEANUP(bed_end) struct bed b;
    bed_lay_out(&b, bed_tree(), tree_make(), false, 0);
    ck_assert_int_eq(stat(b.dir, &here), 0);
    ck_assert_int_eq(stat(b.apart, &there), 0);
    ck_assert_msg(here.st_dev != there.st_dev,
                  "TMPDIR is on the file system of /dev/shm");
    kill_apply_on(&b);
}
END_TEST

START_TEST(apply_killed_anywhere_with_all_beside)
{
    left_out_too = GUARD_ASIDE;
    kill_apply_everywhere(true);
}
END_TEST

/* Kills recovery at call `at`, once or twice. False: it has no such call. */
static bool kill_recovery(struct bed *b, long at, bool twice, long *kills)
{
    struct trace_result r = bed_strike(b, bed_recover, STRIKE_KILL, 0, at);
    if (!r.struck)
        return false;
    ck_assert(trace_killed(&r));
    ++*kills;
    if (twice) {
        r = bed_strike(b, bed_recover, STRIKE_KILL, 0, at);
        *kills += r.struck;
    }
    settle(b, r.name, at);
    return true;
}

static void kill_recovery_everywhere(void)
{
    BED(false);
    long kills = 0;
    for (long first = 1;; first++) {
        bed_fill(&b);
        struct trace_result r = bed_strike(&b, bed_apply, STRIKE_KILL, 0, first);
        if (!r.struck)
            break;
        for (long second = 1; kill_recovery(&b, second, second % TWICE_STEP == 0, &kills);
             second++) {
            bed_fill(&b);
            bed_strike(&b, bed_apply, STRIKE_KILL, 0, first);
        }
    }
    ck_assert_int_gt(kills, 1000);
    bed_count("recover%s killed %ld times, after a kill at every point of apply",
              beside(&b), kills);
}

START_TEST(recovery_killed_anywhere)
{
    kill_recovery_everywhere();
}
END_TEST

START_TEST(recovery_killed_anywhere_with_all_beside)
{
    left_out_too = GUARD_ASIDE;
    kill_recovery_everywhere();
}
END_TEST

static void kill_rollback_everywhere(bool live)
{
    BED(live);
    long points = 0;
    for (;; points++) {
        bed_fill(&b);
        bed_do(&b, bed_apply);
        struct trace_result r = bed_strike(&b, bed_rollback, STRIKE_KILL, 0, points + 1);
        if (!r.struck) {
            ck_assert_int_eq(r.status, 0);
            ck_assert(bed_is_old(&b));
            break;
        }
        if (!kill_recovery(&b, points / 2 + 1, true, &(long){0}))
            settle(&b, r.name, points + 1);
    }
    ck_assert_int_gt(points, 30);
    bed_count("rollback%s killed at %ld points", live ? " with a service" : "", points);
}

START_TEST(rollback_killed_anywhere)
{
    kill_rollback_everywhere(false);
}
END_TEST

START_TEST(rollback_with_a_service_killed_anywhere)
{
    kill_rollback_everywhere(true);
}
END_TEST

UNIT_MAIN("kill", apply_killed_anywhere, apply_with_a_service_killed_anywhere,
          apply_killed_anywhere_with_all_beside, apply_killed_anywhere_with_records_apart,
          recovery_killed_anywhere, recovery_killed_anywhere_with_all_beside,
          rollback_killed_anywhere, rollback_with_a_service_killed_anywhere)
