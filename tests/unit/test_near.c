/* How near a value comes to what a test wanted, and what many values have in common. */
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "router/near.h"
#include "router/tally.h"
#include "tests/support/facts.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { EDIT = 256 }; /* one letter; one of another case is 1 */

static const struct row {
    const char *test, *value;
    const char *part; /* NULL: it is not near */
    double cost;
} rows[] = {
    {"tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL_7\")", "TRIAL-7 day 3", "TRIAL-7", EDIT},
    {"tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL-7\")", "trial-7", "trial-7", 5},
    {"tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL-7\")", "CHEST", NULL, -1},
    {"tagValueIsPresent(#Tag.Modality, \"CT\")", "CR", "CR", EDIT},
    {"tagValueIsPresent(#Tag.Modality, \"CT\")", "ct", "ct", 2},
    {"tagValueIsPresent(\"0008,1030\", \"HEAD\")", "HEAD AND NECK", "HEAD", 0},
    {"tagValueContains(#Tag.StudyDescription, \"PHANTOM\")", "a fantom of ours", "fantom", 2 * EDIT + 5},
    {"tagValueContains(#Tag.StudyDescription, \"PHANTOM\")", "a phantom of ours", "phantom", 7},
    {"tagValueEndsWith(#Tag.StudyDescription, \"day 3\")", "TRIAL-7 day3", "day3", EDIT},
    {"tagValueIsOneOf(#Tag.Modality, \"CT\", \"PT\", \"NM\")", "PET", "PET", EDIT},
    {"tagText(#Tag.StudyDate) == \"20260101\"", "20260102", "20260102", EDIT},
    {"tagValueIsPresent(#Tag.StudyDescription, \"Ärztehaus\")", "Aerztehaus", "Aerztehaus", -1},
    {"tagNumber(#Tag.SliceThickness) <= 1.5", "2.0", NULL, 0.5},
    {"tagText(#Tag.StudyDescription) matches \"abc\"", "abd", NULL, -1},
    {"tagIsPresent(#Tag.StudyDescription)", "abd", NULL, -1},
};

START_TEST(the_part_that_is_meant_is_found)
{
    const struct row *row = &rows[_i];
    AUTO(wanted_release) struct wanted wanted;
    wanted_read(row->test, &wanted);
    struct near near = near_judge(&wanted, row->value);
    if (row->cost >= 0)
        ck_assert_msg(near.cost == row->cost, "%s: %s: %g", row->test, row->value, near.cost);
    ck_assert_msg(near.is_near == (row->part != NULL), "%s: %s", row->test, row->value);
    if (row->part) {
        AUTO(memory_free) char *part = memory_string_n(row->value + near.start, near.length);
        ck_assert_str_eq(part, row->part);
    }
}
END_TEST

/* Whatever a test and a value are, the part is a part of the value. */
START_TEST(long_and_odd_ones_stay_within_their_bounds)
{
    char value[1024];
    memset(value, 0xC3, sizeof value);
    value[sizeof value - 1] = '\0';
    static const char *const tests[] = {
        "f(#Tag.A, \"\xC3\xA9\")", "f(\"\", \"\")", "((((", "\"a\" == \"b\"",
        "tagValueContains(#Tag.A, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")"};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        AUTO(wanted_release) struct wanted wanted;
        wanted_read(tests[i], &wanted);
        struct near near = near_judge(&wanted, value);
        ck_assert_uint_le(near.start + near.length, sizeof value - 1);
        near = near_judge(&wanted, "");
        ck_assert_uint_eq(near.start + near.length, 0);
    }
}
END_TEST

START_TEST(what_is_compared_is_counted)
{
    AUTO(wanted_release) struct wanted texts, numbers;
    char value[1024];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    wanted_read("tagValueIsOneOf(#Tag.Modality, \"CT\", \"PET\")", &texts);
    ck_assert_int_eq(near_cells(&texts, "MRI!"), (2 + 3) * 4);
    ck_assert_int_eq(near_cells(&texts, value), (2 + 3) * NEAR_BYTES);
    wanted_read("tagNumber(#Tag.SliceThickness) <= 1.5", &numbers);
    ck_assert_int_eq(near_cells(&numbers, "2.0"), 3);
}
END_TEST

/* ---- the tally ---- */

static void add(struct tally *tally, const struct condition *condition, const char *attributes)
{
    AUTO(facts_destroy) struct facts *facts = facts_create(attributes, dictionary_for_conditions());
    AUTO(explain_destroy)
    struct explanation *explanation =
        explain_create(condition, dictionary_for_conditions(), facts_of(facts), false);
    ck_assert(tally_add(tally, explanation));
}

