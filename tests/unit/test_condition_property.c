/* Laws that hold for every expression: they are made at random, from a seed that a failure names. */
#include "common/base/cleanup.h"
#include "common/condition/condition.h"
#include "common/condition/explain.h"
#include "common/dicom/dictionary.h"
#include "tests/support/facts.h"
#include "tests/support/suite.h"

#include <string.h>

enum { SEEDS = 20, EXPRESSIONS = 20 };

struct random {
    uint64_t state;
};

static unsigned below(struct random *random, unsigned bound)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (unsigned)(random->state >> 33) % bound;
}

static const char *one_of(struct random *random, const char *const *list)
{
    unsigned count = 0;
    while (list[count])
        count++;
    return list[below(random, count)];
}

static const char *const tags[] = {"#Tag.Modality", "#Tag.StudyDescription",   "\"0018,0015\"",
                                   "0x00200011",    "\"0040,0275/0040,0007\"", NULL};
static const char *const values[] = {"\"CT\"", "'MR'", "\"\"", "\"A\"", "\"AB\"", "\"B\"", "\"1\"", NULL};
static const char *const numbers[] = {"0", "1", "-1", "2.5", "0x2", "1e1", NULL};
static const char *const functions[] = {"tagValueIsPresent", "tagValueContains", "tagValueBeginsWith",
                                        "tagValueEndsWith",  "tagValueIsOneOf",  NULL};
static const char *const comparisons[] = {"==", "!=", "<",  "<=", ">",  ">=", "eq",
                                          "NE", "lt", "LE", "gt", "ge", NULL};
static const char *const patterns[] = {"\"^A\"", "\"B$\"", "\"[A-C]\"", "\"^$\"", "\"(?i)ct\"", NULL};
static const char *const attributes[] = {
    "Modality=CT",
    "Modality=MR;StudyDescription=AB;SeriesNumber=1",
    "StudyDescription=;0018,0015=B;SeriesNumber=2.5",
    "0040,0275/0040,0007=A;0040,0275/0040,0007=B;Modality=A",
    "0018,0015=AB;SeriesNumber=x;StudyDescription=A\\\\B",
    "callingAET=CT",
    NULL,
};

static void make_test(struct random *random, struct text *out)
{
    switch (below(random, 7)) {
    case 0:
        text_format(out, "tagIsPresent(%s)", one_of(random, tags));
        break;
    case 1:
        text_append(out, one_of(random, (const char *const[]){"true", "false", "TRUE", "False", NULL}));
        break;
    case 2:
        text_format(out, "tagText(%s) %s %s", one_of(random, tags), one_of(random, comparisons),
                    one_of(random, values));
        break;
    case 3:
        text_format(out, "%s %s tagNumber(%s)", one_of(random, numbers), one_of(random, comparisons),
                    one_of(random, tags));
        break;
    case 4:
        text_format(out, "tagText(%s) matches %s", one_of(random, tags), one_of(random, patterns));
        break;
    case 5:
        text_format(out, "callingAET %s %s", one_of(random, comparisons), one_of(random, values));
        break;
    default:
        text_format(out, "%s(%s, %s)", one_of(random, functions), one_of(random, tags),
                    one_of(random, values));
    }
}

static void make(struct random *random, unsigned depth, struct text *out)
{
    unsigned kind = depth == 0 ? 0 : below(random, 8);
    if (kind < 2) {
        make_test(random, out);
    } else if (kind == 2) {
        text_append(out, below(random, 2) ? "!(" : "not (");
        make(random, depth - 1, out);
        text_append(out, ")");
    } else if (kind == 3) {
        text_append(out, "(");
        make(random, depth - 1, out);
        text_append(out, below(random, 2) ? ") == (" : ") != (");
        make(random, depth - 1, out);
        text_append(out, ")");
    } else {
        const char *const joints[] = {" && ", " || ", " and ", " or ", NULL};
        bool parentheses = below(random, 2);
        text_append(out, parentheses ? "(" : "");
        make(random, depth - 1, out);
        text_append(out, one_of(random, joints));
        make(random, depth - 1, out);
        text_append(out, parentheses ? ")" : "");
    }
}

/* The verdict, which the tree walked from its leaves up must confirm. */
static enum condition_verdict verdict(const char *expression, const struct facts *facts)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0,
                  "%s: %s", expression, error.message);
    enum condition_verdict holds = condition_judge(condition, facts_of(facts));
    AUTO(explain_destroy)
    struct explanation *explanation =
        explain_create(condition, dictionary_for_conditions(), facts_of(facts), true);
    ck_assert_msg(explanation->verdict == holds, "explained otherwise: %s", expression);
    ck_assert_msg(explanation->lines[0].verdict == holds, "first line otherwise: %s", expression);
    return holds;
}

