/* Conditions over what is not known: Kleene's three values, and the law that a verdict which was decided stays
 * what it is whatever the unknown turns out to be. */
#include "common/base/cleanup.h"
#include "common/condition/condition.h"
#include "common/condition/explain.h"
#include "common/dicom/dictionary.h"
#include "tests/support/facts.h"
#include "tests/support/suite.h"

#include <string.h>

enum { NO = CONDITION_FALSE, YES = CONDITION_TRUE, OPEN = CONDITION_UNDECIDED };

static struct condition *compile(const char *expression)
{
    struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0,
                  "%s: %s", expression, error.message);
    return condition;
}

/* PatientID is unknown, Modality is CT, StudyDescription is absent. */
#define HALF "Modality=CT;PatientID?"
/* Of a path, the first item was read. */
#define ITEM "0040,0275/0040,0007=A;0040,0275/0040,0007?"

static const struct row {
    const char *expression, *attributes;
    int verdict;
} rows[] = {
    {"tagIsPresent(#Tag.PatientID)", HALF, OPEN},
    {"!tagIsPresent(#Tag.PatientID)", HALF, OPEN},
    {"tagIsPresent(#Tag.StudyDescription)", HALF, NO},
    {"tagValueIsPresent(#Tag.PatientID, \"1\")", HALF, OPEN},
    {"!tagValueIsPresent(#Tag.PatientID, \"1\")", HALF, OPEN},
    {"tagValueContains(#Tag.PatientID, \"\")", HALF, OPEN},
    {"tagValueIsOneOf(#Tag.PatientID, \"1\", \"2\")", HALF, OPEN},
    {"tagText(#Tag.PatientID) == \"\"", HALF, OPEN},
    {"tagText(#Tag.PatientID) != \"1\"", HALF, OPEN},
    {"tagText(#Tag.PatientID) matches \"^$\"", HALF, OPEN},
    {"!(tagText(#Tag.PatientID) matches \"1\")", HALF, OPEN},
    {"tagNumber(#Tag.PatientID) != 1", HALF, OPEN},
    {"tagNumber(#Tag.PatientID) < tagNumber(#Tag.StudyDescription)", HALF, NO},
    {"tagValueContains(#Tag.Modality, tagText(#Tag.PatientID))", HALF, OPEN},
    {"tagValueContains(#Tag.StudyDescription, tagText(#Tag.PatientID))", HALF, NO},
    {"tagText(#Tag.PatientID) == tagText(#Tag.PatientID)", HALF, OPEN},
    /* joined */
    {"tagIsPresent(#Tag.PatientID) && false", HALF, NO},
    {"false && tagIsPresent(#Tag.PatientID)", HALF, NO},
    {"tagIsPresent(#Tag.PatientID) && true", HALF, OPEN},
    {"true && tagIsPresent(#Tag.PatientID) && true", HALF, OPEN},
    {"tagIsPresent(#Tag.PatientID) || true", HALF, YES},
    {"true || tagIsPresent(#Tag.PatientID)", HALF, YES},
    {"tagIsPresent(#Tag.PatientID) || false", HALF, OPEN},
    {"false || tagIsPresent(#Tag.PatientID) || tagValueIsPresent(#Tag.Modality, \"CT\")", HALF, YES},
    {"tagIsPresent(#Tag.PatientID) && true && tagValueIsPresent(#Tag.Modality, \"MR\")", HALF, NO},
    {"tagIsPresent(#Tag.PatientID) == true", HALF, OPEN},
    {"tagIsPresent(#Tag.PatientID) != tagIsPresent(#Tag.PatientID)", HALF, OPEN},
    {"!(tagIsPresent(#Tag.PatientID) && tagIsPresent(#Tag.Modality))", HALF, OPEN},
    {"!(tagIsPresent(#Tag.PatientID) || tagIsPresent(#Tag.Modality))", HALF, NO},
    {"(tagIsPresent(#Tag.PatientID) || (true && tagIsPresent(#Tag.Modality))) == true", HALF, YES},
    /* several values */
    {"tagIsPresent(\"0040,0275/0040,0007\")", ITEM, YES},
    {"tagValueIsPresent(\"0040,0275/0040,0007\", \"A\")", ITEM, YES},
    {"tagValueIsPresent(\"0040,0275/0040,0007\", \"B\")", ITEM, OPEN},
    {"!tagValueIsPresent(\"0040,0275/0040,0007\", \"B\")", ITEM, OPEN},
    {"tagText(\"0040,0275/0040,0007\") == \"A\"", ITEM, YES},
    {"tagText(\"0040,0275/0040,0007\") != \"A\"", ITEM, NO},
    {"tagText(\"0040,0275/0040,0007\") != \"B\"", ITEM, OPEN},
    {"tagText(\"0040,0275/0040,0007\") matches \"A\"", ITEM, YES},
    {"tagText(\"0040,0275/0040,0007\") matches \"B\"", ITEM, OPEN},
    {"tagNumber(\"0040,0275/0040,0007\") > 1", ITEM, OPEN},
    {"tagNumber(\"0040,0275/0040,0007\") > 1", "0040,0275/0040,0007=2;0040,0275/0040,0007?", YES},
    {"tagNumber(\"0040,0275/0040,0007\") != 1", "0040,0275/0040,0007=2;0040,0275/0040,0007?", OPEN},
    {"tagNumber(\"0040,0275/0040,0007\") != 2", "0040,0275/0040,0007=2;0040,0275/0040,0007?", NO},
    /* a search that is given up */
    {"tagText(#Tag.StudyDescription) matches \"(a+)+$\"",
     "StudyDescription=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", OPEN},
};

