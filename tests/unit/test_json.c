#include "common/base/json.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/suite.h"

#include <string.h>

/* ---- reading ---- */

static const struct read_row {
    const char *label, *text;
    size_t bytes;
    unsigned depth;
    bool unique;
    int code;
} read_rows[] = {
    {"an object", "{\"a\":1}", 100, 1, true, 0},
    {"an array", " [1, 2]\n", 100, 1, true, 0},
    {"as long as allowed", "{\"a\":1}", 7, 1, false, 0},
    {"one byte longer", "{\"a\":1}", 6, 1, false, ERR_RANGE},
    {"as deep as allowed", "[{\"a\":[]}]", 100, 3, false, 0},
    {"one deeper", "[{\"a\":[]}]", 100, 2, false, ERR_RANGE},
    {"many beside each other are not deep", "[[],[],{},[],{}]", 100, 2, false, 0},
    {"brackets in a string are not deep", "[\"[[[[{{{{\"]", 100, 1, false, 0},
    {"... nor behind a quote in it", "[\"\\\"[[[[\\\\\",[]]", 100, 2, false, 0},
    {"closing brackets in a string do not count", "[\"]]]\",[[]]]", 100, 2, false, ERR_RANGE},
    {"too deep counts before anything is wrong", "[[[[[[[[", 100, 4, false, ERR_RANGE},
    {"a string without an end", "[\"[[[[[", 100, 1, false, ERR_SYNTAX},
    {"a backslash at the end", "[\"\\", 100, 1, false, ERR_SYNTAX},
    {"nothing", "", 100, 4, false, ERR_SYNTAX},
    {"white space", "  ", 100, 4, false, ERR_SYNTAX},
    {"two values", "{} {}", 100, 4, false, ERR_SYNTAX},
    {"something behind it", "{}x", 100, 4, false, ERR_SYNTAX},
    {"a value that is neither object nor array", "1", 100, 4, false, ERR_SYNTAX},
    {"a comment", "{} // no", 100, 4, false, ERR_SYNTAX},
    {"a string with a NUL", "[\"\\u0000\"]", 100, 4, false, ERR_SYNTAX},
    {"bytes that are no UTF-8", "[\"\xff\"]", 100, 4, false, ERR_SYNTAX},
    {"a number too large", "[99999999999999999999]", 100, 4, false, ERR_SYNTAX},
    {"a key twice", "{\"a\":1,\"a\":2}", 100, 4, false, 0},
    {"a key twice, where that matters", "{\"a\":1,\"a\":2}", 100, 4, true, ERR_SYNTAX},
};

START_TEST(limits_are_kept)
{
    const struct read_row *row = &read_rows[_i];
    const struct json_limits limits = {.bytes = row->bytes, .depth = row->depth, .unique = row->unique};
    AUTO(json_release) json_t *value = NULL;
    int code = json_read(row->text, strlen(row->text), &limits, &value);
    ck_assert_msg(code == row->code, "%s: %d", row->label, code);
    ck_assert_msg((value != NULL) == (code == 0), "%s", row->label);
}
END_TEST

START_TEST(length_counts_and_not_a_nul)
{
    const struct json_limits limits = {.bytes = 100, .depth = 4};
    AUTO(json_release) json_t *value = NULL;
    ck_assert_int_eq(json_read("[1]garbage", 3, &limits, &value), 0);
    ck_assert_uint_eq(json_array_size(value), 1);
    ck_assert_int_eq(json_read("[1]\0", 4, &limits, &value), ERR_SYNTAX);
}
END_TEST

/* Some servers pad a UID in JSON as in a data set. */
START_TEST(a_string_is_padded_only_where_limits_say_so)
{
    static const char bytes[] = "{\"a\":\"1.2\\u0000\"}";
    struct json_limits limits = {.bytes = 100, .depth = 4};
    AUTO(json_release) json_t *value = NULL;
    ck_assert_int_eq(json_read(bytes, strlen(bytes), &limits, &value), ERR_SYNTAX);
    limits.padded = true;
    ck_assert_int_eq(json_read(bytes, strlen(bytes), &limits, &value), 0);
    ck_assert_str_eq(json_text(value, "a"), "1.2");
}
END_TEST

/* What nobody reads need not be read: it may even be what a string could not hold. */
static const struct long_row {
    const char *label, *text, *value;
} long_rows[] = {
    {"as long as allowed", "{\"a\":\"1234\",\"b\":1}", "1234"},
    {"longer", "{\"a\":\"12345\",\"b\":1}", ""},
    {"a quote in it does not end it", "{\"a\":\"12\\\"45\",\"b\":1}", ""},
    {"nor does a backslash at its end go on", "{\"a\":\"12\\\\\",\"b\":1}", "12\\"},
    {"bytes that are no UTF-8", "{\"a\":\"\xff\xff\xff\xff\xff\",\"b\":1}", ""},
    {"one without an end", "{\"a\":\"12345", NULL},
    {"one that ends in a backslash", "{\"a\":\"12345\\", NULL},
    {"bytes that are no UTF-8 in a short one", "{\"a\":\"\xff\",\"b\":1}", NULL},
    {"white space behind it", "{\"a\":\"12345\",\"b\":1}\n ", ""},
};

