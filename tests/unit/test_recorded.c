/* Which conditions can be decided when only the row of an instance is left. */
#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "router/recorded.h"
#include "tests/support/suite.h"

enum { NO = CONDITION_FALSE, YES = CONDITION_TRUE, UNKNOWN = CONDITION_UNDECIDED };

static const struct row {
    const char *condition;
    int verdict;
} rows[] = {
    {"callingAET == \"CT01\"", YES},
    {"calledAET == \"OTHER\"", NO},
    {"sourceAddress matches \"^10\\.\"", YES},
    {"transferSyntax == \"1.2.840.10008.1.2.1\"", YES},
    {"tagValueIsPresent(#Tag.SOPClassUID, \"1.2.840.10008.5.1.4.1.1.2\")", YES},
    {"tagValueBeginsWith(#Tag.StudyInstanceUID, \"2.25.\")", YES},
    {"tagValueEndsWith(#Tag.SeriesInstanceUID, \".9\")", NO},
    {"tagIsPresent(#Tag.SOPInstanceUID)", YES},
    {"tagValueIsPresent(\"0002,0010\", \"1.2.840.10008.1.2\")", NO},
    {"tagValueIsPresent(#Tag.Modality, \"CT\")", UNKNOWN},
    {"tagIsPresent(#Tag.Modality)", UNKNOWN},
    {"!tagIsPresent(#Tag.Modality)", UNKNOWN},
    {"tagNumber(#Tag.SeriesNumber) > 3", UNKNOWN},
    {"tagText(#Tag.Modality) == \"\"", UNKNOWN},
    {"tagIsPresent(\"0040,0275/0040,0007\")", UNKNOWN},
    /* what is asked second decides nothing where the first is enough */
    {"callingAET == \"MR01\" && tagValueIsPresent(#Tag.Modality, \"CT\")", NO},
    {"callingAET == \"CT01\" || tagValueIsPresent(#Tag.Modality, \"CT\")", YES},
    {"callingAET == \"CT01\" && tagValueIsPresent(#Tag.Modality, \"CT\")", UNKNOWN},
    {"tagValueIsPresent(#Tag.Modality, \"CT\") && callingAET == \"MR01\"", NO},
    {"tagValueIsPresent(#Tag.Modality, \"CT\") || callingAET == \"CT01\"", YES},
};

START_TEST(a_condition_is_decided_or_not)
{
    const struct row *row = &rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    struct condition_error error;
    struct recorded recorded = {.study = "2.25.1",
                                .series = "2.25.1.2",
                                .sop_instance = "2.25.1.2.3",
                                .sop_class = "1.2.840.10008.5.1.4.1.1.2",
                                .transfer_syntax = "1.2.840.10008.1.2.1",
                                .calling_aet = "CT01",
                                .called_aet = "FELUCCA",
                                .source_address = "10.1.2.3"};
    const struct condition_facts facts = recorded_facts(&recorded);
    ck_assert_int_eq(condition_compile(row->condition, dictionary_for_conditions(), &condition, &error), 0);
    ck_assert_msg((int)condition_judge(condition, &facts) == row->verdict, "%s", row->condition);
}
END_TEST

/* Rows of lost databases and old ones know less. */
START_TEST(what_is_not_recorded_is_not_empty)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    struct condition_error error;
    struct recorded recorded = {.calling_aet = ""};
    const struct condition_facts facts = recorded_facts(&recorded);
    ck_assert_int_eq(condition_compile("callingAET == \"\"", dictionary_for_conditions(), &condition, &error),
                     0);
    ck_assert_int_eq(condition_judge(condition, &facts), CONDITION_UNDECIDED);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("recorded");
    tests_rows(tests, a_condition_is_decided_or_not, ROWS(rows));
    tests_add(tests, what_is_not_recorded_is_not_empty);
    return tests_run(tests);
}
