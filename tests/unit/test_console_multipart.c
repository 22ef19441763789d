/* A form with a file is taken as it is, or refused with a sentence. */
#include "console/multipart.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

#define TYPE  "multipart/form-data; boundary=\"a'b\""
#define TOKEN "--a'b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n0123\r\n"
#define FILE_HEAD \
    "--a'b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"Doe; name=\\\"x.dcm\"\r\nContent-Type: a/b\r\n\r\n"
#define END "--a'b--\r\n"

static unsigned parse(const char *type, const char *body, size_t length, struct asked *form,
                      struct text *reason)
{
    return multipart_parse(type, body, length, form, reason);
}

START_TEST(fields_and_file_are_taken)
{
    static const char body[] = TOKEN FILE_HEAD "a\0\r\n--a'\r\n" END;
    AUTO(asked_release) struct asked form = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(parse(TYPE, body, sizeof body - 1, &form, &reason) == 200, "%s", text_string(&reason));
    ck_assert_str_eq(asked_get(&form, "token"), "0123");
    ck_assert_str_eq(asked_get(&form, "file"), "YQANCi0tYSc=");
    ck_assert_uint_eq(form.count, 2);
}
END_TEST

static const struct row {
    const char *label, *type, *body;
    unsigned status;
} rows[] = {
    {"no type", "", TOKEN END, 415},
    {"another type", "application/x-www-form-urlencoded", TOKEN END, 415},
    {"no boundary", "multipart/form-data", TOKEN END, 415},
    {"an empty boundary", "multipart/form-data; boundary=", TOKEN END, 415},
    {"another boundary", "multipart/form-data; boundary=x", TOKEN END, 400},
    {"nothing", TYPE, "", 400},
    {"cut", TYPE, TOKEN, 400},
    {"no head", TYPE, "--a'b\r\n\r\n0123\r\n" END, 400},
    {"no name", TYPE, "--a'b\r\nContent-Disposition: form-data\r\n\r\n0123\r\n" END, 400},
    {"a name of ours in another line", TYPE,
     "--a'b\r\nContent-Disposition: form-data\r\nX: ; name=\"file\"\r\n\r\n0123\r\n" END, 400},
    {"twice", TYPE, TOKEN TOKEN END, 400},
    {"a control character", TYPE,
     "--a'b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\na\tb\r\n" END, 400},
    {"an end that is none", TYPE, TOKEN "--a'bx", 400},
};

START_TEST(what_is_no_form_is_refused)
{
    const struct row *row = &rows[_i];
    AUTO(asked_release) struct asked form = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(parse(row->type, row->body, strlen(row->body), &form, &reason) == row->status, "%s: %s",
                  row->label, text_string(&reason));
    ck_assert_uint_gt(reason.length, 0);
}
END_TEST

START_TEST(each_beginning_is_no_form)
{
    static const char body[] = TOKEN FILE_HEAD "abc\r\n--a'b--";
    for (size_t length = 0; length < sizeof body - 1; length++) {
        AUTO(asked_release) struct asked form = {0};
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        ck_assert_uint_ne(parse(TYPE, body, length, &form, &reason), 200);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console multipart");
    tests_add(tests, fields_and_file_are_taken);
    tests_rows(tests, what_is_no_form_is_refused, ROWS(rows));
    tests_add(tests, each_beginning_is_no_form);
    return tests_run(tests);
}
