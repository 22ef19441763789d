/* The tables of answers as tables: what each status means is in test_stow_outcome.c and its like. */
#include "common/base/cleanup.h"
#include "common/kheops/answer_rule.h"
#include "tests/support/suite.h"

#include <limits.h>
#include <string.h>

static const unsigned bodies[] = {ANSWER_OTHER, ANSWER_LIST,    ANSWER_EMPTY,
                                  ANSWER_CUT,   ANSWER_ENDLESS, ANSWER_NO_ALBUM};
static const unsigned conditions[] = {0, ANSWER_OF_KHEOPS, ANSWER_MEANS_STORED,
                                      ANSWER_OF_KHEOPS | ANSWER_MEANS_STORED,
                                      ANSWER_MEANS_STORED | ANSWER_EARLY};

static const char *const question_names[] = {
#define X(name, meaning) #name,
    ANSWER_QUESTION_MAP(X)
#undef X
};

/* Marks the row that each body and condition finds. */
static void mark_rows(enum answer_question question, long code, bool *found)
{
    size_t count;
    const struct answer_rule *rules = answer_rules(question, &count);
    for (size_t i = 0; i < ROWS(bodies); i++) {
        for (size_t j = 0; j < ROWS(conditions); j++) {
            const struct answer_rule *rule = answer_rule(question, code, bodies[i] | conditions[j]);
            /* A ck_assert() that holds is a system call, and these are a million. */
            if (rule < rules || rule >= rules + count)
                ck_abort_msg("%s, %ld", question_names[question], code);
            found[rule - rules] = true;
        }
    }
}

START_TEST(every_code_has_a_row_and_every_row_a_code)
{
    enum answer_question question = (enum answer_question)_i;
    size_t count;
    const struct answer_rule *rules = answer_rules(question, &count);
    bool found[64] = {false};
    ck_assert_uint_le(count, ROWS(found));
    for (long code = -1; code <= 0x10000; code++)
        mark_rows(question, code, found);
    mark_rows(question, LONG_MIN, found);
    mark_rows(question, LONG_MAX, found);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(found[i], "%s: row %zu, from %ld, is never used", question_names[question], i,
                      rules[i].low);
}
END_TEST

START_TEST(a_row_tells_what_to_do)
{
    size_t count;
    const struct answer_rule *rules = answer_rules((enum answer_question)_i, &count);
    for (size_t i = 0; i < count; i++) {
        enum answer_verdict verdict = rules[i].verdict;
        bool silent = verdict == ANSWER_DONE || verdict == ANSWER_LISTED || verdict == ANSWER_LOST;
        ck_assert_msg(silent || (rules[i].sentence && *rules[i].sentence), "%s: %ld has no sentence",
                      question_names[_i], rules[i].low);
        ck_assert_msg((verdict != ANSWER_LISTED && verdict != ANSWER_LOST) || !rules[i].sentence, "%s: %ld",
                      question_names[_i], rules[i].low);
    }
}
END_TEST

/* A server that is down, slow or full, and one that refuses a token. */
static const long innocent[] = {0, 401, 403, 408, 429, 500, 502, 503, 504, 507, 599};
static const enum answer_question requests[] = {ANSWER_STOW, ANSWER_SHARE, ANSWER_FETCH, ANSWER_METADATA};

START_TEST(no_job_is_rejected_for_what_a_server_has)
{
    for (size_t i = 0; i < ROWS(innocent); i++) {
        for (size_t j = 0; j < ROWS(bodies); j++) {
            const struct answer_rule *rule = answer_rule(requests[_i], innocent[i], bodies[j]);
            const struct answer_meaning *meaning = answer_meaning(rule->verdict);
            ck_assert_msg(meaning->outcome == WORK_RETRY_OUTCOME && meaning->blame != BLAME_INSTANCE,
                          "%s: %ld", question_names[requests[_i]], innocent[i]);
        }
    }
}
END_TEST

