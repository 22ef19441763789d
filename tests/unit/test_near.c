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
    tests_add(tests, values_are_counted_and_grouped);
    tests_add(tests, numbers_are_ordered_by_how_far_away_they_are);
    tests_add(tests, what_identifies_is_counted_without_its_text);
    tests_add(tests, many_values_are_bounded);
    tests_add(tests, another_condition_is_not_added);
    return tests_run(tests);
}