static struct condition *compile(const char *expression)
{
    struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_int_eq(condition_compile(expression, dictionary_for_conditions(), &condition, &error), 0);
    return condition;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

START_TEST(values_are_counted_and_grouped)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(condition_destroy)
    struct condition *condition = compile("tagValueIsPresent(#Tag.Modality, \"CT\") && "
                                          "tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL_7\")");
    char attributes[128];
    for (int i = 0; i < 469; i++) {
        (void)snprintf(attributes, sizeof attributes, "Modality=%s;StudyDescription=TRIAL-7 day %d",
                       i == 3 ? "CT" : "MR", i % 7);
        add(tally, condition, attributes);
    }
    for (int i = 0; i < 500; i++)
        add(tally, condition, "Modality=MR;StudyDescription=ROUTINE");
    add(tally, condition, "Modality=MR");
    add(tally, condition, "Modality=MR;StudyDescription?");
    AUTO(json_release) json_t *lines = tally_lines(tally);
    ck_assert_uint_eq(json_array_size(lines), 3);
    const json_t *held = json_array_get(lines, 1), *never = json_array_get(lines, 2);
    ck_assert_int_eq(number(held, "yes"), 1);
    ck_assert(json_is_false(json_object_get(held, "never")));
    ck_assert_uint_eq(json_array_size(json_object_get(held, "values")), 0);
    ck_assert_int_eq(number(never, "no"), 970);
    ck_assert_int_eq(number(never, "undecided"), 1);
    const json_t *value = json_array_get(json_object_get(never, "values"), 0);
    ck_assert_int_eq(number(value, "absent"), 1);
    ck_assert_int_eq(number(value, "unknown"), 1);
    const json_t *seen = json_object_get(value, "seen");
    ck_assert_uint_eq(json_array_size(seen), 2);
    ck_assert_str_eq(json_text(json_array_get(seen, 0), "part"), "TRIAL-7");
    ck_assert_str_eq(json_text(json_array_get(seen, 0), "how"), "begins");
    ck_assert_int_eq(number(json_array_get(seen, 0), "count"), 469);
    ck_assert_int_eq(number(json_array_get(seen, 0), "values"), 7);
    ck_assert_str_eq(json_text(json_array_get(seen, 1), "text"), "ROUTINE");
    ck_assert_str_eq(json_text(json_array_get(seen, 1), "how"), "is");
}
END_TEST

START_TEST(numbers_are_ordered_by_how_far_away_they_are)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(condition_destroy) struct condition *condition = compile("tagNumber(#Tag.SliceThickness) <= 1.5");
    add(tally, condition, "SliceThickness=5");
    add(tally, condition, "SliceThickness=5");
    add(tally, condition, "SliceThickness=2.0");
    AUTO(json_release) json_t *lines = tally_lines(tally);
    const json_t *value = json_array_get(json_object_get(json_array_get(lines, 0), "values"), 0);
    ck_assert_str_eq(json_text(json_array_get(json_object_get(value, "seen"), 0), "text"), "2.0");
}
END_TEST

START_TEST(what_identifies_is_counted_without_its_text)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(text_release) struct text all = TEXT_EMPTY;
    AUTO(condition_destroy) struct condition *condition = compile("tagValueIsPresent(#Tag.PatientID, \"7\")");
    add(tally, condition, "PatientID=4711");
    AUTO(json_release) json_t *lines = tally_lines(tally);
    const json_t *value = json_array_get(json_object_get(json_array_get(lines, 0), "values"), 0);
    ck_assert(json_is_true(json_object_get(value, "hidden")));
    json_append(lines, &all);
    ck_assert_ptr_null(strstr(text_string(&all), "4711"));
}
END_TEST

START_TEST(many_values_are_bounded)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(condition_destroy)
    struct condition *condition = compile("tagValueIsPresent(#Tag.StationName, \"X\")");
    char attributes[64];
    for (int i = 0; i < 3 * TALLY_VALUES; i++) {
        (void)snprintf(attributes, sizeof attributes, "StationName=station %d", i);
        add(tally, condition, attributes);
    }
    AUTO(json_release) json_t *lines = tally_lines(tally);
    const json_t *value = json_array_get(json_object_get(json_array_get(lines, 0), "values"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(value, "seen")), TALLY_TOLD);
    ck_assert_int_eq(number(value, "others"), TALLY_VALUES - TALLY_TOLD);
    ck_assert(json_is_true(json_object_get(value, "more")));
}
END_TEST

enum { LONG = 60 /* letters */ };

static void append_long(struct text *out, char letter)
{
    for (int i = 0; i < LONG; i++)
        text_append_char(out, letter);
}

/* Of so many tests that want LONG letters; TALLY_VALUES values as long, of which the last one is near, and another one more frequent. */
static json_t *tell_many_tests(int tests)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(text_release) struct text expression = TEXT_EMPTY;
    for (int i = 0; i < tests; i++) {
        text_append(&expression, i > 0 ? " || " : "");
        text_append(&expression, "tagValueBeginsWith(#Tag.StudyDescription, \"");
        append_long(&expression, 'q');
        text_append(&expression, "\")");
    }
    AUTO(condition_destroy) struct condition *condition = compile(text_string(&expression));
    for (int i = 0; i < TALLY_VALUES; i++) {
        AUTO(text_release) struct text attributes = TEXT_EMPTY;
        text_append(&attributes, "StudyDescription=");
        append_long(&attributes, i == TALLY_VALUES - 1 ? 'Q' : 'x');
        text_format(&attributes, "%02d", i);
        add(tally, condition, text_string(&attributes));
        if (i == 0)
            add(tally, condition, text_string(&attributes));
    }
    return tally_lines(tally);
}

