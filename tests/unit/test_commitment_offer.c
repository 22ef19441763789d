/* A report on storage commitment as it is offered to an association, as its answer comes back, and as its data set goes out. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/commitment.h"
#include "common/wire/commitment_offer.h"
#include "receiver/event_report.h"
#include "tests/support/suite.h"

#include <string.h>

#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"

static struct work_reported list[] = {
    {"1.2.3", "1.2.3.4", 0}, {"1.2 x", "1.2.3.5", 0x0112}, {"1.2.3", "1.2.3.66", 0}};

static struct work_report make(void)
{
    return (struct work_report){.transaction = (char *)"9.8", .list = list, .count = ROWS(list)};
}

START_TEST(what_is_offered_is_read)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(work_report_destroy) struct work_report *read = NULL;
    const struct work_report report = make();
    commitment_offer_encode(&report, &bytes);
    ck_assert_int_eq(commitment_offer_decode(bytes.bytes, bytes.length, &read), 0);
    ck_assert_str_eq(read->transaction, "9.8");
    ck_assert_uint_eq(read->count, ROWS(list));
    ck_assert_str_eq(read->list[1].sop_class, "1.2 x");
    ck_assert_str_eq(read->list[1].sop_instance, "1.2.3.5");
    ck_assert_int_eq(read->list[1].reason, 0x0112);
    for (size_t length = 0; length < bytes.length; length++) {
        struct work_report *cut = NULL;
        ck_assert_int_eq(commitment_offer_decode(bytes.bytes, length, &cut), ERR_SYNTAX);
    }
}
END_TEST

#define BEGIN "felucca report\t1\ntransaction\t1.2\n"

static const char *const wrong_offers[] = {
    "felucca report\t2\ntransaction\t1.2\ninstance\t0\t1\t2\nend\t1\n",
    "felucca report\t1\ntransaction\t\ninstance\t0\t1\t2\nend\t1\n",
    BEGIN "end\t0\n",
    BEGIN "instance\t0\t1\t2\nend\t2\n",
    BEGIN "instance\t0\t1\t2\nend\t1\nmore\n",
    BEGIN "instance\t-1\t1\t2\nend\t1\n",
    BEGIN "instance\t65536\t1\t2\nend\t1\n",
    BEGIN "instance\t0\t1\nend\t1\n",
    BEGIN "instance\t0\t1\t\nend\t1\n",
    BEGIN "instance\t0\t1\033\t2\nend\t1\n",
};

START_TEST(what_is_none_of_ours_is_refused)
{
    struct work_report *read = NULL;
    const char *wrong = wrong_offers[_i];
    ck_assert_msg(commitment_offer_decode(wrong, strlen(wrong), &read) == ERR_SYNTAX, "%s", wrong);
}
END_TEST

START_TEST(an_answer_is_read)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    unsigned status = 0;
    commitment_outcome_encode(0xb123, &bytes);
    ck_assert_int_eq(commitment_outcome_decode(bytes.bytes, bytes.length, &status), 0);
    ck_assert_uint_eq(status, 0xb123);
    for (size_t length = 0; length < bytes.length; length++)
        ck_assert_int_eq(commitment_outcome_decode(bytes.bytes, length, &status), ERR_SYNTAX);
}
END_TEST

/* What was denied is in another list. */
START_TEST(a_data_set_is_what_our_reader_reads)
{
    static const char *const syntaxes[] = {IMPLICIT, EXPLICIT};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(commitment_release) struct commitment read;
    const struct work_report report = make();
    event_report_write(&report, syntaxes[_i], &bytes);
    ck_assert_ptr_null(commitment_read(bytes.bytes, bytes.length, syntaxes[_i], &read));
    ck_assert_str_eq(read.transaction, "9.8");
    ck_assert_uint_eq(read.count, 2);
    ck_assert_str_eq(read.references[1].sop_instance, "1.2.3.66");
    ck_assert_ptr_nonnull(memmem(bytes.bytes, bytes.length, "1.2.3.5", 7));
    ck_assert_ptr_nonnull(
        memmem(bytes.bytes, bytes.length, _i == 0 ? "\x02\x00\x00\x00\x12\x01" : "US\x02\x00\x12\x01", 6));
    ck_assert_uint_eq(event_report_type(&report), 2);
    ck_assert_uint_eq(bytes.length % 2, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment_offer");
    tests_add(tests, what_is_offered_is_read);
    tests_rows(tests, what_is_none_of_ours_is_refused, ROWS(wrong_offers));
    tests_add(tests, an_answer_is_read);
    tests_rows(tests, a_data_set_is_what_our_reader_reads, 2);
    return tests_run(tests);
}
