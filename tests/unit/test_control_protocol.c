/* The control protocol: what is asked arrives whole, and what is not a request is refused with a sentence. */
#include "common/wire/control.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/suite.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define ID   "0123456789abcdef0123456789abcdef"
#define HEAD "{\"protocol\":1,\"request\":\"" ID "\",\"user\":\"anna\""

/* The system has one place for the entry that a thread asks for by getpwuid(): requests are begun by several. */
START_TEST(beginning_one_asks_for_no_shared_entry)
{
    AUTO(control_request_release) struct control_request request = {.verb = 0};
    const struct passwd *other = getpwuid(getuid() == 0 ? 1 : 0);
    AUTO(memory_free) char *name = memory_string(other ? other->pw_name : "");
    ck_assert_ptr_nonnull(other);
    ck_assert_int_eq(control_request_start(&request, CONTROL_RETRY), 0);
    ck_assert_str_eq(other->pw_name, name);
    ck_assert(request.user && *request.user && strcmp(request.user, name) != 0);
}
END_TEST

START_TEST(request_arrives_whole)
{
    AUTO(control_request_release) struct control_request asked = {0};
    AUTO(control_request_release) struct control_request read = {0};
    AUTO(text_release) struct text json = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(control_request_start(&asked, CONTROL_RELEASE), 0);
    asked.destination = memory_string("kheops-main");
    asked.album = memory_string("Études");
    asked.state = memory_string("failed");
    asked.study = memory_string("1.2.3");
    asked.series = memory_string("1.2.3.4");
    asked.reason = memory_string("no node");
    asked.since = 1700000000000;
    asked.limit = 7;
    asked.all = true;
    asked.jobs = memory_new(2, sizeof *asked.jobs);
    asked.jobs[0] = (struct control_job){CONTROL_SHARE, 12};
    asked.jobs[1] = (struct control_job){CONTROL_INSTANCE, INT64_MAX};
    asked.job_count = 2;
    control_request_encode(&asked, &json);
    ck_assert_msg(control_request_decode(text_string(&json), json.length, &read, &reason) == 0, "%s",
                  text_string(&reason));
    ck_assert_int_eq(read.verb, CONTROL_RELEASE);
    ck_assert_str_eq(read.id, asked.id);
    ck_assert_str_eq(read.user, asked.user);
    ck_assert_str_eq(read.destination, "kheops-main");
    ck_assert_str_eq(read.album, "Études");
    ck_assert_str_eq(read.state, "failed");
    ck_assert_str_eq(read.study, "1.2.3");
    ck_assert_str_eq(read.series, "1.2.3.4");
    ck_assert_str_eq(read.reason, "no node");
    ck_assert_int_eq(read.since, 1700000000000);
    ck_assert_int_eq(read.limit, 7);
    ck_assert(read.all);
    ck_assert_uint_eq(read.job_count, 2);
    ck_assert_int_eq(read.jobs[0].kind, CONTROL_SHARE);
    ck_assert_int_eq(read.jobs[0].id, 12);
    ck_assert_int_eq(read.jobs[1].id, INT64_MAX);
}
END_TEST

