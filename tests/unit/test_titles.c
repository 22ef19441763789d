#include "receiver/titles.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/dul.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/socket.h>

static const struct title_row {
    const char *label, *wire, *title;
} title_rows[] = {
    {"padded", "CT01            ", "CT01"},
    {"blanks in front", "    CT01        ", "CT01"},
    {"a blank within", "CT 01           ", "CT 01"},
    {"all of it", "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"},
    {"nothing but blanks", "                ", ""},
    {"a NUL ends it", "CT01\0 is another", "CT01"},
    {"what is behind it does not count", "ABCDEFGHIJKLMNOPQRST", "ABCDEFGHIJKLMNOP"},
};

START_TEST(a_title_is_without_its_blanks)
{
    char title[FILE_META_AET_SIZE];
    title_trim(title_rows[_i].wire, &title);
    ck_assert_msg(strcmp(title, title_rows[_i].title) == 0, "%s: \"%s\"", title_rows[_i].label, title);
}
END_TEST

static void peek(const struct text *sent, size_t length, struct titles *ret_titles)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    AUTO(fd_close) int peer = ends[0];
    AUTO(fd_close) int own = ends[1];
    ck_assert_int_eq(send(peer, sent->bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    titles_peek(own, ret_titles);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    if (length == sent->length)
        ck_assert_int_eq(dul_read(own, 1000, &pdu), DUL_ASSOCIATE_RQ); /* it is all there still */
}

START_TEST(titles_of_a_request_are_seen_and_left)
{
    static const struct dul_context context = {1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    struct titles titles;
    dul_append_request(&request, "FELUCCA", " CT 01", &context, 1);
    peek(&request, request.length, &titles);
    ck_assert_str_eq(titles.called, "FELUCCA");
    ck_assert_str_eq(titles.calling, "CT 01");
    for (size_t length = 1; length < 42; length++) {
        peek(&request, length, &titles);
        ck_assert_str_eq(titles.called, "");
        ck_assert_str_eq(titles.calling, "");
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("titles");
    tests_rows(tests, a_title_is_without_its_blanks, ROWS(title_rows));
    tests_add(tests, titles_of_a_request_are_seen_and_left);
    return tests_run(tests);
}
