#include "receiver/window.h"

#include "common/base/cleanup.h"
#include "tests/support/dul.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct dul_context context = {1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}};

static const struct proposal_row {
    const char *label, *items; /* user information, beside what every request has */
    size_t length;
    bool proposed;
} proposal_rows[] = {
    {"nothing", "", 0, false},
    {"a window", "\x53\0\0\4\0\0\0\0", 8, true},
    {"a window behind another item", "\x55\0\0\2XY\x53\0\0\4\0\5\0\5", 14, true},
    {"another item with a window in it", "\x55\0\0\x08\x53\0\0\4\0\0\0\0", 12, false},
    {"an item that is longer than what is there", "\x55\0\xff\xff\x53\0\0\4\0\0\0\0", 12, false},
    {"half a head", "\x53\0\0", 3, false},
};

/* What is said to whoever has said this, in place of an answer with these items. */
static bool says(const struct text *heard, const char *items, size_t length, struct text *ret_said)
{
    AUTO(window_destroy) struct window *window = window_create();
    AUTO(text_release) struct text accept = TEXT_EMPTY;
    size_t size;
    dul_append_request_with(&accept, "A", "B", &context, 1, items, length);
    accept.bytes[0] = DUL_ASSOCIATE_AC; /* it looks like a request but for that */
    for (size_t i = 0; i < heard->length; i++)
        window_hear(window, heard->bytes + i, 1);
    const void *said = window_say(window, accept.bytes, accept.length, &size);
    text_append_bytes(ret_said, said, size);
    return size != accept.length;
}

START_TEST(a_window_is_seen)
{
    const struct proposal_row *row = &proposal_rows[_i];
    AUTO(text_release) struct text request = TEXT_EMPTY, said = TEXT_EMPTY;
    dul_append_request_with(&request, "A", "B", &context, 1, row->items, row->length);
    ck_assert_msg(says(&request, "", 0, &said) == row->proposed, "%s", row->label);
    for (size_t cut = 0; cut < request.length; cut++) {
        struct text part = TEXT_EMPTY; /* of its own, so that a sanitizer sees a step too far */
        text_append_bytes(&part, request.bytes, cut);
        ck_assert_msg(!says(&part, "", 0, &said), "%s, %zu bytes of it", row->label, cut);
        text_release(&part);
    }
}
END_TEST

START_TEST(the_answer_is_one_and_one)
{
    AUTO(text_release) struct text request = TEXT_EMPTY, expected = TEXT_EMPTY, said = TEXT_EMPTY;
    static const char window[] = "\x53\0\0\4\0\1\0\1";
    dul_append_request_with(&request, "A", "B", &context, 1, "\x53\0\0\4\0\0\0\0", 8);
    dul_append_request_with(&expected, "A", "B", &context, 1, window, sizeof window - 1);
    expected.bytes[0] = DUL_ASSOCIATE_AC;
    ck_assert(says(&request, "", 0, &said));
    ck_assert_uint_eq(said.length, expected.length);
    ck_assert_mem_eq(said.bytes, expected.bytes, expected.length);
}
END_TEST

START_TEST(other_words_stay_as_they_are)
{
    AUTO(window_destroy) struct window *window = window_create();
    AUTO(text_release) struct text request = TEXT_EMPTY;
    size_t size;
    dul_append_request_with(&request, "A", "B", &context, 1, "\x53\0\0\4\0\0\0\0", 8);
    window_hear(window, request.bytes, request.length);
    static const char reject[] = {3, 0, 0, 0, 0, 4, 0, 1, 1, 1}, bare[] = {2, 0, 0, 0, 0, 0};
    ck_assert_ptr_eq(window_say(window, reject, sizeof reject, &size), reject);
    ck_assert_uint_eq(size, sizeof reject);
    ck_assert_mem_eq(window_say(window, bare, sizeof bare, &size), bare, sizeof bare);
    ck_assert_uint_eq(size, sizeof bare);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("window");
    tests_rows(tests, a_window_is_seen, ROWS(proposal_rows));
    tests_add(tests, the_answer_is_one_and_one);
    tests_add(tests, other_words_stay_as_they_are);
    return tests_run(tests);
}
