/* What a hostile expression or a hostile instance can try: nothing crashes, stalls, or takes much memory. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "common/condition/explain.h"
#include "common/dicom/dictionary.h"
#include "tests/support/effort.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Generous: the slowest machine under a sanitizer; each of these would take hours or for ever. */
enum { PATIENCE_MS = 15000 };

/* --- expressions --- */

enum verdict { REFUSED, TRUE, FALSE };

static const struct expression_row {
    const char *label;
    const char *start, *repeated, *middle, *closing; /* start, repeated × n, middle, closing × n */
    size_t count;
    enum verdict verdict;
    const char *message;
} expression_rows[] = {
    {"99 parentheses", "", "(", "true", ")", 99, TRUE, NULL},
    {"100 parentheses", "", "(", "true", ")", 100, TRUE, NULL},
    {"101 parentheses", "", "(", "true", ")", 101, REFUSED, "nested more than 100"},
    {"64 KiB of parentheses", "", "(", "true", ")", 32766, REFUSED, "nested more than 100"},
    {"64 KiB of opening parentheses", "", "(", "", "", 65536, REFUSED, "nested more than 100"},
    {"64 KiB of closing parentheses", "true", ")", "", "", 65532, REFUSED, "unexpected )"},
    {"100 times not", "", "!", "true", "", 100, TRUE, NULL},
    {"64 KiB of not", "", "!", "true", "", 65532, REFUSED, "nested more than 100"},
    {"not and parentheses", "", "!(", "true", ")", 50, TRUE, NULL},
    {"not and parentheses, too deep", "", "!(", "true", ")", 51, REFUSED, "nested more than 100"},
    {"and and parentheses, 100 deep", "", "true&&(", "false", ")", 100, FALSE, NULL},
    {"comparisons, 100 deep", "", "true==(", "true", ")", 100, TRUE, NULL},
    {"values within values, too deep", "", "tagValueIsPresent(\"0008,0060\",", "\"\"", ")", 101, REFUSED,
     "nested more than 100"},
    {"64 KiB of and", "true", "&&true", "", "", 10922, TRUE, NULL},
    {"64 KiB of or", "false", "||false", "", "", 9361, FALSE, NULL},
    {"64 KiB of commas", "tagValueIsOneOf(\"0008,0060\",", ",", "", "", 65500, REFUSED, "unexpected ,"},
    {"64 KiB of values", "tagValueIsOneOf(\"0008,0060\"", ",\"x\"", ")", "", 16370, FALSE, NULL},
    {"64 KiB of string", "tagValueContains(\"0008,0060\",\"", "x", "\")", "", 65480, FALSE, NULL},
    {"64 KiB of quotes", "callingAET == \"", "\"\"", "\"", "", 32760, FALSE, NULL},
    {"64 KiB of a name", "", "x", "", "", 65536, REFUSED, "unknown name"},
    {"64 KiB of a keyword", "tagIsPresent(#Tag.", "x", ")", "", 65500, REFUSED, "unknown DICOM keyword"},
    {"64 KiB of digits", "tagNumber(\"0008,0060\") == ", "9", "", "", 65500, FALSE, NULL},
    {"64 KiB of hex digits as a tag", "tagIsPresent(0x", "F", ")", "", 65500, REFUSED, "not a tag"},
    {"64 KiB of white space", "true", " ", "", "", 65532, TRUE, NULL},
    {"64 KiB of path", "tagIsPresent(\"0008,0060", "/0008,0060", "\")", "", 6000, REFUSED, "not a tag"},
    {"64 KiB of unary minus", "tagNumber(\"0008,0060\") == ", "-", "1", "", 65500, REFUSED, "SpEL"},
    {"64 KiB exactly", "true", " ", "", "", 65532, TRUE, NULL},
    {"more than 64 KiB", "true", " ", "", "", 65533, REFUSED, "longer than 64 KiB"},
    {"a megabyte", "true", " ", "", "", 1 << 20, REFUSED, "longer than 64 KiB"},
    {"different tags by the thousand", "false", "||tagIsPresent(\"0008,0060\")", "", "", 2180, FALSE, NULL},
    {"a pattern with deep groups", "callingAET matches \"", "(", "a\"", "", 10000, REFUSED,
     "not a regular expression"},
    {"a pattern that repeats repeats", "callingAET matches \"(((a{1,1000}){1,1000}){1,1000}){1,1000}", "",
     "\"", "", 0, REFUSED, "not a regular expression"},
    {"a pattern of 60 KiB", "callingAET matches \"", "a?", "\"", "", 30000, TRUE, NULL},
};

