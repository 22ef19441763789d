#include "tests/support/suite.h"

#include "common/base/memory.h"

#include <stdlib.h>

struct tests {
    Suite *suite;
    TCase *tcase;
};

struct tests *tests_create(const char *name)
{
    struct tests *tests = memory_new(1, sizeof *tests);
    tests->suite = suite_create(name);
    tests->tcase = tcase_create(name);
    suite_add_tcase(tests->suite, tests->tcase);
    tests_timeout(tests, 30);
    return tests;
}

void tests_timeout(struct tests *tests, double seconds)
{
    tcase_set_timeout(tests->tcase, seconds);
}

void tests_fixture(struct tests *tests, void (*setup)(void), void (*teardown)(void))
{
    tcase_add_checked_fixture(tests->tcase, setup, teardown);
}

void tests_fixture_once(struct tests *tests, void (*setup)(void), void (*teardown)(void))
{
    tcase_add_unchecked_fixture(tests->tcase, setup, teardown);
}

void tests_add(struct tests *tests, const TTest *test)
{
    tcase_add_test(tests->tcase, test);
}

void tests_rows(struct tests *tests, const TTest *test, size_t rows)
{
    tcase_add_loop_test(tests->tcase, test, 0, (int)rows);
}

int tests_run(struct tests *tests)
{
    SRunner *runner = srunner_create(tests->suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(tests);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
