#include "common/base/text.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct distance_row {
    const char *label, *a, *b;
    unsigned distance;
} distance_rows[] = {
    {"equal", "Modality", "Modality", 0},
    {"one letter missing", "tagValueContain", "tagValueContains", 1},
    {"neighbours swapped", "Modaltiy", "Modality", 1},
    {"one letter other", "StudyDXte", "StudyDate", 1},
    {"empty", "", "abc", 3},
    {"nothing in common", "abc", "xyz", 3},
};

START_TEST(distance_is)
{
    const struct distance_row *row = &distance_rows[_i];
    ck_assert_msg(string_distance(row->a, row->b) == row->distance, "%s", row->label);
    ck_assert_msg(string_distance(row->b, row->a) == row->distance, "%s, reversed", row->label);
}
END_TEST

static const struct size_row {
    int64_t bytes;
    const char *text;
} size_rows[] = {
    {0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {541696, "529 KiB"}, {3221225472, "3.0 GiB"}};

START_TEST(size_is_written)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    text_append_size(&text, size_rows[_i].bytes);
    ck_assert_str_eq(text_string(&text), size_rows[_i].text);
}
END_TEST

static const struct duration_row {
    int64_t ms;
    const char *text;
} duration_rows[] = {{-7200000, "0 ms"}, {999, "999 ms"},  {119000, "119 s"},
                     {120000, "2 min"},  {7200000, "2 h"}, {259200000, "3 d"}};

START_TEST(duration_is_written)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    text_append_duration(&text, duration_rows[_i].ms);
    ck_assert_str_eq(text_string(&text), duration_rows[_i].text);
}
END_TEST

static const struct word_row {
    const char *label, *words, *word;
    bool has;
} word_rows[] = {
    {"the only one", "read", "read", true},
    {"the first", "read write", "read", true},
    {"the last", "read write", "write", true},
    {"behind several blanks", " \tread  write ", "write", true},
    {"the beginning of one", "readable", "read", false},
    {"the end of one", "thread", "read", false},
    {"longer than all", "read", "reads", false},
    {"no words", "", "read", false},
    {"blanks alone", "  ", "read", false},
    {"nothing is no word", "read", "", false},
};

START_TEST(a_word_is_found_whole)
{
    const struct word_row *row = &word_rows[_i];
    ck_assert_msg(string_has_word(row->words, row->word, strlen(row->word)) == row->has, "%s", row->label);
}
END_TEST

START_TEST(appending_keeps_every_byte)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    for (int i = 0; i < 1000; i++)
        text_format(&text, "%d,", i % 10);
    ck_assert_uint_eq(text.length, 2000);
    ck_assert_mem_eq(text.bytes + 1998, "9,", 3);
    text_append_bytes(&text, "\0x", 2);
    ck_assert_uint_eq(text.length, 2002);
}
END_TEST

START_TEST(text_is_cut_to_a_length)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    text_cut(&text, 0);
    ck_assert_str_eq(text_string(&text), "");
    text_append(&text, "main: albums");
    text_cut(&text, 20);
    ck_assert_str_eq(text_string(&text), "main: albums");
    text_cut(&text, 4);
    ck_assert_str_eq(text_string(&text), "main");
    ck_assert_uint_eq(text.length, 4);
}
END_TEST

START_TEST(empty_text_is_an_empty_string)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    ck_assert_str_eq(text_string(&text), "");
    char *taken = text_take(&text);
    ck_assert_str_eq(taken, "");
    free(taken);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("text");
    tests_rows(tests, distance_is, ROWS(distance_rows));
    tests_rows(tests, size_is_written, ROWS(size_rows));
    tests_rows(tests, duration_is_written, ROWS(duration_rows));
    tests_rows(tests, a_word_is_found_whole, ROWS(word_rows));
    tests_add(tests, appending_keeps_every_byte);
    tests_add(tests, text_is_cut_to_a_length);
    tests_add(tests, empty_text_is_an_empty_string);
    return tests_run(tests);
}
