/* Templates: what is escaped, what is refused, and that those of the program are whole. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "console/assets.h"
#include "console/dress.h"
#include "console/page.h"
#include "console/render.h"
#include "console/template.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct template_row {
    const char *source, *document, *made; /* made NULL: no template */
} template_rows[] = {
    {"a{{x}}b", "{\"x\": \"<b a='1' c=\\\"2\\\">&\"}", "a&lt;b a=&apos;1&apos; c=&quot;2&quot;&gt;&amp;b"},
    {"{{x}}", "{\"x\": 12}", "12"},
    {"{{x}}", "{\"x\": null}", ""},
    {"{{x}}", "{}", ""},
    {"{{x}}", "{\"x\": \"{{y}}\", \"y\": 1}", "{{y}}"},
    {"{{#x}}[{{y}}]{{/x}}", "{\"x\": [{\"y\": 1}, {\"y\": \"<\"}]}", "[1][&lt;]"},
    {"{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\": []}", "b"},
    {"{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\": null}", "b"},
    {"{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\": false}", "b"},
    {"{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\": true}", "a"},
    {"{{#x}}{{y}}{{/x}}", "{\"x\": {\"y\": 1}}", "1"},
    {"{{! a comment }}c", "{}", "c"},
    {"{{{x}}}", "{}", NULL},
    {"{{&x}}", "{}", NULL},
    {"{{ & x}}", "{}", NULL},
    {"{{ {x}}}", "{}", NULL},
    {"{{=<% %>=}}", "{}", NULL},
    {"{{> x}}", "{}", NULL},
    {"{{ >x}}", "{}", NULL},
    {"{{#x}}", "{}", NULL},
    {"{{x", "{}", NULL},
};

START_TEST(template_is_rendered)
{
    const struct template_row *row = &template_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text made = TEXT_EMPTY;
    AUTO(template_destroy) struct template_page *page = NULL;
    AUTO(json_release) json_t *document = json_loads(row->document, 0, NULL);
    int code = template_create(row->source, &page, &reason);
    ck_assert_int_eq(code, row->made ? 0 : ERR_SYNTAX);
    ck_assert(row->made || reason.length > 0);
    if (!row->made)
        return;
    template_render(page, document, &made);
    ck_assert_str_eq(text_string(&made), row->made);
}
END_TEST

START_TEST(templates_of_the_program_are_whole)
{
    AUTO(render_destroy) struct render *render = render_create();
    for (size_t i = 0; page_at(i); i++) {
        AUTO(text_release) struct text source = TEXT_EMPTY;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        ck_assert_msg(assets_append_template(page_at(i)->name, &source, &reason) == 0, "%s",
                      text_string(&reason));
        ck_assert_msg(!strstr(text_string(&source), "style=") && !strstr(text_string(&source), "onclick"),
                      "%s has what its policy forbids", page_at(i)->name);
        ck_assert(!strstr(text_string(&source), "http:") && !strstr(text_string(&source), "https:"));
    }
}
END_TEST

static const struct line_row {
    const char *document, *has, *has_not; /* NULL: nothing */
} line_rows[] = {
    {"{\"line\": {\"is_cut\": true, \"most\": \"200,000\"}}",
     "<p>More than 200,000 moments are known of this study: too many for a line.</p>", "<svg"},
    {"{\"line\": {\"is_cut\": false, \"left_out_some\": true, \"left_out_n\": \"3\"}}",
     "<p class=\"hint\">3 more destinations and albums are in the list below.</p>", "too many for a line"},
    {"{\"line\": {\"is_cut\": false, \"drawings\": [{\"size_name\": \"wide\"}]}}",
     "<svg class=\"drawing wide\"", "more destinations"},
    {"{\"line\": null}", "", "line of time"},
};

/* Where there are too many moments for a line it says so, and draws none. */
START_TEST(line_of_time_says_what_it_leaves_out)
{
    const struct line_row *row = &line_rows[_i];
    AUTO(text_release) struct text source = TEXT_EMPTY, reason = TEXT_EMPTY, made = TEXT_EMPTY;
    AUTO(template_destroy) struct template_page *page = NULL;
    AUTO(json_release) json_t *document = json_loads(row->document, 0, NULL);
    ck_assert_int_eq(assets_append_template("line", &source, &reason), 0);
    ck_assert_int_eq(template_create(text_string(&source), &page, &reason), 0);
    template_render(page, document, &made);
    ck_assert_msg(strstr(text_string(&made), row->has), "%s", text_string(&made));
    ck_assert_msg(!strstr(text_string(&made), row->has_not), "%s", text_string(&made));
}
END_TEST

