/* Rows as comma-separated values, quoted where RFC 4180 asks for it. */
#include "common/view/csv.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

static const struct csv_row {
    const char *label, *json, *heading, *row;
} csv_rows[] = {
    {"one text", "{\"a\":\"x\"}", "a\n", "x\n"},
    {"the order of the members", "{\"b\":\"1\",\"a\":\"2\"}", "b,a\n", "1,2\n"},
    {"numbers", "{\"a\":0,\"b\":-7,\"c\":9007199254740993}", "a,b,c\n", "0,-7,9007199254740993\n"},
    {"true and false", "{\"a\":true,\"b\":false}", "a,b\n", "true,false\n"},
    {"null and an empty text", "{\"a\":null,\"b\":\"\",\"c\":null}", "a,b,c\n", ",,\n"},
    {"a comma", "{\"a\":\"x,y\"}", "a\n", "\"x,y\"\n"},
    {"a quote", "{\"a\":\"say \\\"no\\\"\"}", "a\n", "\"say \"\"no\"\"\"\n"},
    {"line breaks", "{\"a\":\"x\\ny\",\"b\":\"x\\ry\"}", "a,b\n", "\"x\ny\",\"x\ry\"\n"},
    {"blanks stay", "{\"a\":\" x \"}", "a\n", " x \n"},
    {"a formula", "{\"a\":\"=1+1\"}", "a\n", "'=1+1\n"},
    {"a formula that is quoted", "{\"a\":\"@x(1,2)\"}", "a\n", "\"'@x(1,2)\"\n"},
    {"signs and blanks in front", "{\"a\":\"+1\",\"b\":\"-1\",\"c\":\"\\tx\"}", "a,b,c\n", "'+1,'-1,'\tx\n"},
    {"a return in front", "{\"a\":\"\\rx\"}", "a\n", "\"'\rx\"\n"},
    {"a sign behind", "{\"a\":\"x=1\"}", "a\n", "x=1\n"},
    {"nothing", "{}", "\n", "\n"},
};

START_TEST(object_is_written)
{
    const struct csv_row *row = &csv_rows[_i];
    AUTO(text_release) struct text heading = TEXT_EMPTY;
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(json_release) json_t *object = json_loads(row->json, 0, NULL);
    ck_assert_msg(object, "%s: bad JSON", row->label);
    csv_append_heading(object, &heading);
    csv_append_row(object, &line);
    ck_assert_str_eq(text_string(&heading), row->heading);
    ck_assert_str_eq(text_string(&line), row->row);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("csv");
    tests_rows(tests, object_is_written, ROWS(csv_rows));
    return tests_run(tests);
}