static const struct row {
    const char *label, *json, *says;
} rows[] = {
    {"nothing", "", "not a JSON object"},
    {"no JSON", "hold kheops-main", "not a JSON object"},
    {"a list", "[]", "not a JSON object"},
    {"cut", HEAD, "not a JSON object"},
    {"a key twice", HEAD ",\"verb\":\"hold\",\"verb\":\"release\"}", "not a JSON object"},
    {"no id", "{\"protocol\":1,\"user\":\"a\",\"verb\":\"hold\"}", "\"request\" is not an id"},
    {"a short id", "{\"protocol\":1,\"request\":\"12\",\"user\":\"a\",\"verb\":\"hold\"}", "is not an id"},
    {"no protocol", "{\"request\":\"" ID "\",\"user\":\"a\",\"verb\":\"hold\"}", "speaks version 1"},
    {"another protocol", "{\"protocol\":2,\"request\":\"" ID "\"}", "speaks version 1"},
    {"no verb", HEAD "}", "\"verb\" is missing"},
    {"no user", "{\"protocol\":1,\"request\":\"" ID "\",\"verb\":\"hold\"}", "\"user\" is missing"},
    {"unknown verb", HEAD ",\"verb\":\"explode\"}", "\"verb\" is not one that this router knows"},
    {"verb of another kind", HEAD ",\"verb\":1}", "\"verb\" is not one"},
    {"unknown member", HEAD ",\"verb\":\"hold\",\"colour\":\"red\"}", "does not know \"colour\""},
    {"unknown member with an escape", HEAD ",\"verb\":\"hold\",\"\\u001b[2J\":1}", "does not know \"?\""},
    {"empty name", HEAD ",\"verb\":\"hold\",\"destination\":\"\"}", "\"destination\" is not a text"},
    {"control character", HEAD ",\"verb\":\"hold\",\"album\":\"a\\nb\"}", "\"album\" is not a text"},
    {"NUL", HEAD ",\"verb\":\"hold\",\"album\":\"a\\u0000b\"}", "not a JSON object"},
    {"a number as name", HEAD ",\"verb\":\"hold\",\"album\":1}", "\"album\" is not a text"},
    {"no UID", HEAD ",\"verb\":\"hold\",\"study\":\" 1.2.3\"}", "\"study\" is not a UID"},
    {"since never", HEAD ",\"verb\":\"hold\",\"since\":0}", "\"since\" is not a whole number above 0"},
    {"half a limit", HEAD ",\"verb\":\"hold\",\"limit\":0.5}", "\"limit\" is not a whole number"},
    {"no jobs", HEAD ",\"verb\":\"hold\",\"jobs\":[]}", "\"jobs\" is not a list of 1 to 1000"},
    {"job of no kind", HEAD ",\"verb\":\"hold\",\"jobs\":[{\"id\":1}]}", "\"jobs\" holds something"},
    {"job of a strange kind", HEAD ",\"verb\":\"hold\",\"jobs\":[{\"kind\":\"cat\",\"id\":1}]}",
     "\"jobs\" holds something"},
    {"job without number", HEAD ",\"verb\":\"hold\",\"jobs\":[{\"kind\":\"share\",\"id\":-1}]}",
     "\"id\" is not a whole number"},
    {"an escape in a condition", HEAD ",\"verb\":\"try\",\"expression\":\"\\u001b[2J\"}",
     "\"expression\" is not a text of 1 to 16384 bytes"},
    {"identifying by a number", HEAD ",\"verb\":\"try\",\"identifying\":1}", "\"identifying\" is neither"},
    {"an answer of words", HEAD ",\"verb\":\"drop\",\"http_status\":\"409\"}",
     "\"http_status\" is not a whole number above 0"},
    {"a line of nothing", HEAD ",\"verb\":\"drop\",\"line\":1}", "\"line\" is neither"},
    {"all of nothing", HEAD ",\"verb\":\"hold\",\"all\":1}", "\"all\" is neither"},
};

START_TEST(what_is_no_request_is_refused)
{
    AUTO(control_request_release) struct control_request read = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct row *row = &rows[_i];
    ck_assert_msg(control_request_decode(row->json, strlen(row->json), &read, &reason) == ERR_SYNTAX, "%s",
                  row->label);
    ck_assert_msg(strstr(text_string(&reason), row->says), "%s: %s", row->label, text_string(&reason));
    if (strstr(row->json, ID) && strstr(row->json, "}") && !strstr(row->says, "JSON"))
        ck_assert_msg(strcmp(read.id, ID) == 0, "%s: the id is lost", row->label);
}
END_TEST

static const struct surplus_row {
    const char *json, *surplus;
} surplus_rows[] = {
    {HEAD ",\"verb\":\"hold\",\"destination\":\"a\",\"album\":\"b\"}", NULL},
    {HEAD ",\"verb\":\"hold\",\"destination\":\"a\",\"study\":\"1.2\"}", "study"},
    {HEAD ",\"verb\":\"release\",\"destination\":\"a\",\"all\":true}", "all"},
    {HEAD ",\"verb\":\"drop\",\"destination\":\"a\",\"study\":\"1.2\",\"limit\":1,\"since\":1}", NULL},
    {HEAD ",\"verb\":\"drop\",\"all\":true,\"dry_run\":true}", "dry_run"},
    {HEAD ",\"verb\":\"retry\",\"all\":true,\"until\":5}", "until"},
    {HEAD ",\"verb\":\"drop\",\"reason\":\"x\"}", NULL},
    {HEAD ",\"verb\":\"drop\",\"line\":true,\"job_kind\":\"share\",\"http_status\":409}", NULL},
    {HEAD ",\"verb\":\"drop\",\"line\":true,\"called_aet\":\"FIRST\"}", "called_aet"},
    {HEAD ",\"verb\":\"quarantine drop\",\"line\":true,\"called_aet\":\"FIRST\"}", NULL},
    {HEAD ",\"verb\":\"quarantine drop\",\"line\":true,\"job_kind\":\"share\"}", "job_kind"},
    {HEAD ",\"verb\":\"quarantine drop\",\"line\":true,\"http_status\":409}", "http_status"},
    {HEAD ",\"verb\":\"reshare\",\"album\":\"b\",\"line\":true}", "line"},
    {HEAD ",\"verb\":\"drop\",\"all\":true,\"source\":\"CT\"}", "source"},
    {HEAD ",\"verb\":\"drop\",\"all\":true,\"calling_aet\":\"CT\"}", "calling_aet"},
    {HEAD ",\"verb\":\"quarantine drop\",\"reason\":\"x\",\"limit\":2}", NULL},
    {HEAD ",\"verb\":\"quarantine drop\",\"study\":\"1.2\",\"calling_aet\":\"CT\"}", NULL},
    {HEAD ",\"verb\":\"quarantine drop\",\"series\":\"1.2\"}", "series"},
    {HEAD ",\"verb\":\"quarantine retry\",\"since\":5,\"all\":true}", "since"},
    {HEAD ",\"verb\":\"reshare\",\"album\":\"b\",\"since\":1,\"until\":2,\"dry_run\":true}", NULL},
    {HEAD ",\"verb\":\"reshare\",\"album\":\"b\",\"series\":\"1.2\",\"anyway\":true}", NULL},
    {HEAD ",\"verb\":\"reshare\",\"album\":\"b\",\"since\":1,\"limit\":2}", "limit"},
    {HEAD ",\"verb\":\"try\",\"destination\":\"a\",\"expression\":\"a\\n\\tb\",\"identifying\":true}", NULL},
    {HEAD ",\"verb\":\"explain\",\"study\":\"1.2\",\"expression\":\"true\"}", "expression"},
    {HEAD ",\"verb\":\"try\",\"header\":\"AAAA\"}", "header"},
    {HEAD ",\"verb\":\"try file\",\"header\":\"AAAA\"}", NULL},
    {HEAD ",\"verb\":\"try file\",\"header\":\"AAAA\",\"identifying\":true}", "identifying"},
};

