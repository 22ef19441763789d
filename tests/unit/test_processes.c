/* The table of processes: each row is found by its name, and no two have the same name or health port. */
#include "common/config/processes.h"

#include "tests/support/suite.h"

#include <stdbool.h>

START_TEST(row_is_found_by_its_name)
{
    const struct processes_row *row = &processes_table()[_i];
    ck_assert_ptr_eq(processes_find(row->name), row);
    ck_assert_msg(*row->summary && *row->description, "%s: its manual page is empty", row->name);
    ck_assert_int_lt(row->port, PROCESS_PORTS);
    for (int i = 0; i < _i; i++) {
        const struct processes_row *other = &processes_table()[i];
        bool ports = row->count != PROCESS_HELPER && other->count != PROCESS_HELPER;
        ck_assert_str_ne(row->name, other->name);
        ck_assert_msg(!ports || row->port != other->port, "%s and %s have one port", row->name, other->name);
    }
}
END_TEST

START_TEST(nothing_else_is_found)
{
    ck_assert_ptr_null(processes_find("captain"));
    ck_assert_ptr_null(processes_find("felucca-router"));
    ck_assert_ptr_null(processes_find(""));
}
END_TEST

START_TEST(one_process_serves_the_sockets)
{
    unsigned used = 0;
    int servers = 0;
    for (int i = 0; i < PROCESSES; i++) {
        used |= processes_table()[i].traits;
        if (processes_table()[i].traits & PROCESS_SERVES) {
            servers++;
            ck_assert_str_eq(processes_table()[i].name, "router");
        }
    }
    ck_assert_int_eq(servers, 1);
    ck_assert((used & PROCESS_HINTS) && (used & PROCESS_WORK) && (used & PROCESS_CONTROL));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("processes");
    tests_rows(tests, row_is_found_by_its_name, PROCESSES);
    tests_add(tests, nothing_else_is_found);
    tests_add(tests, one_process_serves_the_sockets);
    return tests_run(tests);
}
