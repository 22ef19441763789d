/* How a cell is called. */
#include "common/config/cell.h"

#include "tests/support/suite.h"

#include <string.h>
#include <unistd.h>

START_TEST(a_cell_has_the_name_of_its_host_unless_it_has_one)
{
    char buffer[CONFIG_CELL_SIZE], host[CONFIG_CELL_SIZE] = "";
    struct config config = {.cell = NULL};
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    ck_assert_str_eq(config_cell(&config, buffer), host);
    config.cell = (char *)"cell-2";
    ck_assert_str_eq(config_cell(&config, buffer), "cell-2");
}
END_TEST

START_TEST(a_long_name_is_cut)
{
    char buffer[CONFIG_CELL_SIZE], name[200] = "";
    struct config config = {.cell = name};
    memset(name, 'x', sizeof name - 1);
    ck_assert_uint_eq(strlen(config_cell(&config, buffer)), CONFIG_CELL_SIZE - 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("config cell");
    tests_add(tests, a_cell_has_the_name_of_its_host_unless_it_has_one);
    tests_add(tests, a_long_name_is_cut);
    return tests_run(tests);
}
