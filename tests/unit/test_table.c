#include "cli/table.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *label, *value;
    int width;
    enum table_align align;
    const char *cell;
} rows[] = {
    {"shorter", "up", 4, TABLE_LEFT, "up   "},
    {"right", "12", 4, TABLE_RIGHT, "  12 "},
    {"exact", "four", 4, TABLE_LEFT, "four "},
    {"longer, cut at the end", "kheops-main", 6, TABLE_LEFT, "kheop… "},
    {"a UID, cut at the start", "1.2.840.99", 6, TABLE_LEFT_TAIL, "…40.99 "},
    {"characters, not bytes", "Zürich", 6, TABLE_LEFT, "Zürich "},
    {"cut between characters", "Zürich-öäü", 8, TABLE_LEFT, "Zürich-… "},
    {"nothing", NULL, 3, TABLE_LEFT, "    "},
    {"an escape sequence is no escape sequence", "\033[2Jx\n", 8, TABLE_LEFT, "?[2Jx?   "},
    {"nor is one of a single character",
     "\xc2\x9b"
     "2Jx",
     5, TABLE_LEFT, "?2Jx  "},
    {"the direction stays",
     "a\xe2\x80\xae"
     "b",
     4, TABLE_LEFT, "a?b  "},
};

START_TEST(cell_is)
{
    const struct row *row = &rows[_i];
    ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
    AUTO(text_release) struct text line = TEXT_EMPTY;
    table_cell(&line, row->value, row->width, row->align);
    ck_assert_msg(strcmp(text_string(&line), row->cell) == 0, "%s: \"%s\"", row->label, text_string(&line));
}
END_TEST

START_TEST(a_line_ends_without_spaces)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    table_cell(&line, "a", 5, TABLE_LEFT);
    table_number(&line, -7, 4);
    table_cell(&line, "", 5, TABLE_LEFT);
    table_end(&line);
    ck_assert_str_eq(text_string(&line), "a       -7\n");
}
END_TEST

static const struct mark_row {
    const char *label, *all, *lang, *cell;
} marks[] = {
    {"a locale of UTF-8", "de_CH.UTF-8", NULL, "kheop… "},
    {"written otherwise", NULL, "C.utf8", "kheop… "},
    {"LC_ALL counts first", "C", "en_US.UTF-8", "kheop~ "},
    {"an empty one does not count", "", "en_US.UTF-8", "kheop… "},
    {"none", NULL, NULL, "kheop~ "},
};

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

START_TEST(mark_is_of_the_locale)
{
    const struct mark_row *row = &marks[_i];
    AUTO(text_release) struct text line = TEXT_EMPTY;
    set("LC_ALL", row->all);
    set("LC_CTYPE", NULL);
    set("LANG", row->lang);
    table_cell(&line, "kheops-main", 6, TABLE_LEFT);
    ck_assert_msg(strcmp(text_string(&line), row->cell) == 0, "%s: \"%s\"", row->label, text_string(&line));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("table");
    tests_rows(tests, cell_is, ROWS(rows));
    tests_add(tests, a_line_ends_without_spaces);
    tests_rows(tests, mark_is_of_the_locale, ROWS(marks));
    return tests_run(tests);
}
