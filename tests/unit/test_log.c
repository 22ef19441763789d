/* A line of the log: text and JSON, with values that somebody made to break it. */
#include "common/base/log.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* What the line has for a value. */
static const struct value_row {
    const char *label, *value, *text, *json;
} value_rows[] = {
    {"a word", "word", "k=word", "word"},
    {"nothing", "", "k=\"\"", ""},
    {"blanks", "two words", "k=\"two words\"", "two words"},
    {"a pair", "a=b", "k=\"a=b\"", "a=b"},
    {"quotes and backslash", "a\"b\\c", "k=\"a\\\"b\\\\c\"", "a\"b\\c"},
    {"a new line", "a\nlevel=error", "k=\"a\\u000alevel=error\"", "a\nlevel=error"},
    {"escape and bell", "\x1b[2J\x07", "k=\"\\u001b[2J\\u0007\"", "\x1b[2J\x07"},
    {"delete", "a\x7f", "k=\"a\\u007f\"", "a\x7f"},
    {"letters beyond ASCII", "K\xC3\xB6ln", "k=\"K\xC3\xB6ln\"", "K\xC3\xB6ln"},
    {"Latin-1", "K\xF6ln", "k=\"K\xEF\xBF\xBDln\"", "K\xEF\xBF\xBDln"},
    {"half a character", "a\xE2\x82", "k=\"a\xEF\xBF\xBD\"", "a\xEF\xBF\xBD"},
    {"an overlong slash", "\xC0\xAF", "k=\"\xEF\xBF\xBD\xEF\xBF\xBD\"", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"a surrogate", "\xED\xA0\x80", "k=\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"",
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"a control of eight bits",
     "a\xC2\x9B"
     "2J",
     "k=\"a\\u009b2J\"",
     "a\xC2\x9B"
     "2J"},
    {"a line separator",
     "a\xE2\x80\xA8"
     "b",
     "k=\"a\\u2028b\"",
     "a\xE2\x80\xA8"
     "b"},
    {"what turns the direction",
     "a\xE2\x80\xAE"
     "b",
     "k=\"a\\u202eb\"",
     "a\xE2\x80\xAE"
     "b"},
    {"an isolate",
     "a\xE2\x81\xA6"
     "b",
     "k=\"a\\u2066b\"",
     "a\xE2\x81\xA6"
     "b"},
    {"a dash beside them",
     "a\xE2\x80\x93"
     "b",
     "k=\"a\xE2\x80\x93"
     "b\"",
     "a\xE2\x80\x93"
     "b"},
};

static void log_into(struct text *ret_line, enum log_format format, const char *value)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(fd_close) int kept = dup(STDERR_FILENO);
    AUTO(fd_close)
    int file = open(sandbox_path(sandbox, "log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(dup2(file, STDERR_FILENO), 0);
    log_setup("test", LOG_INFO, format);
    log_info("it happened", LOG_S("k", value), LOG_I("n", -1));
    log_debug("not shown");
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
    file_read(sandbox_path(sandbox, "log"), ret_line);
}

START_TEST(value_in_a_text_line)
{
    const struct value_row *row = &value_rows[_i];
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text end = TEXT_EMPTY;
    log_into(&line, LOG_TEXT, row->value);
    text_format(&end, "] it happened %s n=-1\n", row->text);
    ck_assert_msg(string_ends_with(text_string(&line), text_string(&end)), "%s: %s", row->label,
                  text_string(&line));
    ck_assert_ptr_eq(strchr(text_string(&line), '\n'), line.bytes + line.length - 1);
}
END_TEST

START_TEST(value_in_a_json_line)
{
    const struct value_row *row = &value_rows[_i];
    AUTO(text_release) struct text line = TEXT_EMPTY;
    json_error_t error;
    log_into(&line, LOG_JSON, row->value);
    json_t *json = json_loads(text_string(&line), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json != NULL, "%s: %s: %s", row->label, error.text, text_string(&line));
    ck_assert_str_eq(json_string_value(json_object_get(json, "k")), row->json);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "n")), -1);
    ck_assert_str_eq(json_string_value(json_object_get(json, "message")), "it happened");
    ck_assert_str_eq(json_string_value(json_object_get(json, "level")), "info");
    ck_assert_str_eq(json_string_value(json_object_get(json, "process")), "test");
    ck_assert_ptr_null(json_object_get(json, "cell"));
    ck_assert_ptr_eq(strchr(text_string(&line), '\n'), line.bytes + line.length - 1);
    json_decref(json);
}
END_TEST

START_TEST(a_json_line_says_its_cell)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    json_error_t error;
    log_set_cell("cell \"2\"");
    log_into(&line, LOG_JSON, "value");
    json_t *json = json_loads(text_string(&line), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json != NULL, "%s: %s", error.text, text_string(&line));
    ck_assert_str_eq(json_string_value(json_object_get(json, "cell")), "cell \"2\"");
    ck_assert_str_eq(json_string_value(json_object_get(json, "message")), "it happened");
    json_decref(json);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("log");
    tests_rows(tests, value_in_a_text_line, ROWS(value_rows));
    tests_rows(tests, value_in_a_json_line, ROWS(value_rows));
    tests_add(tests, a_json_line_says_its_cell);
    return tests_run(tests);
}