START_TEST(unknown_is_neither_true_nor_false)
{
    const struct row *row = &rows[_i];
    AUTO(condition_destroy) struct condition *condition = compile(row->expression);
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    AUTO(explain_destroy)
    struct explanation *explanation =
        explain_create(condition, dictionary_for_conditions(), facts_of(facts), false);
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    ck_assert_msg((int)condition_judge(condition, facts_of(facts)) == row->verdict, "%s with %s",
                  row->expression, row->attributes);
    ck_assert(condition_holds(condition, facts_of(facts)) == (row->verdict == YES));
    ck_assert_msg((int)explanation->verdict == row->verdict, "%s is explained otherwise", row->expression);
    condition_tell_doubt(condition, dictionary_for_conditions(), facts_of(facts), &doubt);
    ck_assert_uint_gt(doubt.length, 0);
}
END_TEST

static const struct told_row {
    const char *expression, *told;
} told_rows[] = {
    {"tagIsPresent(#Tag.Modality) && !tagIsPresent(#Tag.PatientID)",
     "#Tag.PatientID is not known: reading ended there"},
    {"tagNumber(#Tag.PatientID, IS) > 1", "#Tag.PatientID as IS is not known: reading ended there"},
    {"callingAET == tagText(#Tag.PatientID)", "#Tag.PatientID is not known: reading ended there"},
};

START_TEST(doubt_is_told)
{
    const struct told_row *row = &told_rows[_i];
    AUTO(condition_destroy) struct condition *condition = compile(row->expression);
    AUTO(facts_destroy) struct facts *facts = facts_create(HALF, dictionary_for_conditions());
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    condition_tell_doubt(condition, dictionary_for_conditions(), facts_of(facts), &doubt);
    ck_assert_pstr_eq(doubt.bytes, row->told);
}
END_TEST

/* ---- what is decided stays so ---- */

enum { SEEDS = 20, EXPRESSIONS = 200 };

static uint64_t state;

static unsigned below(unsigned bound)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (unsigned)(state >> 33) % bound;
}

#define ONE_OF(list) list[below(ROWS(list))]

static const char *const tags[] = {"#Tag.Modality", "#Tag.StudyDescription", "#Tag.SeriesNumber",
                                   "\"0040,0275/0040,0007\""};