static const struct law {
    const char *name, *left, *right; /* 1 and 2 stand for two expressions */
} laws[] = {
    {"double negation", "!(!(1))", "1"},
    {"negation of negation as words", "not not (1)", "(1)"},
    {"parentheses", "((1))", "1"},
    {"or commutes", "(1) || (2)", "(2) || (1)"},
    {"and commutes", "(1) && (2)", "(2) && (1)"},
    {"De Morgan, and", "!((1) && (2))", "!(1) || !(2)"},
    {"De Morgan, or", "!((1) || (2))", "!(1) && !(2)"},
    {"absorption", "(1) && ((1) || (2))", "1"},
    {"absorption, or", "(1) || ((1) && (2))", "1"},
    {"idempotence", "(1) || (1) || (1)", "1"},
    {"excluded middle", "(1) || !(1)", "true"},
    {"contradiction", "(1) && !(1)", "false"},
    {"same is not different", "(1) == (2)", "!((1) != (2))"},
    {"difference is exclusive or", "(1) != (2)", "((1) && !(2)) || (!(1) && (2))"},
    {"words and signs", "(1) and (2) or not (1)", "(1) && (2) || !(1)"},
    {"and binds tighter", "(1) || (2) && (1)", "(1) || ((2) && (1))"},
    {"true is neutral", "(1) && true", "1"},
    {"false is neutral", "false || (1)", "1"},
    {"distribution", "(1) && ((2) || !(1))", "((1) && (2)) || ((1) && !(1))"},
};

static void substitute(const char *form, const char *one, const char *two, struct text *out)
{
    for (; *form; form++) {
        if (*form == '1')
            text_append(out, one);
        else if (*form == '2')
            text_append(out, two);
        else
            text_append_char(out, *form);
    }
}

START_TEST(laws_hold)
{
    struct random random = {0x9E3779B97F4A7C15u * (uint64_t)(_i + 1)};
    for (int i = 0; i < EXPRESSIONS; i++) {
        AUTO(text_release) struct text one = TEXT_EMPTY;
        AUTO(text_release) struct text two = TEXT_EMPTY;
        AUTO(facts_destroy)
        struct facts *facts = facts_create(one_of(&random, attributes), dictionary_for_conditions());
        make(&random, 4, &one);
        make(&random, 3, &two);
        for (size_t k = 0; k < ROWS(laws); k++) {
            AUTO(text_release) struct text left = TEXT_EMPTY;
            AUTO(text_release) struct text right = TEXT_EMPTY;
            substitute(laws[k].left, one.bytes, two.bytes, &left);
            substitute(laws[k].right, one.bytes, two.bytes, &right);
            ck_assert_msg(verdict(left.bytes, facts) == verdict(right.bytes, facts), "%s, seed %d:\n%s\n%s",
                          laws[k].name, _i, left.bytes, right.bytes);
        }
    }
}
END_TEST

/* Any prefix of an expression, and any byte of it changed, is either compiled or refused with
 * a place inside. */
START_TEST(spoiled_expressions_are_refused_in_place)
{
    struct random random = {0xD1B54A32D192ED03u * (uint64_t)(_i + 1)};
    AUTO(text_release) struct text good = TEXT_EMPTY;
    make(&random, 4, &good);
    for (size_t i = 0; i < 2 * good.length; i++) {
        AUTO(condition_destroy) struct condition *condition = NULL;
        AUTO(condition_error_release) struct condition_error error = {.message = NULL};
        AUTO(text_release) struct text bad = TEXT_EMPTY;
        AUTO(text_release) struct text printed = TEXT_EMPTY;
        text_append_bytes(&bad, good.bytes, i < good.length ? i : good.length);
        if (i >= good.length)
            bad.bytes[i - good.length] = (char)(1 + below(&random, 255));
        if (condition_compile(text_string(&bad), dictionary_for_conditions(), &condition, &error) == 0)
            continue;
        ck_assert_ptr_null(condition);
        ck_assert_msg(error.message && *error.message, "no message for %s", bad.bytes);
        ck_assert_msg(error.offset <= bad.length && error.length >= 1, "place %zu of %s", error.offset,
                      bad.bytes);
        condition_error_print(text_string(&bad), &error, &printed);
        ck_assert_uint_gt(printed.length, 0);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("condition_property");
    tests_timeout(tests, 60);
    tests_rows(tests, laws_hold, SEEDS);
    tests_rows(tests, spoiled_expressions_are_refused_in_place, SEEDS);
    return tests_run(tests);
}