static bool is_nearest_first(const json_t *line)
{
    const json_t *value = json_array_get(json_object_get(line, "values"), 0);
    return json_text(json_array_get(json_object_get(value, "seen"), 0), "text")[0] == 'Q';
}

/* An answer makes at most TALLY_CELLS comparisons; what comes then is ordered by its count. */
START_TEST(comparisons_are_bounded_over_all_parts)
{
    enum { TESTS = 20, A_TEST = LONG * (LONG + 2) * TALLY_VALUES };
    AUTO(json_release) json_t *lines = tell_many_tests(TESTS);
    ck_assert_uint_eq(json_array_size(lines), TESTS + 1);
    for (int i = 0; i < TESTS; i++)
        ck_assert_msg(is_nearest_first(json_array_get(lines, (size_t)i + 1)) == (i < TALLY_CELLS / A_TEST),
                      "test %d", i);
    _Static_assert(TALLY_CELLS / A_TEST > 1 && TALLY_CELLS / A_TEST < TESTS, "some have room");
}
END_TEST

/* Of many tags that one test looks at, the first is held against what it wants. */
START_TEST(only_what_a_test_looks_at_first_is_compared)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(condition_destroy)
    struct condition *condition =
        compile("tagValueIsOneOf(#Tag.SeriesDescription, \"TRIAL\", tagText(#Tag.StudyDescription))");
    add(tally, condition, "SeriesDescription=CHEST;StudyDescription=CHEST 1");
    add(tally, condition, "SeriesDescription=CHEST;StudyDescription=CHEST 1");
    add(tally, condition, "SeriesDescription=TRIAX;StudyDescription=TRIAX 1");
    AUTO(json_release) json_t *lines = tally_lines(tally);
    const json_t *values = json_object_get(json_array_get(lines, 0), "values");
    const json_t *left = json_object_get(json_array_get(values, 0), "seen");
    const json_t *right = json_object_get(json_array_get(values, 1), "seen");
    ck_assert_str_eq(json_text(json_array_get(left, 0), "text"), "TRIAX");
    ck_assert_str_eq(json_text(json_array_get(right, 0), "text"), "CHEST 1");
    ck_assert_int_eq(number(json_array_get(right, 0), "count"), 2);
}
END_TEST

/* One test is one part, however many tags it names. */
START_TEST(what_looks_at_too_many_tags_is_not_added)
{
    for (int more = 0; more < 2; more++) {
        AUTO(tally_destroy) struct tally *tally = tally_create();
        AUTO(text_release) struct text expression = TEXT_EMPTY;
        AUTO(facts_destroy) struct facts *facts = facts_create("Modality=CT", dictionary_for_conditions());
        text_append(&expression, "tagValueIsOneOf(#Tag.SeriesDescription");
        for (int i = 1; i < TALLY_LOOKED + more; i++)
            text_append(&expression, ",tagText(\"0008,1030\")");
        text_append(&expression, ")");
        AUTO(condition_destroy) struct condition *condition = compile(text_string(&expression));
        AUTO(explain_destroy)
        struct explanation *explanation =
            explain_create(condition, dictionary_for_conditions(), facts_of(facts), false);
        ck_assert_msg(tally_add(tally, explanation) == !more, "%d tags", TALLY_LOOKED + more);
    }
}
END_TEST

START_TEST(another_condition_is_not_added)
{
    AUTO(tally_destroy) struct tally *tally = tally_create();
    AUTO(condition_destroy) struct condition *one = compile("true");
    AUTO(condition_destroy) struct condition *two = compile("true && false");
    AUTO(facts_destroy) struct facts *facts = facts_create("Modality=CT", dictionary_for_conditions());
    AUTO(explain_destroy)
    struct explanation *other = explain_create(two, dictionary_for_conditions(), facts_of(facts), false);
    add(tally, one, "Modality=CT");
    ck_assert(!tally_add(tally, other));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("near");
    tests_rows(tests, the_part_that_is_meant_is_found, ROWS(rows));
    tests_add(tests, long_and_odd_ones_stay_within_their_bounds);
    tests_add(tests, what_is_compared_is_counted);
    tests_add(tests, values_are_counted_and_grouped);
    tests_add(tests, numbers_are_ordered_by_how_far_away_they_are);
    tests_add(tests, what_identifies_is_counted_without_its_text);
    tests_add(tests, many_values_are_bounded);
    tests_add(tests, comparisons_are_bounded_over_all_parts);
    tests_add(tests, only_what_a_test_looks_at_first_is_compared);
    tests_add(tests, what_looks_at_too_many_tags_is_not_added);
    tests_add(tests, another_condition_is_not_added);
    return tests_run(tests);
}
