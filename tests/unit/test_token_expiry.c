/* When a token ends: what counts first, and when somebody is told. */
#include "common/kheops/token_expiry.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY      INT64_C(86400000)
#define NOVEMBER INT64_C(1764115200000) /* 2025-11-26 */

static const struct expiry_row {
    const char *label;
    int64_t said, configured, first_at;
    int64_t now;
    enum token_expiry_source source;
    const char *says; /* NULL: nothing */
} rows[] = {
    {"nothing is known", 0, 0, 0, NOVEMBER, TOKEN_EXPIRY_UNKNOWN, NULL},
    {"said, far away", NOVEMBER + 15 * DAY, 0, NOVEMBER, NOVEMBER, TOKEN_EXPIRY_SAID, NULL},
    {"said, near", NOVEMBER, 0, 0, NOVEMBER - 14 * DAY, TOKEN_EXPIRY_SAID,
     "source_token ends on 26 November 2025: make a new token in KHEOPS and put it into its place"},
    {"said counts first", NOVEMBER + 60 * DAY, NOVEMBER, NOVEMBER, NOVEMBER, TOKEN_EXPIRY_SAID, NULL},
    {"configured", 0, NOVEMBER, 0, NOVEMBER - DAY, TOKEN_EXPIRY_CONFIGURED,
     "source_token ends on 26 November 2025: make a new token in KHEOPS and put it into its place, with its date as "
     "source_token_expires"},
    {"configured, on its last day", 0, NOVEMBER, 0, NOVEMBER + DAY - 1, TOKEN_EXPIRY_CONFIGURED,
     "source_token ends on 26 November 2025: make a new token in KHEOPS and put it into its place, with its date as "
     "source_token_expires"},
    {"said, over", NOVEMBER, 0, 0, NOVEMBER, TOKEN_EXPIRY_SAID,
     "source_token should have ended on 26 November 2025: make a new token in KHEOPS and put it into its place"},
    {"configured, over", 0, NOVEMBER, 0, NOVEMBER + DAY, TOKEN_EXPIRY_CONFIGURED,
     "source_token should have ended on 26 November 2025: make a new token in KHEOPS and put it into its place, with "
     "its date as source_token_expires"},
    {"guessed, fresh", 0, 0, NOVEMBER, NOVEMBER + 75 * DAY, TOKEN_EXPIRY_GUESSED, NULL},
    {"guessed", 0, 0, NOVEMBER, NOVEMBER + 76 * DAY, TOKEN_EXPIRY_GUESSED,
     "source_token was first seen on 26 November 2025, and KHEOPS's default is three months: look there when it ends, "
     "and make a new one in time, or write its date as source_token_expires"},
};

START_TEST(end_is_told)
{
    const struct expiry_row *row = &rows[_i];
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
    tzset();
    const struct token_expiry expiry = token_expiry_of(row->said, row->configured, row->first_at);
    ck_assert_msg(expiry.source == row->source, "%s: %s", row->label,
                  token_expiry_source_name(expiry.source));
    bool told = token_expiry_tell(&expiry, "source_token", "source_token_expires", row->now, &sentence);
    ck_assert_msg(told == (row->says != NULL), "%s: %s", row->label, text_string(&sentence));
    ck_assert_msg(!told || strcmp(text_string(&sentence), row->says) == 0, "%s: %s", row->label,
                  text_string(&sentence));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_expiry");
    tests_rows(tests, end_is_told, ROWS(rows));
    return tests_run(tests);
}
