#include "common/spool/unconfined.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

START_TEST(it_is_shown_until_nothing_is_refused)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(spool_destroy) struct spool *spool = NULL;
    AUTO(text_release) struct text because = TEXT_EMPTY;
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
    unconfined_read(spool, &because);
    ck_assert_str_eq(text_string(&because), "");
    unconfined_write(spool, "it limits no paths\x1b[2J");
    unconfined_read(spool, &because);
    ck_assert_str_eq(text_string(&because), "it limits no paths\xEF\xBF\xBD[2J");
    text_clear(&because);
    unconfined_write(spool, "");
    unconfined_read(spool, &because);
    ck_assert_str_eq(text_string(&because), "");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("unconfined");
    tests_add(tests, it_is_shown_until_nothing_is_refused);
    return tests_run(tests);
}
