/* Rates: how they are written, and what is none. */
#include "common/config/rate.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/suite.h"

#include <string.h>

#define MOST 10000000000

static const struct row {
    const char *text;
    int64_t rate; /* negative: an error */
    const char *printed;
} rows[] = {
    {"20 MB/s", 20000000, "20 MB/s"},
    {"20MB/s", 20000000, "20 MB/s"},
    {"1500kB/s", 1500000, "1500 kB/s"},
    {"8 MiB/s", 8 << 20, "8 MiB/s"},
    {"100 Mbit/s", 12500000, "12500 kB/s"},
    {"1001 B/s", 1001, "1001 B/s"},
    {"1 GB/s", 1000000000, "1 GB/s"},
    {"20", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"20 MB", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"20 mb/s", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"MB/s", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"-1 MB/s", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"99999999999999999999 MB/s", ERR_SYNTAX, "write one such as 20 MB/s"},
    {"9223372036854775807 MB/s", ERR_RANGE, "from 1 kB/s to 10 GB/s"},
    {"999 B/s", ERR_RANGE, "from 1 kB/s to 10 GB/s"},
    {"11 GB/s", ERR_RANGE, "from 1 kB/s to 10 GB/s"},
};

START_TEST(a_rate_is_read_and_printed)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text out = TEXT_EMPTY;
    int64_t rate = 0;
    int code = config_rate_parse(row->text, 1000, MOST, &rate, &out);
    if (code == 0)
        config_rate_print(&out, rate);
    ck_assert_msg(row->rate < 0 ? code == row->rate : rate == row->rate, "%s: %d, %lld", row->text, code,
                  (long long)rate);
    ck_assert_msg(strstr(text_string(&out), row->printed), "%s: %s", row->text, text_string(&out));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("rate");
    tests_rows(tests, a_rate_is_read_and_printed, ROWS(rows));
    return tests_run(tests);
}