static bool nothing_present(void *context, const struct condition_path *path)
{
    (void)context, (void)path;
    return false;
}

static const char *nothing_text(void *context, const struct condition_path *path, size_t index,
                                size_t *ret_length)
{
    (void)context, (void)path, (void)index, (void)ret_length;
    return NULL;
}

static bool nothing_number(void *context, const struct condition_path *path, size_t index, double *ret_number)
{
    (void)context, (void)path, (void)index, (void)ret_number;
    return false;
}

static const char *nothing_known(void *context, enum condition_transfer fact, size_t *ret_length)
{
    (void)context, (void)fact, (void)ret_length;
    return NULL;
}

static const struct condition_facts nothing = {NULL,           nothing_present, nothing_text,
                                               nothing_number, nothing_known,   NULL};

static void append_times(struct text *out, const char *unit, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append(out, unit);
}

START_TEST(expression_is_bounded)
{
    const struct expression_row *row = &expression_rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    text_append(&text, row->start);
    append_times(&text, row->repeated, row->count);
    text_append(&text, row->middle);
    append_times(&text, row->closing, row->count);
    int64_t start = effort_ms();
    int result = condition_compile(text.bytes, dictionary_for_conditions(), &condition, &error);
    if (row->verdict == REFUSED) {
        ck_assert_msg(result == ERR_SYNTAX && strstr(error.message, row->message), "%s: %s", row->label,
                      error.message);
        condition_error_print(text.bytes, &error, &printed);
        ck_assert_msg(printed.length < 1000, "%s: an error of %zu bytes", row->label, printed.length);
    } else {
        ck_assert_msg(result == 0, "%s: %s", row->label, error.message);
        ck_assert_msg(condition_holds(condition, &nothing) == (row->verdict == TRUE), "%s", row->label);
        AUTO(explain_destroy)
        struct explanation *explanation =
            explain_create(condition, dictionary_for_conditions(), &nothing, false);
        ck_assert_msg((explanation->verdict == CONDITION_TRUE) == (row->verdict == TRUE), "%s: explained",
                      row->label);
        explain_print(explanation, 0, &printed);
        ck_assert_uint_gt(printed.length, 0);
    }
    ck_assert_msg(effort_ms() - start < PATIENCE_MS, "%s: took too long", row->label);
}
END_TEST

/* --- instances --- */

/* One text, as each of so many values of any path. */
struct instance {
    const char *text;
    size_t length, count;
};

static const char *instance_text(void *context, const struct condition_path *path, size_t index,
                                 size_t *ret_length)
{
    const struct instance *instance = context;
    if (index >= (path->depth > 1 ? instance->count : 1))
        return NULL;
    *ret_length = instance->length;
    return instance->text;
}