static const char *const values[] = {"\"A\"", "\"AB\"", "\"1\"", "\"\""};
static const char *const functions[] = {"tagValueIsPresent", "tagValueContains", "tagValueBeginsWith",
                                        "tagValueIsOneOf"};
static const char *const signs[] = {"==", "!=", "<", ">="};

static void make(unsigned depth, struct text *out)
{
    unsigned kind = below(depth > 0 ? 8 : 5);
    if (kind == 0)
        text_format(out, "tagIsPresent(%s)", ONE_OF(tags));
    else if (kind == 1)
        text_format(out, "%s(%s, %s)", ONE_OF(functions), ONE_OF(tags), ONE_OF(values));
    else if (kind == 2)
        text_format(out, "tagText(%s) %s %s", ONE_OF(tags), ONE_OF(signs), ONE_OF(values));
    else if (kind == 3)
        text_format(out, "tagNumber(%s) %s 1", ONE_OF(tags), ONE_OF(signs));
    else if (kind == 4)
        text_format(out, "tagText(%s) matches \"A|^$\"", ONE_OF(tags));
    if (kind <= 4)
        return;
    text_append(out, kind == 5 ? "!(" : "(");
    make(depth - 1, out);
    text_append(out, kind == 5 ? "" : below(3) == 0 ? ") == (" : below(2) ? ") && (" : ") || (");
    if (kind != 5)
        make(depth - 1, out);
    text_append(out, ")");
}

/* The whole instance, and what is known of it where reading ended. */
static void make_instance(struct text *whole, struct text *half)
{
    static const char *const names[] = {"Modality", "StudyDescription", "SeriesNumber", "0040,0275/0040,0007",
                                        "0040,0275/0040,0007"};
    static const char *const contents[] = {"A", "AB", "1", "2", ""};
    for (size_t i = 0; i < ROWS(names); i++) {
        const char *content = ONE_OF(contents);
        bool absent = below(4) == 0, known = below(2) == 0;
        if (!absent)
            text_format(whole, "%s=%s;", names[i], content);
        if (!absent && known)
            text_format(half, "%s=%s;", names[i], content);
        if (!known)
            text_format(half, "%s?;", names[i]);
    }
}

START_TEST(what_is_decided_stays)
{
    size_t decided = 0;
    state = 0x9E3779B97F4A7C15u * (uint64_t)(_i + 1);
    for (int i = 0; i < EXPRESSIONS; i++) {
        AUTO(text_release) struct text expression = TEXT_EMPTY, whole = TEXT_EMPTY, half = TEXT_EMPTY;
        make(4, &expression);
        make_instance(&whole, &half);
        AUTO(condition_destroy) struct condition *condition = compile(text_string(&expression));
        AUTO(facts_destroy)
        struct facts *all = facts_create(text_string(&whole), dictionary_for_conditions());
        AUTO(facts_destroy)
        struct facts *known = facts_create(text_string(&half), dictionary_for_conditions());
        enum condition_verdict verdict = condition_judge(condition, facts_of(known));
        enum condition_verdict truth = condition_judge(condition, facts_of(all));
        ck_assert_int_ne(truth, CONDITION_UNDECIDED);
        ck_assert_msg(verdict == truth || verdict == CONDITION_UNDECIDED, "seed %d: %s\nknown: %s\nwhole: %s",
                      _i, expression.bytes, text_string(&half), text_string(&whole));
        decided += verdict != CONDITION_UNDECIDED;
    }
    ck_assert_uint_gt(decided, EXPRESSIONS / 10);
    ck_assert_uint_lt(decided, EXPRESSIONS);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("condition_undecided");
    tests_rows(tests, unknown_is_neither_true_nor_false, ROWS(rows));
    tests_rows(tests, doubt_is_told, ROWS(told_rows));
    tests_rows(tests, what_is_decided_stays, SEEDS);
    return tests_run(tests);
}
