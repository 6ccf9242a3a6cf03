/*
 * What every unit test program needs: Check's main, speaking TAP on standard output.
 *
 *     START_TEST(empty_is_empty) { ck_assert(...); } END_TEST
 *     UNIT_MAIN("buf", empty_is_empty, ...)
 *
 * Check's fork mode stays on: a crash or a leak is pinned to its test.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <check.h>
#include <stdlib.h>

/* How long one test may take: generous, since machines are busy. */
#define UNIT_SECONDS 300

static inline int unit_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, UNIT_SECONDS);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, ...)                                                             \
    int main(void)                                                                       \
    {                                                                                    \
        const TTest *const list[] = {__VA_ARGS__};                                       \
        return unit_run(name, list, sizeof list / sizeof *list);                         \
    }

#endif
