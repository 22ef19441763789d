/* suite - what every unit test program shares: one suite, run by Check, exit status 0 when all passed.
 *
 *     static const struct row {
 *         const char *label;
 *         ...
 *     } rows[] = {...};
 *
 *     START_TEST(row_holds)
 *     {
 *         const struct row *row = &rows[_i];
 *         ck_assert_msg(..., "%s", row->label);
 *     }
 *     END_TEST
 *
 *     int main(void)
 *     {
 *         struct tests *tests = tests_create("noun");
 *         tests_rows(tests, row_holds, ROWS(rows));    one fork a row; all failing rows are shown
 *         return tests_run(tests);
 *     }
 */
#ifndef FELUCCA_TESTS_SUITE_H
#define FELUCCA_TESTS_SUITE_H

#include <check.h>
#include <stddef.h>

#define ROWS(array) (sizeof(array) / sizeof *(array))

struct tests;

/* Sandboxes are made in memory (/dev/shm) where there is enough of it and $TMPDIR names no other place. */
struct tests *tests_create(const char *name);
/* Seconds until a test is ended as hanging; 30 unless set. */
void tests_timeout(struct tests *tests, double seconds);
/* Run in the test's process before and after each test; either may be NULL. */
void tests_fixture(struct tests *tests, void (*setup)(void), void (*teardown)(void));
/* Run once, in the process that all tests are forked from. */
void tests_fixture_once(struct tests *tests, void (*setup)(void), void (*teardown)(void));
/* So many of the tests run at once. For programs whose tests wait for the times of real processes (leases,
 * retries, silences) and share nothing; not together with tests_fixture_once(). FELUCCA_TEST_ABREAST in the
 * environment is another number; with CK_FORK=no, for a debugger, there is only one process. */
void tests_abreast(struct tests *tests, size_t count);
void tests_add(struct tests *tests, const TTest *test);
/* One test for each row of a table: the row's index is _i in the test. */
void tests_rows(struct tests *tests, const TTest *test, size_t rows);
/* Runs everything, releases the suite, and returns main's exit status. */
int tests_run(struct tests *tests);

#endif
