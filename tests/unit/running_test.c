/* Is a program known to run while it does, and not when it does not? */
#include "base/running.h"
#include "unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

START_TEST(ourselves)
{
    char exe[PATH_MAX], longer[PATH_MAX + 2];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    ck_assert_int_gt(n, 1);
    exe[n] = '\0';
    ck_assert(running_program(exe));
    snprintf(longer, sizeof longer, "%sx", exe);
    ck_assert(!running_program(longer));
    exe[n - 1] = '\0';
    ck_assert(!running_program(exe));
}
END_TEST

START_TEST(nobody)
{
    ck_assert(!running_program("/nowhere/daemon"));
    ck_assert(!running_program(""));
}
END_TEST

UNIT_MAIN("running", ourselves, nobody)