START_TEST(what_a_verb_has_no_use_for_is_named)
{
    AUTO(control_request_release) struct control_request read = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct surplus_row *row = &surplus_rows[_i];
    ck_assert_int_eq(control_request_decode(row->json, strlen(row->json), &read, &reason), 0);
    ck_assert_pstr_eq(control_request_surplus(&read), row->surplus);
}
END_TEST

START_TEST(too_large_a_request_is_refused)

{
    AUTO(control_request_release) struct control_request read = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text json = TEXT_EMPTY;
    text_append(&json, HEAD ",\"verb\":\"hold\"}");
    while (json.length <= CONTROL_REQUEST_MAX)
        text_append_char(&json, ' ');
    ck_assert_int_eq(control_request_decode(text_string(&json), json.length, &read, &reason), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "larger than 512 KiB"));
}
END_TEST

START_TEST(answer_arrives_whole)
{
    AUTO(control_answer_release) struct control_answer answer = {.id = ID, .stage = CONTROL_REFUSED};
    AUTO(control_answer_release) struct control_answer read = {0};
    AUTO(text_release) struct text json = TEXT_EMPTY;
    answer.changed = 3;
    answer.skipped = 4;
    text_append(&answer.sentence, "not \xff now");
    for (int i = 0; i < 2 * CONTROL_NOTES_MAX; i++)
        control_answer_note(&answer, i == 2 ? "series 2" : NULL, "note %d", i / 2);
    control_answer_note(&answer, NULL, "one too many");
    control_answer_note(&answer, "4", "another one");
    control_answer_encode(&answer, &json);
    ck_assert_int_eq(control_answer_decode(text_string(&json), json.length, &read), 0);
    ck_assert_str_eq(read.id, ID);
    ck_assert_int_eq(read.stage, CONTROL_REFUSED);
    ck_assert_int_eq(read.changed, 3);
    ck_assert_int_eq(read.skipped, 4);
    ck_assert_str_eq(text_string(&read.sentence), "not \xEF\xBF\xBD now");
    ck_assert_uint_eq(read.note_count, CONTROL_NOTES_MAX + 1);
    ck_assert_str_eq(read.notes[1].text, "2 times: note 1 (the first: series 2)");
    ck_assert_str_eq(read.notes[2].text, "2 times: note 2");
    ck_assert_str_eq(read.notes[CONTROL_NOTES_MAX].text, "and 2 more");
    control_answer_release(&read);
    ck_assert_int_eq(control_answer_decode("{\"answer\":\"done\"}", 17, &read), ERR_SYNTAX);
    ck_assert_int_eq(control_answer_decode("\xff", 1, &read), ERR_SYNTAX);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("control");
    tests_add(tests, beginning_one_asks_for_no_shared_entry);
    tests_add(tests, request_arrives_whole);
    tests_rows(tests, what_is_no_request_is_refused, ROWS(rows));
    tests_rows(tests, what_a_verb_has_no_use_for_is_named, sizeof surplus_rows / sizeof *surplus_rows);
    tests_add(tests, too_large_a_request_is_refused);
    tests_add(tests, answer_arrives_whole);
    return tests_run(tests);
}
