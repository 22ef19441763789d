/* What a peer calls itself is any bytes; what the database gets is text. */
#include "router/arrival.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define RECEIPT "0123456789abcdef0123456789abcdef"

static struct sandbox *sandbox;
static struct spool *spool;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
}

static void tear_down(void)
{
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

static void receive_from(const char *calling_aet)
{
    struct file_meta meta = {.transfer_syntax = "1.2.840.10008.1.2", .called_aet = "FELUCCA"};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    memcpy(meta.calling_aet, calling_aet, strlen(calling_aet) + 1);
    file_meta_encode(&meta, &bytes);
    AUTO(fd_close)
    int fd = openat(spool_incoming(spool), RECEIPT ".dcm", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes.bytes, bytes.length), (ssize_t)bytes.length);
}

static const struct title_row {
    const char *label, *says, *kept;
} title_rows[] = {
    {"ASCII", "CT01", "CT01"},
    {"UTF-8", "M\xc3\xbcnster", "M\xc3\xbcnster"},
    {"Latin-1", "M\xfcnster", "M\xef\xbf\xbdnster"},
    {"no character set", "\x80\xff", "\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(a_title_is_text)
{
    const struct title_row *row = &title_rows[_i];
    struct arrival arrival = {0};
    AUTO(fd_close) int fd = -1;
    receive_from(row->says);
    ck_assert_int_eq(arrival_open(spool, RECEIPT, SPOOL_INCOMING, &arrival, &fd), 0);
    ck_assert_msg(strcmp(arrival.instance.calling_aet, row->kept) == 0, "%s: %s", row->label,
                  arrival.instance.calling_aet);
    arrival_release(&arrival);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("arrival");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_title_is_text, ROWS(title_rows));
    return tests_run(tests);
}