static const struct conflict_row {
    const char *label;
    unsigned facts;
    enum answer_verdict verdict;
} conflict_rows[] = {
    {"with a list", ANSWER_LIST, ANSWER_LISTED},
    {"with a list, whatever the configuration says", ANSWER_LIST | ANSWER_MEANS_STORED, ANSWER_LISTED},
    {"empty", ANSWER_EMPTY, ANSWER_BROKEN},
    {"empty, of KHEOPS", ANSWER_EMPTY | ANSWER_OF_KHEOPS, ANSWER_BROKEN},
    {"something else", ANSWER_OTHER, ANSWER_BROKEN},
    {"too long", ANSWER_ENDLESS, ANSWER_BROKEN},
    {"empty, and that means stored", ANSWER_EMPTY | ANSWER_MEANS_STORED, ANSWER_DUPLICATE},
    {"cut off", ANSWER_CUT, ANSWER_LOST},
    {"cut off does not mean stored", ANSWER_CUT | ANSWER_MEANS_STORED, ANSWER_LOST},
};

START_TEST(a_409_is_handled_by_its_rows)
{
    const struct conflict_row *row = &conflict_rows[_i];
    const struct answer_rule *rule = answer_rule(ANSWER_STOW, 409, row->facts);
    ck_assert_msg(rule->verdict == row->verdict && rule->low == 409 && rule->high == 409, "%s", row->label);
}
END_TEST

static const struct body_row {
    enum answer_question question;
    long code;
    bool needed;
} body_rows[] = {
    {ANSWER_STOW, 200, true},   {ANSWER_STOW, 202, true},   {ANSWER_STOW, 409, true},
    {ANSWER_STOW, 201, true},   {ANSWER_STOW, 400, true},   {ANSWER_STOW, 424, false},
    {ANSWER_STOW, 401, false},  {ANSWER_STOW, 503, false},  {ANSWER_STOW, 0, false},
    {ANSWER_SHARE, 404, true},  {ANSWER_SHARE, 201, false}, {ANSWER_SHARE, 403, false},
    {ANSWER_FETCH, 200, false}, {ANSWER_FETCH, 404, false},
};

START_TEST(a_body_is_read_where_a_row_needs_it)
{
    const struct body_row *row = &body_rows[_i];
    ck_assert_msg(answer_needs_body(row->question, row->code) == row->needed, "%s: %ld",
                  question_names[row->question], row->code);
}
END_TEST

static const struct sentence_row {
    enum answer_question question;
    long code;
    unsigned facts;
    const char *says;
} sentence_rows[] = {
    {ANSWER_STOW, 401, ANSWER_OTHER, "the server answers 401: it refuses the token"},
    {ANSWER_STOW, 200, ANSWER_EMPTY, "stored: 200 without a list"},
    {ANSWER_STOW, 201, ANSWER_EMPTY, "stored: 201 without a list"},
    {ANSWER_STOW, 204, ANSWER_EMPTY, "stored: 204 without a list"},
    {ANSWER_STOW, 200, ANSWER_LIST, ""},
    {ANSWER_STOW_INSTANCE, 0x0122, ANSWER_OTHER, "0x0122: the server does not take this SOP class"},
    {ANSWER_STOW_INSTANCE, 0, ANSWER_OTHER, "the server refuses it and gives no reason"},
    {ANSWER_SHARE, 201, ANSWER_OTHER, ""},
    {ANSWER_FETCH, 500, ANSWER_OTHER,
     "asked to look at its study again, the server answers 500: trouble inside of KHEOPS"},
};

START_TEST(a_row_says_what_was_asked_and_answered)
{
    const struct sentence_row *row = &sentence_rows[_i];
    AUTO(text_release) struct text says = TEXT_EMPTY;
    answer_rule_append(answer_rule(row->question, row->code, row->facts), row->question, row->code, &says);
    ck_assert_str_eq(text_string(&says), row->says);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("answer_rule");
    tests_rows(tests, every_code_has_a_row_and_every_row_a_code, ANSWER_QUESTIONS);
    tests_rows(tests, a_row_tells_what_to_do, ANSWER_QUESTIONS);
    tests_rows(tests, no_job_is_rejected_for_what_a_server_has, ROWS(requests));
    tests_rows(tests, a_409_is_handled_by_its_rows, ROWS(conflict_rows));
    tests_rows(tests, a_body_is_read_where_a_row_needs_it, ROWS(body_rows));
    tests_rows(tests, a_row_says_what_was_asked_and_answered, ROWS(sentence_rows));
    return tests_run(tests);
}