START_TEST(missing_part_is_named)
{
    AUTO(text_release) struct text source = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(assets_append_template("nowhere", &source, &reason), ERR_ABSENT);
    ck_assert(strstr(text_string(&reason), "nowhere.mustache"));
}
END_TEST

/* ---- dress ---- */

enum { NOW_S = 1800000000 };

static const struct dress_row {
    const char *document, *member, *value; /* value as JSON; NULL: false */
} dress_rows[] = {
    {"{\"count\": 1234567}", "count_n", "\"1,234,567\""},
    {"{\"count\": 0}", "count_some", "false"},
    {"{\"count\": 1}", "count_some", "true"},
    {"{\"free_bytes\": 2048}", "free_bytes_size", "\"2.0 KiB\""},
    {"{\"oldest_seconds\": 120}", "oldest_seconds_for", "\"2 min\""},
    {"{\"list\": []}", "list_some", "false"},
    {"{\"list\": [{}, {}]}", "list_n", "\"2\""},
    {"{\"study\": null}", "study_uid", "false"},
    {"{\"at\": null}", "at_time", "false"},
    {"{\"study\": \"1.2/3\"}", "study_uid",
     "{\"whole\":\"1.2/3\",\"begin\":\"1.2/3\",\"end\":\"\",\"is_cut\":false,\"link\":\"1.2%2F3\"}"},
    {"{\"study\": \"1.2.840.113619.2.55.3.2831178355.914\"}", "study_uid",
     "{\"whole\":\"1.2.840.113619.2.55.3.2831178355.914\",\"begin\":\"1.2.840.11361\",\"end\":\"178355.914\","
     "\"is_cut\":true,\"link\":\"1.2.840.113619.2.55.3.2831178355.914\"}"},
    {"{\"state\": \"failed\"}", "state_word", "{\"word\":\"failed\",\"tone\":\"bad\",\"mark\":\"m-fail\"}"},
    {"{\"state\": \"<b>\"}", "state_word", "{\"word\":\"<b>\",\"tone\":\"off\",\"mark\":\"m-no\"}"},
    {"{\"at\": \"2027-01-15T07:57:00.000Z\"}", "at_time",
     "{\"iso\":\"2027-01-15T07:57:00.000Z\",\"exact\":\"Fri 15 Jan 2027, 07:57:00 +0000\",\"short\":\"3 min ago\"}"},
    {"{\"at\": \"2027-01-15T07:59:59.500Z\"}", "at_time",
     "{\"iso\":\"2027-01-15T07:59:59.500Z\",\"exact\":\"Fri 15 Jan 2027, 07:59:59 +0000\",\"short\":\"just now\"}"},
    {"{\"at\": \"2027-01-15T01:00:00.000Z\"}", "at_time",
     "{\"iso\":\"2027-01-15T01:00:00.000Z\",\"exact\":\"Fri 15 Jan 2027, 01:00:00 +0000\",\"short\":\"01:00\"}"},
    {"{\"at\": \"2027-01-14T01:00:00.000Z\"}", "at_time",
     "{\"iso\":\"2027-01-14T01:00:00.000Z\",\"exact\":\"Thu 14 Jan 2027, 01:00:00 +0000\",\"short\":\"14 Jan 01:00\"}"},
    {"{\"at\": \"2027-01-14 soon, or later\"}", "at_time", NULL},
};

START_TEST(document_is_dressed)
{
    const struct dress_row *row = &dress_rows[_i];
    AUTO(json_release) json_t *document = json_loads(row->document, 0, NULL);
    AUTO(text_release) struct text value = TEXT_EMPTY;
    ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
    dress(document, (int64_t)NOW_S * 1000);
    const json_t *member = json_object_get(document, row->member);
    if (!row->value) {
        ck_assert_ptr_null(member);
        return;
    }
    ck_assert_ptr_nonnull(member);
    char *made = json_dumps(member, JSON_ENCODE_ANY | JSON_COMPACT);
    ck_assert_str_eq(made, row->value);
    free(made);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console template");
    tests_rows(tests, template_is_rendered, ROWS(template_rows));
    tests_add(tests, templates_of_the_program_are_whole);
    tests_rows(tests, line_of_time_says_what_it_leaves_out, ROWS(line_rows));
    tests_add(tests, missing_part_is_named);
    tests_rows(tests, document_is_dressed, ROWS(dress_rows));
    return tests_run(tests);
}