static const struct instance_row {
    const char *label, *expression;
    const char *unit;
    size_t units, items;
    const char *end;
    bool verdict;
} instance_rows[] = {
    {"10 MB, contains", "tagValueContains(\"0008,1030\", \"needle\")", "needl", 2000000, 1, "needle", true},
    {"10 MB, contains not", "tagValueContains(\"0008,1030\", \"needle\")", "needl", 2000000, 1, "", false},
    {"10 MB, ends", "tagValueEndsWith(\"0008,1030\", \"needle\")", "needl", 2000000, 1, "needle", true},
    {"10 MB, order", "tagText(\"0008,1030\") < \"needm\"", "needl", 2000000, 1, "", true},
    {"10 MB, periodic haystack and needle",
     "tagValueContains(\"0008,1030\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaab\")", "a", 10000000, 1, "", false},
    {"10 MB, pattern within its first 64 KiB", "tagText(\"0008,1030\") matches \"^needl\"", "needl", 2000000,
     1, "", true},
    {"10 MB, pattern beyond its first 64 KiB", "tagText(\"0008,1030\") matches \"needle\"", "needl", 2000000,
     1, "needle", false},
    {"catastrophic: nested plus", "tagText(\"0008,1030\") matches \"(a+)+$\"", "a", 60000, 1, "b", false},
    {"catastrophic: nested star", "tagText(\"0008,1030\") matches \"^(a*)*$\"", "a", 60000, 1, "b", false},
    {"catastrophic: alternatives", "tagText(\"0008,1030\") matches \"^(a|aa)+$\"", "a", 60, 1, "b", false},
    {"catastrophic: many any", "tagText(\"0008,1030\") matches \".*.*.*.*.*=.*\"", "a", 60000, 1, "", false},
    {"catastrophic: back reference", "tagText(\"0008,1030\") matches \"(a*)*\\1b\"", "a", 60000, 1, "",
     false},
    {"catastrophic: recursion", "tagText(\"0008,1030\") matches \"^((?:(?1)|a)+)b\"", "a", 60000, 1, "",
     false},
    {"catastrophic: look ahead", "tagText(\"0008,1030\") matches \"(?=(a+))+.*x\"", "a", 60000, 1, "", false},
    {"catastrophic: possessive from every place", "tagText(\"0008,1030\") matches \"a++x\"", "a", 10000000, 1,
     "", false},
    {"100,000 items", "tagValueIsPresent(\"0040,0275/0040,0007\", \"x\")", "a", 10, 100000, "", false},
    {"100,000 items, catastrophic", "tagText(\"0040,0275/0040,0007\") matches \"^(a|aa)+$\"", "a", 60, 100000,
     "b", false},
    {"not UTF-8", "tagText(\"0008,1030\") matches \"^.*$\"", "\xFF\xFE", 100, 1, "", false},
    {"not UTF-8, what is around it is found", "tagText(\"0008,1030\") matches \"b$\"", "\xFF\xFE", 100, 1,
     "b", true},
};

START_TEST(instance_is_bounded)
{
    const struct instance_row *row = &instance_rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text text = TEXT_EMPTY;
    append_times(&text, row->unit, row->units);
    text_append(&text, row->end);
    struct instance instance = {text.bytes, text.length, row->items};
    struct condition_facts facts = nothing;
    facts.context = &instance;
    facts.text = instance_text;
    ck_assert_msg(condition_compile(row->expression, dictionary_for_conditions(), &condition, &error) == 0,
                  "%s: %s", row->label, error.message);
    int64_t start = effort_ms();
    ck_assert_msg(condition_holds(condition, &facts) == row->verdict, "%s: is %s", row->label,
                  row->verdict ? "false" : "true");
    int64_t took = effort_ms() - start;
    ck_assert_msg(took < PATIENCE_MS, "%s: took %lld ms", row->label, (long long)took);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they keep what is freed */
#define MEMORY_CAN_BE_MEASURED
START_TEST(memory_is_bounded)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    long before = usage.ru_maxrss;
    for (size_t i = 0; i < ROWS(instance_rows); i++) {
        AUTO(condition_destroy) struct condition *condition = NULL;
        AUTO(condition_error_release) struct condition_error error = {.message = NULL};
        AUTO(text_release) struct text text = TEXT_EMPTY;
        append_times(&text, instance_rows[i].unit,
                     instance_rows[i].units < 60000 ? instance_rows[i].units : 60000);
        struct instance instance = {text.bytes, text.length, 1};
        struct condition_facts facts = nothing;
        facts.context = &instance;
        facts.text = instance_text;
        ck_assert_int_eq(
            condition_compile(instance_rows[i].expression, dictionary_for_conditions(), &condition, &error),
            0);
        condition_holds(condition, &facts);
    }
    getrusage(RUSAGE_SELF, &usage);
    ck_assert_int_lt(usage.ru_maxrss - before, 32 * 1024);
}
END_TEST
#endif

int main(void)
{
    struct tests *tests = tests_create("condition_hostile");
    tests_timeout(tests, 60);
    tests_rows(tests, expression_is_bounded, ROWS(expression_rows));
    tests_rows(tests, instance_is_bounded, ROWS(instance_rows));
#ifdef MEMORY_CAN_BE_MEASURED
    tests_add(tests, memory_is_bounded);
#endif
    return tests_run(tests);
}
