#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/kheops/credentials.h"
#include "common/config/secret.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct token_row {
    const char *authorization;
    const char *token; /* NULL: none */
} token_rows[] = {
    {"Bearer TESTTOKEN", "TESTTOKEN"},
    {"bearer   TESTTOKEN", "TESTTOKEN"},
    {"Bearer TESTTOKEN ", "TESTTOKEN"},
    {"Bearer", NULL},
    {"Bearer ", NULL},
    {"BearerTESTTOKEN", NULL},
    {"Basic dG9rZW46VEVTVFRPS0VO", "TESTTOKEN"}, /* token:TESTTOKEN */
    {"Basic OlRFU1RUT0tFTg==", "TESTTOKEN"},     /* :TESTTOKEN */
    {"Basic dG9rZW46QTpC", "A:B"},               /* token:A:B */
    {"Basic dG9rZW4=", NULL},                    /* token */
    {"Basic dG9rZW46", NULL},                    /* token: */
    {"Basic dG9*", NULL},
    {"Digest username=x", NULL},
    {"TESTTOKEN", NULL},
    {"", NULL},
};

START_TEST(the_token_is_found)
{
    const struct token_row *row = &token_rows[_i];
    AUTO(text_release) struct text token = TEXT_EMPTY;
    bool found = credentials_token(row->authorization, &token);
    ck_assert_msg(found == (row->token != NULL), "%s", row->authorization);
    ck_assert_str_eq(text_string(&token), found ? row->token : "");
}
END_TEST

/* A file that is replaced counts at once; what is wrong with one is said without its content. */
START_TEST(headers_are_resolved_each_time)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    const char *path = sandbox_write(sandbox, "token", "FIRSTTOKEN\n");
    AUTO(text_release) struct text template = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_format(&template, "Bearer ${file:%s}", path);
    struct config_header headers[] = {{(char *)"X-Plain", (char *)"plain"},
                                      {(char *)"Authorization", template.bytes}};
    const struct config_destination destination = {.headers = headers, .header_count = 2};
    struct credentials credentials;
    ck_assert_int_eq(credentials_of_destination(&destination, &credentials, &reason), 0);
    ck_assert_uint_eq(credentials.header_count, 2);
    ck_assert_str_eq(credentials.headers[0].value, "plain");
    ck_assert_str_eq(credentials.headers[1].value, "Bearer FIRSTTOKEN");
    ck_assert_str_eq(text_string(&credentials.token), "FIRSTTOKEN");
    credentials_wipe(&credentials);
    file_write_string(path, "NEXTTOKEN");
    ck_assert_int_eq(credentials_of_destination(&destination, &credentials, &reason), 0);
    ck_assert_str_eq(text_string(&credentials.token), "NEXTTOKEN");
    credentials_wipe(&credentials);
    file_write_string(path, "SECRET\nX-Injected: yes");
    ck_assert_int_eq(credentials_of_destination(&destination, &credentials, &reason), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "header Authorization"));
    ck_assert_ptr_null(strstr(text_string(&reason), "SECRET"));
    credentials_wipe(&credentials);
    ck_assert_int_eq(unlink(path), 0);
    text_clear(&reason);
    ck_assert_int_eq(credentials_of_destination(&destination, &credentials, &reason), ERR_ABSENT);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), path));
    credentials_wipe(&credentials);
}
END_TEST

/* What a file may hold, as an album's token and behind "Bearer " in a header. */
static const struct single_row {
    const char *content, *token; /* token NULL: it is none */
} single_rows[] = {
    {"TESTTOKEN", "TESTTOKEN"},
    {"TESTTOKEN\n", "TESTTOKEN"},
    {"TESTTOKEN\r\n", "TESTTOKEN"},
    {" TESTTOKEN ", "TESTTOKEN"},
    {"\xef\xbb\xbfTESTTOKEN\r\n", "TESTTOKEN"},
    {"\"TESTTOKEN\"", "TESTTOKEN"},
    {"'TESTTOKEN'\n", "TESTTOKEN"},
    {"Bearer TESTTOKEN", "TESTTOKEN"},
    {"bearer  TESTTOKEN\n", "TESTTOKEN"},
    {"\xef\xbb\xbf\"Bearer TESTTOKEN\"\n", "TESTTOKEN"},
    {"head.body-1_2.sign", "head.body-1_2.sign"},
    {"dG9rZW4+/w==", "dG9rZW4+/w=="},
    {"TEST TOKEN", NULL},
    {"TEST\tTOKEN\x01", NULL},
    {"FIRST\nSECOND", NULL},
    {"<html>", NULL},
    {"\"\"", NULL},
    {"Bearer", "Bearer"}, /* six letters may be a token */
};

START_TEST(a_single_token_is_read)
{
    const struct single_row *row = &single_rows[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    AUTO(text_release) struct text template = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_format(&template, "${file:%s}", sandbox_write(sandbox, "token", row->content));
    ck_assert_int_eq(credentials_of_token(text_string(&template), &token, &reason),
                     row->token ? 0 : ERR_SYNTAX);
    if (row->token)
        ck_assert_str_eq(text_string(&token), row->token);
    ck_assert_int_eq(reason.length > 0, !row->token);
    ck_assert_ptr_null(strstr(text_string(&reason), "TEST"));
}
END_TEST

START_TEST(a_token_in_a_header_is_read_the_same_way)
{
    const struct single_row *row = &single_rows[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text template = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text expected = TEXT_EMPTY;
    text_format(&template, "Bearer ${file:%s}", sandbox_write(sandbox, "token", row->content));
    struct config_header header = {(char *)"Authorization", template.bytes};
    const struct config_destination destination = {.headers = &header, .header_count = 1};
    int code = credentials_of_destination(&destination, &credentials, &reason);
    if (!row->token)
        return; /* another server may want it so, and KHEOPS refuses it */
    ck_assert_int_eq(code, 0);
    text_format(&expected, "Bearer %s", row->token);
    ck_assert_str_eq(credentials.headers[0].value, text_string(&expected));
    ck_assert_str_eq(text_string(&credentials.token), row->token);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("credentials");
    tests_rows(tests, the_token_is_found, ROWS(token_rows));
    tests_add(tests, headers_are_resolved_each_time);
    tests_rows(tests, a_single_token_is_read, ROWS(single_rows));
    tests_rows(tests, a_token_in_a_header_is_read_the_same_way, ROWS(single_rows));
    return tests_run(tests);
}
