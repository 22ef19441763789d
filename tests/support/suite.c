#include "tests/support/suite.h"

#include "common/base/memory.h"
#include "tests/support/require.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ONCE = -1, ABREAST_MAX = 64 };

struct entry {
    const TTest *test;
    int rows; /* ONCE: it has no table */
};

struct fixture {
    void (*setup)(void), (*teardown)(void);
};

struct tests {
    const char *name;
    double timeout;
    struct fixture fixture, once;
    struct entry *entries;
    size_t count, capacity;
    size_t abreast;
};

/* Memory, where there is enough of it: no test is about how long the disk takes. What is flushed, and what a
 * power failure leaves, is looked at with disks of their own (disk.h, shadow.h). */
static void choose_place(void)
{
    static const char memory[] = "/dev/shm";
    enum { ENOUGH_MIB = 2048 };
    struct statvfs status;
    if (access(memory, W_OK) == 0 && statvfs(memory, &status) == 0 &&
        ((uint64_t)status.f_bavail * status.f_frsize) >> 20 >= ENOUGH_MIB)
        (void)setenv("TMPDIR", memory, 0);
}

struct tests *tests_create(const char *name)
{
    choose_place();
    struct tests *tests = memory_new(1, sizeof *tests);
    tests->name = name;
    tests->timeout = 30;
    tests->abreast = 1;
    return tests;
}

void tests_timeout(struct tests *tests, double seconds)
{
    tests->timeout = seconds;
}

void tests_fixture(struct tests *tests, void (*setup)(void), void (*teardown)(void))
{
    tests->fixture = (struct fixture){setup, teardown};
}

void tests_fixture_once(struct tests *tests, void (*setup)(void), void (*teardown)(void))
{
    tests->once = (struct fixture){setup, teardown};
}

void tests_abreast(struct tests *tests, size_t count)
{
    tests->abreast = count;
}

static void add_entry(struct tests *tests, const TTest *test, int rows)
{
    tests->entries = memory_grow(tests->entries, &tests->capacity, tests->count + 1, sizeof *tests->entries);
    tests->entries[tests->count++] = (struct entry){test, rows};
}

void tests_add(struct tests *tests, const TTest *test)
{
    add_entry(tests, test, ONCE);
}

void tests_rows(struct tests *tests, const TTest *test, size_t rows)
{
    add_entry(tests, test, (int)rows);
}

/* ---- one after the other ---- */

static TCase *create_case(const struct tests *tests, Suite **ret_suite)
{
    TCase *tcase = tcase_create(tests->name);
    *ret_suite = suite_create(tests->name);
    suite_add_tcase(*ret_suite, tcase);
    tcase_set_timeout(tcase, tests->timeout);
    tcase_add_checked_fixture(tcase, tests->fixture.setup, tests->fixture.teardown);
    tcase_add_unchecked_fixture(tcase, tests->once.setup, tests->once.teardown);
    return tcase;
}

static bool run_in_turn(const struct tests *tests)
{
    Suite *suite;
    TCase *tcase = create_case(tests, &suite);
    for (size_t i = 0; i < tests->count; i++) {
        const struct entry *entry = &tests->entries[i];
        if (entry->rows == ONCE)
            tcase_add_test(tcase, entry->test);
        else
            tcase_add_loop_test(tcase, entry->test, 0, entry->rows);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    bool passed = srunner_ntests_failed(runner) == 0;
    srunner_free(runner);
    return passed;
}

/* ---- several at once: each test has a runner, a process, of its own ---- */

static bool run_one(const struct tests *tests, const struct entry *entry, int row)
{
    Suite *suite;
    TCase *tcase = create_case(tests, &suite);
    const char *verbosity = getenv("CK_VERBOSITY");
    bool told = verbosity && strcmp(verbosity, "verbose") == 0;
    tcase_add_loop_test(tcase, entry->test, row, row + 1);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    bool passed = srunner_ntests_failed(runner) == 0;
    if (told || !passed)
        srunner_print(runner, CK_VERBOSE);
    srunner_free(runner);
    return passed;
}

static void start_one(const struct tests *tests, const struct entry *entry, int row)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t child = fork();
    require(child >= 0, "cannot fork: %s", strerror(errno));
    if (child > 0)
        return;
    /* Check takes its tests along when it is told to end. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    exit(getppid() == parent && run_one(tests, entry, row) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Waits for the end of one of them; whether it passed. */
static bool end_one(void)
{
    int status;
    pid_t child;
    while ((child = wait(&status)) < 0 && errno == EINTR)
        ;
    require(child > 0, "wait: %s", strerror(errno));
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static bool run_abreast(const struct tests *tests, size_t abreast)
{
    size_t running = 0, all = 0, failed = 0;
    for (size_t i = 0; i < tests->count; i++) {
        const struct entry *entry = &tests->entries[i];
        for (int row = 0; row < (entry->rows == ONCE ? 1 : entry->rows); row++, all++) {
            if (running == abreast) {
                failed += !end_one();
                running--;
            }
            start_one(tests, entry, row);
            running++;
        }
    }
    for (; running > 0; running--)
        failed += !end_one();
    printf("%s: %zu tests, %zu at once, %zu failed\n", tests->name, all, abreast, failed);
    return failed == 0;
}

/* ---- all of them ---- */

static size_t choose_abreast(const struct tests *tests)
{
    const char *fork_at_all = getenv("CK_FORK"), *wanted = getenv("FELUCCA_TEST_ABREAST");
    if (tests->once.setup || tests->once.teardown || (fork_at_all && strcmp(fork_at_all, "no") == 0))
        return 1;
    size_t count = tests->abreast > 1 && wanted ? strtoul(wanted, NULL, 10) : tests->abreast;
    return count < 1 ? 1 : count > ABREAST_MAX ? ABREAST_MAX : count;
}

int tests_run(struct tests *tests)
{
    size_t abreast = choose_abreast(tests);
    bool passed = abreast > 1 ? run_abreast(tests, abreast) : run_in_turn(tests);
    free(tests->entries);
    free(tests);
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
