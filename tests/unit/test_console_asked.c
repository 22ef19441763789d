/* What an address asks for, and what is none. */
#include "common/base/cleanup.h"
#include "console/asked.h"
#include "console/door.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct asked_row {
    const char *target;
    unsigned status;
    const char *page, *item;
    enum asked_form form;
    const char *name, *value; /* of a parameter */
} asked_rows[] = {
    {"/", 200, "now", NULL, ASKED_HTML, NULL, NULL},
    {"/?span=day", 200, "now", NULL, ASKED_HTML, "span", "day"},
    {"/now.json", 200, "now", NULL, ASKED_JSON, NULL, NULL},
    {"/studies.csv?state=failed", 200, "studies", NULL, ASKED_CSV, "state", "failed"},
    {"/studies?source=CT%2001&since=1d", 200, "studies", NULL, ASKED_HTML, "source", "CT 01"},
    {"/studies?source=CT+01", 200, "studies", NULL, ASKED_HTML, "source", "CT 01"},
    {"/studies?source=%3Cscript%3E", 200, "studies", NULL, ASKED_HTML, "source", "<script>"},
    {"/studies?source=", 200, "studies", NULL, ASKED_HTML, "source", NULL},
    {"/studies?source", 200, "studies", NULL, ASKED_HTML, "source", NULL},
    {"/studies?&&", 200, "studies", NULL, ASKED_HTML, NULL, NULL},
    {"/study/1.2.3", 200, "study", "1.2.3", ASKED_HTML, NULL, NULL},
    {"/study/1.2.3.json", 200, "study", "1.2.3", ASKED_JSON, NULL, NULL},
    {"/study/1%2E2", 200, "study", "1.2", ASKED_HTML, NULL, NULL},
    {"/console.css", 200, "console.css", NULL, ASKED_HTML, NULL, NULL},
    {"/.json", 200, ".json", NULL, ASKED_HTML, NULL, NULL},
    {"", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"*", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"http://elsewhere/", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"//", 404, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/study/", 404, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/study/1/2", 404, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/study/..%2f..%2fetc%2fpasswd", 404, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/../etc/passwd", 404, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/%", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/%4", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/%zz", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/a%00b", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/a%0d%0ab", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/studies?a=%", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/studies?a=%0a", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/studies?a=1&a=2", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/studies?=1", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
    {"/s?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", 400, NULL, NULL, ASKED_HTML, NULL, NULL},
};

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

START_TEST(address_is_understood)
{
    const struct asked_row *row = &asked_rows[_i];
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_uint_eq(asked_parse(row->target, &asked, &reason), row->status);
    ck_assert(row->status != 400 || reason.length > 0);
    if (row->status != 200)
        return;
    ck_assert_str_eq(asked.page, row->page);
    ck_assert(is_same(asked.item, row->item));
    ck_assert_int_eq(asked.form, row->form);
    ck_assert(!row->name || is_same(asked_get(&asked, row->name), row->value));
}
END_TEST

START_TEST(long_address_is_refused)
{
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text target = TEXT_EMPTY;
    text_append_char(&target, '/');
    while (target.length < ASKED_BYTES)
        text_append_char(&target, 'a');
    ck_assert_uint_eq(asked_parse(text_string(&target), &asked, &reason), 200);
    text_append_char(&target, 'a');
    asked_release(&asked);
    ck_assert_uint_eq(asked_parse(text_string(&target), &asked, &reason), 414);
}
END_TEST

START_TEST(unknown_parameter_is_refused)
{
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_uint_eq(asked_parse("/studies?state=failed&x=1", &asked, &reason), 200);
    ck_assert(!asked_only(&asked, "state source", &reason));
    ck_assert(strstr(text_string(&reason), "state source"));
    ck_assert(asked_only(&asked, "state x", &reason));
}
END_TEST

START_TEST(encoding_comes_back)
{
    static const char value[] = "a b/c?d&e=f%\"<>'+\xC3\xA4";
    AUTO(text_release) struct text target = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(asked_release) struct asked asked = {0};
    text_append(&target, "/studies?source=");
    asked_append_encoded(value, &target);
    ck_assert(!strpbrk(text_string(&target) + strlen("/studies?source="), "&<>\"'/? +"));
    ck_assert_uint_eq(asked_parse(text_string(&target), &asked, &reason), 200);
    ck_assert_str_eq(asked_get(&asked, "source"), value);
}
END_TEST

static const struct host_row {
    const char *host;
    bool is_own;
} host_rows[] = {
    {"127.0.0.1", true},
    {"127.0.0.1:9480", true},
    {"localhost", true},
    {"LocalHost:9480", true},
    {"[::1]", true},
    {"[::1]:80", true},
    {"", false},
    {"127.0.0.1:", false},
    {"127.0.0.1:a", false},
    {"127.0.0.1.evil.example", false},
    {"localhost.evil.example", false},
    {"evil.example", false},
    {"localhost@evil", false},
    {"10.0.0.1", false},
    {"::1", false},
};

START_TEST(host_is_own)
{
    ck_assert_int_eq(door_is_own_host(host_rows[_i].host), host_rows[_i].is_own);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console asked");
    tests_rows(tests, address_is_understood, ROWS(asked_rows));
    tests_add(tests, long_address_is_refused);
    tests_add(tests, unknown_parameter_is_refused);
    tests_add(tests, encoding_comes_back);
    tests_rows(tests, host_is_own, ROWS(host_rows));
    return tests_run(tests);
}