START_TEST(a_string_that_is_too_long_is_empty)
{
    const struct long_row *row = &long_rows[_i];
    const struct json_limits limits = {.bytes = 100, .depth = 4, .longest = 4};
    AUTO(json_release) json_t *value = NULL;
    int code = json_read(row->text, strlen(row->text), &limits, &value);
    ck_assert_msg(code == (row->value ? 0 : ERR_SYNTAX), "%s: %d", row->label, code);
    if (row->value)
        ck_assert_msg(strcmp(json_text(value, "a"), row->value) == 0 && json_object_get(value, "b"), "%s: %s",
                      row->label, json_text(value, "a"));
}
END_TEST

START_TEST(the_deepest_text_of_a_stranger_costs_nothing)
{
    enum { MANY = 1 << 20 };
    const struct json_limits limits = {.bytes = MANY, .depth = 64};
    AUTO(text_release) struct text text = TEXT_EMPTY;
    json_t *value = NULL;
    for (int i = 0; i < MANY; i++)
        text_append_char(&text, '[');
    ck_assert_int_eq(json_read(text_string(&text), text.length, &limits, &value), ERR_RANGE);
    ck_assert_ptr_null(value);
}
END_TEST

START_TEST(a_field_is_a_text_or_none)
{
    static const char bytes[] = "{\"a\":\"x\",\"n\":1,\"z\":null}";
    const struct json_limits limits = {.bytes = 100, .depth = 4, .unique = true};
    AUTO(json_release) json_t *object = NULL;
    ck_assert_int_eq(json_read(bytes, strlen(bytes), &limits, &object), 0);
    ck_assert_str_eq(json_text(object, "a"), "x");
    ck_assert_str_eq(json_text_or_null(object, "a"), "x");
    static const char *const absent[] = {"n", "z", "b"};
    for (size_t i = 0; i < ROWS(absent); i++) {
        ck_assert_str_eq(json_text(object, absent[i]), "");
        ck_assert_ptr_null(json_text_or_null(object, absent[i]));
    }
    ck_assert_ptr_null(json_text_or_null(NULL, "a"));
    json_release(&object);
    ck_assert_ptr_null(object);
}
END_TEST

/* ---- writing ---- */

static const struct text_row {
    const char *label, *text, *json;
} text_rows[] = {
    {"plain", "a \"b\"", "[\"a \\\"b\\\"\"]"},
    {"empty", "", "[\"\"]"},
    {"no text", NULL, "[null]"},
    {"UTF-8", "caf\xc3\xa9", "[\"caf\xc3\xa9\"]"},
    {"Latin-1: the bad byte alone is replaced", "caf\xe9, \xc3\xa9", "[\"caf\xef\xbf\xbd, \xc3\xa9\"]"},
    {"cut in a character", "caf\xc3", "[\"caf\xef\xbf\xbd\"]"},
};

START_TEST(any_text_can_be_written)
{
    const struct text_row *row = &text_rows[_i];
    AUTO(json_release) json_t *array = json_array();
    AUTO(text_release) struct text out = TEXT_EMPTY;
    (void)json_array_append_new(array, json_from_text(row->text));
    json_append(array, &out);
    ck_assert_msg(strcmp(text_string(&out), row->json) == 0, "%s: %s", row->label, text_string(&out));
}
END_TEST

START_TEST(a_time_is_iso_8601_or_null)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    json_append_line(json_pack("{s:o, s:o}", "a", json_from_time(1769847300123), "b", json_from_time(0)),
                     &out);
    ck_assert_str_eq(text_string(&out), "{\"a\":\"2026-01-31T08:15:00.123Z\",\"b\":null}\n");
}
END_TEST

START_TEST(what_is_appended_comes_behind_what_is_there)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    text_append(&out, "first\n");
    json_append_line(json_pack("{s:i}", "a", 1), &out);
    json_append(NULL, &out);
    ck_assert_str_eq(text_string(&out), "first\n{\"a\":1}\n{}");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("json");
    tests_rows(tests, limits_are_kept, ROWS(read_rows));
    tests_add(tests, length_counts_and_not_a_nul);
    tests_add(tests, a_string_is_padded_only_where_limits_say_so);
    tests_rows(tests, a_string_that_is_too_long_is_empty, ROWS(long_rows));
    tests_add(tests, the_deepest_text_of_a_stranger_costs_nothing);
    tests_add(tests, a_field_is_a_text_or_none);
    tests_rows(tests, any_text_can_be_written, ROWS(text_rows));
    tests_add(tests, a_time_is_iso_8601_or_null);
    tests_add(tests, what_is_appended_comes_behind_what_is_there);
    return tests_run(tests);
}
