#include "common/notify/message.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    const char *cause;
    enum work_notice_state state;
    const char *destination, *album;
    int count, more;
    const char *sentence, *command;
} rows[] = {
    {"failed", WORK_NOTICE_BEGINS, "main", NULL, 1, 1, "one job failed at main",
     "felucca jobs --state failed --destination main"},
    {"failed", WORK_NOTICE_MORE, "main", "ct", 5, 3, "3 more of the same: 5 jobs failed at main/ct",
     "felucca jobs --state failed --destination main --album ct"},
    {"failed", WORK_NOTICE_OVER, "main", NULL, 0, 0, "no job is failed at main any more",
     "felucca jobs --state failed --destination main"},
    {"backlog", WORK_NOTICE_BEGINS, "it's", NULL, 1, 1, "jobs wait too long at it's",
     "felucca jobs --state queued --destination 'it'\\''s'"},
    {"blocked", WORK_NOTICE_BEGINS, "main", NULL, 1, 1, "main is blocked, nothing goes there",
     "felucca status"},
    {"quarantine", WORK_NOTICE_BEGINS, NULL, NULL, 2, 2, "2 files are in quarantine", "felucca quarantine"},
    {"router", WORK_NOTICE_OVER, NULL, NULL, 0, 0, "the router answers again", "felucca status"},
    {"of tomorrow", WORK_NOTICE_BEGINS, NULL, NULL, 1, 1, "something needs a person at this machine",
     "felucca status"},
};

static struct work_notice notice_of(const struct row *row)
{
    return (struct work_notice){
        (char *)"7-x",         (char *)row->cause, row->state, (char *)row->destination,
        (char *)row->album,    row->count,         row->more,  INT64_C(1764370000000),
        INT64_C(1764370001000)};
}

START_TEST(a_notice_is_put_into_words)
{
    const struct row *row = &rows[_i];
    const struct work_notice notice = notice_of(row);
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text command = TEXT_EMPTY;
    message_sentence(&notice, &sentence);
    message_command(&notice, &command);
    ck_assert_str_eq(text_string(&sentence), row->sentence);
    ck_assert_str_eq(text_string(&command), row->command);
}
END_TEST

static void ck_has(const struct text *text, const char *part)
{
    ck_assert_msg(strstr(text_string(text), part) != NULL, "%s is not in:\n%s", part, text_string(text));
}

START_TEST(a_mail_has_its_header)
{
    const struct config_mail mail = {.to = (char *)"a@example.org, b@example.org",
                                     .from = (char *)"f@example.org"};
    const struct work_notice notice = notice_of(&rows[0]);
    AUTO(text_release) struct text text = TEXT_EMPTY;
    message_mail(&notice, &mail, "cell-2", &text);
    ck_has(&text, "From: Felucca <f@example.org>\r\nTo: a@example.org, b@example.org\r\n");
    ck_has(&text, "\r\nDate: Fri, 28 Nov 2025 22:46:41 +0000\r\n");
    ck_has(&text, "\r\nSubject: Felucca on cell-2: one job failed at main\r\n");
    ck_has(&text, "\r\nMessage-ID: <7-x@");
    ck_has(&text, "\r\n\r\none job failed at main.\r\n\r\nSince: 2025-11-28T22:46:40");
}
END_TEST

START_TEST(a_subject_is_ascii)
{
    const struct config_mail mail = {.to = (char *)"a@example.org", .from = (char *)"f@example.org"};
    struct work_notice notice = notice_of(&rows[0]);
    AUTO(text_release) struct text text = TEXT_EMPTY;
    notice.destination = (char *)"Z\xc3\xbcrich";
    message_mail(&notice, &mail, "cell-2", &text);
    const char *subject = strstr(text_string(&text), "Subject: =?UTF-8?Q?");
    ck_assert_ptr_nonnull(subject);
    ck_has(&text, "=C3=BC");
    const char *end = strstr(subject, "\r\nMessage-ID");
    for (const char *c = subject; c < end; c++)
        ck_assert((unsigned char)*c < 0x80);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("message");
    tests_rows(tests, a_notice_is_put_into_words, ROWS(rows));
    tests_add(tests, a_mail_has_its_header);
    tests_add(tests, a_subject_is_ascii);
    return tests_run(tests);
}
