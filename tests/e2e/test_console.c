/* The console as a real process, over a stored database whose rows try to become markup. */
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, CROWD = 300 };

#define SECRET "never-shown-never-shown"

static struct sandbox *sandbox;
static struct process *console;
static const char *state_dir, *config;
static int port;

static void ck_sql(struct jobdb *db, const char *sql)
{
    ck_assert_msg(sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db->sql));
}

/* Whatever a stranger or a server chose. */
static void poison(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
    ck_sql(db, "UPDATE instance SET calling_aet = '<script>alert(1)</script>\"''&' WHERE id % 2 = 0");
    ck_sql(db, "UPDATE instance SET calling_aet = '=cmd|'' /C calc''!A0' WHERE study = '2.25.109'");
    ck_sql(db, "UPDATE instance SET called_aet = '{{needs}}<b>', reason = '<img src=x onerror=alert(1)>'"
               " WHERE state = 'quarantined'");
    ck_sql(db, "UPDATE delivery SET reason = '<script>alert(1)</script>\"''&' WHERE state = 'failed'");
    ck_sql(db, "UPDATE share SET reason = '<script>alert(1)</script>\"''&' WHERE state = 'failed'");
    ck_sql(db, "UPDATE destination SET last_error = '</td><script>alert(1)</script>\"''&'");
    ck_sql(db, "UPDATE instance SET study = '2.25.1\"><script>alert(1)</script>' WHERE study = '2.25.108'");
    ck_sql(db, "UPDATE instance SET series = '<svg onload=alert(1)>' WHERE study = '2.25.104'");
    ck_sql(db, "INSERT INTO matching (destination_id, album_id, condition, since, yes, no)"
               " SELECT destination_id, id, 'a', 1767225600000, 41, 5 FROM album WHERE name = 'ct'");
    ck_sql(db,
           "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-2 days'), 40, 0, 0"
           " FROM album WHERE name = 'ct'");
    ck_sql(db,
           "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-12 days'), 1, 5, 3"
           " FROM album WHERE name = 'ct'");
    ck_sql(
        db,
        "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-40 days'), 500, 5, 3"
        " FROM album WHERE name = 'ct'");
    ck_sql(db,
           "INSERT INTO event (at, kind, instance_id, destination_id, http_status, detail)"
           " SELECT 1767225701000, 'trouble', id, 1, 500, '<script>alert(1)</script>\"''&' FROM instance");
}

static void write_config(const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: state\nreceiver: { port: %d, min_free_space: 256MiB }\nmetrics: { port: 0 }\n%s"
                "nodes:\n  - aet: FIRST\n    destinations:\n      - name: main\n"
                "        stow_url: http://127.0.0.1:9/api/studies\n        headers: |\n"
                "          Authorization: Bearer ${file:write}\n        albums:\n"
                "          - name: ct\n            api_url: http://127.0.0.1:9/api\n"
                "            destination_token: ${file:write}\n            source_token: ${file:write}\n"
                "            condition: |\n              tagValueIsPresent(#Tag.Modality, \"<b>CT\")\n",
                port == 11112 ? 11113 : 11112, more);
    config = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static bool is_up_or_over(void *context)
{
    (void)context;
    return port_accepts(port) || !process_running(console);
}

static void start(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", config, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "console.log")};
    console = process_start(argv, &options);
    ck_assert(wait_until(is_up_or_over, NULL, PATIENCE_MS));
    ck_assert_msg(process_running(console), "the console has ended");
}

static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    sandbox = sandbox_create();
    state_dir = sandbox_make_folder(sandbox, "state");
    (void)sandbox_write(sandbox, "write", SECRET "\n");
    stored_database_make(state_dir);
    stored_database_make_spool(state_dir);
    poison();
    port = port_free();
    text_format(&more, "console: { port: %d }\n", port);
    write_config(text_string(&more));
    start();
}

static void tear_down(void)
{
    process_destroy(&console);
    sandbox_destroy(&sandbox);
}

static int get(const char *path, const char *headers, struct http_client_answer *ret_answer)
{
    return http_client_request(port, "GET", path, headers, NULL, 0, ret_answer);
}

static const char *body_of(const struct http_client_answer *answer)
{
    return text_string(&answer->body);
}

static void ck_header(const struct http_client_answer *answer, const char *name, const char *part)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    ck_assert_msg(http_client_header(answer, name, &value), "no %s", name);
    ck_assert_msg(strstr(text_string(&value), part), "%s: %s", name, text_string(&value));
}

static void ck_headers(const struct http_client_answer *answer)
{
    ck_header(answer, "Content-Security-Policy", "default-src 'self'");
    ck_header(answer, "Content-Security-Policy", "frame-ancestors 'none'");
    ck_header(answer, "X-Content-Type-Options", "nosniff");
    ck_header(answer, "Referrer-Policy", "same-origin");
    ck_header(answer, "Cache-Control", "no-store");
}

/* ---- pages ---- */

static const struct page_row {
    const char *path;
    int status;
    const char *type, *has; /* has: in the body */
} page_rows[] = {
    {"/", 200, "text/html", "things need a person"},
    {"/?span=day", 200, "text/html", "Delivered"},
    {"/now.json", 200, "application/json", "\"page\":\"now\""},
    {"/now.csv", 200, "text/csv", "destination,album,state"},
    {"/studies", 200, "text/html", "2.25.101"},
    {"/studies?state=failed", 200, "text/html", "deliver"},
    {"/studies?state=dropped", 200, "text/html", "Take a filter away"},
    {"/studies?sort=images", 200, "text/html", "Sorted by <i>Series / images</i>."},
    {"/studies?sort=images&order=asc", 200, "text/html",
     "aria-sort=\"ascending\"><a href=\"/studies?sort=images&amp;order=desc"},
    {"/studies?sort=images&rows=2", 200, "text/html", "these 2 alone"},
    {"/studies?sort=images&rows=2", 200, "text/html", "/studies?sort=images&amp;rows=2&amp;before="},
    {"/studies?state=failed", 200, "text/html", "/studies?state=failed&amp;sort=source&amp;order=asc"},
    {"/studies", 200, "text/html", "aria-sort=\"descending\"><a href=\"/studies?sort=received&amp;order=asc"},
    {"/studies?study=2.25.10", 200, "text/html", "2.25.104"},
    {"/studies?study=.104", 200, "text/html", "2.25.104"},
    {"/studies?study=7.7.7", 200, "text/html", "No study has that UID"},
    {"/studies?rows=2", 200, "text/html", "/studies?rows=2&amp;before="},
    {"/studies.json?rows=2", 200, "application/json", "\"older\":\"/studies?rows=2&before="},
    {"/studies.csv", 200, "text/csv", "study,state,calling_aet"},
    {"/study/2.25.104", 200, "text/html", "Its way"},
    {"/study/2.25.104", 200, "text/html", "On the line of time"},
    {"/study/2.25.104.json", 200, "application/json", "\"series_list\""},
    {"/study/2.25.104.csv", 200, "text/csv", "series"},
    {"/trouble", 200, "text/html", "In quarantine"},
    {"/trouble.json", 200, "application/json", "\"groups\""},
    {"/trouble.csv", 200, "text/csv", "felucca jobs --state failed"},
    {"/albums", 200, "text/html", "tagValueIsPresent(#Tag.Modality, &quot;&lt;b&gt;CT&quot;)"},
    {"/albums.json", 200, "application/json", "\"condition_text\""},
    {"/albums.json", 200, "application/json", "\"days\":[{\"day\":\""},
    {"/albums", 200, "text/html", "In the last 30 days: yes for 41 of 49 images, on 2 days"},
    {"/albums", 200, "text/html", ": yes for 1 of 9 images, undecided 3</title>"},
    {"/albums", 200, "text/html", "0 of 1 conditions held for something of the last day"},
    {"/albums.csv", 200, "text/csv", "condition_text"},
    {"/sources", 200, "text/html", "sent the newest"},
    {"/sources.json", 200, "application/json", "\"sources\""},
    {"/sources.csv", 200, "text/csv", "calling_aet,source_address"},
    {"/tokens", 200, "text/html", "destination_token"},
    {"/tokens.json", 200, "application/json", "\"tokens\""},
    {"/tokens.csv", 200, "text/csv", "destination,album,token,state"},
    {"/journal", 200, "text/html", "trouble"},
    {"/journal?before=5", 200, "text/html", "4 events"},
    {"/journal.json", 200, "application/json", "\"events\""},
    {"/journal.csv", 200, "text/csv", "id,at,kind"},
    {"/journal?before=0", 400, "text/html", "before is"},
    {"/journal?before=x", 400, "text/html", "before is"},
    {"/console.css", 200, "text/css", "--paper"},
    {"/sail.svg", 200, "image/svg+xml", "<svg"},
    {"/console.js", 200, "text/javascript", "use strict"},
    {"/study/7.7.7", 404, "text/html", "No study of this UID is known"},
    {"/study/7.7.7.json", 404, "application/json", "\"sentence\""},
    {"/study", 404, "text/html", "no such page"},
    {"/studies/2.25.104", 404, "text/html", "no such page"},
    {"/now.mustache", 404, "text/html", "no such page"},
    {"/head.mustache", 404, "text/html", "no such page"},
    {"/nowhere", 404, "text/html", "no such page"},
    {"/../../etc/passwd", 404, "text/html", "no such page"},
    {"/studies?x=1", 400, "text/html", "no such parameter"},
    {"/studies?state=nice", 400, "text/html", "state is one of"},
    {"/studies?since=2d", 400, "text/html", "since is"},
    {"/studies?sort=nice", 400, "text/html", "sort is one of: received source state study images delivered"},
    {"/studies?sort=images&order=up", 400, "text/html", "order, which goes with it, is asc or desc"},
    {"/studies?order=asc", 400, "text/html", "sort is one of"},
    {"/sources?sort=bytes", 400, "text/html", "sort is one of"},
    {"/tokens.json?sort=images", 400, "application/json", "sort is one of"},
    {"/sources?sort=size", 200, "text/html",
     "aria-sort=\"descending\"><a href=\"/sources?sort=size&amp;order=asc"},
    {"/tokens?sort=state", 200, "text/html",
     "aria-sort=\"ascending\"><a href=\"/tokens?sort=state&amp;order=desc"},
    {"/trouble", 200, "text/html",
     "aria-sort=\"descending\"><a href=\"/trouble?sort=jobs&amp;order=asc\">Jobs</a>"},
    {"/trouble?sort=last&order=asc&files_sort=size", 200, "text/html",
     "aria-sort=\"ascending\"><a href=\"/trouble?files_sort=size&amp;sort=last&amp;order=desc\""},
    {"/trouble?sort=last&order=asc&files_sort=size", 200, "text/html",
     "aria-sort=\"descending\"><a href=\"/trouble?sort=last&amp;order=asc&amp;files_sort=size&amp;files_order=asc\""},
    {"/trouble.csv?sort=to", 200, "text/csv", "felucca jobs --state failed"},
    {"/trouble?sort=size", 400, "text/html", "sort is one of: jobs state to answer last reason; order,"},
    {"/trouble.json?files_sort=jobs", 400, "application/json",
     "files_sort is one of: files size from last reason; files_order,"},
    {"/trouble?files_order=asc", 400, "text/html", "files_sort is one of"},
    {"/albums", 200, "text/html",
     "<a href=\"/albums?sort=name&amp;order=desc\" class=\"ascending\" aria-current=\"true\">"},
    {"/albums?sort=last", 200, "text/html", "<span>main/</span>ct"},
    {"/albums?sort=name&order=desc", 200, "text/html", "<span class=\"unseen\">main/</span>ct"},
    {"/albums?sort=queued", 400, "text/html", "sort is one of: name day last;"},
    {"/albums.csv?sort=day", 200, "text/csv", "condition_text"},
    {"/studies?rows=0", 400, "text/html", "rows is"},
    {"/studies?rows=201", 400, "text/html", "rows is"},
    {"/studies?before=-1", 400, "text/html", "before a number"},
    {"/studies?before=99999999999999999999", 400, "text/html", "before a number"},
    {"/?span=week", 400, "text/html", "span is"},
    {"/trouble?a=%", 400, "text/html", "not well-formed"},
};

START_TEST(page_is_shown)
{
    const struct page_row *row = &page_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get(row->path, NULL, &answer), row->status);
    ck_headers(&answer);
    ck_header(&answer, "Content-Type", row->type);
    ck_assert_msg(strstr(body_of(&answer), row->has), "%s has no %s", row->path, row->has);
    ck_assert_msg(!strstr(body_of(&answer), SECRET), "%s shows a token", row->path);
    ck_assert_msg(strcmp(row->type, "text/html") != 0 ||
                      (!strstr(body_of(&answer), "<script>") && !strstr(body_of(&answer), "<svg onload") &&
                       !strstr(body_of(&answer), "<img") && !strstr(body_of(&answer), "<b>CT")),
                  "%s has markup from a value", row->path);
}
END_TEST

static const char *const documents[] = {
    "/now.json",    "/now.json?span=day", "/studies.json", "/study/2.25.104.json", "/trouble.json",
    "/albums.json", "/sources.json",      "/tokens.json",  "/journal.json"};

START_TEST(document_is_json)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get(documents[_i], NULL, &answer), 200);
    json_t *document = json_loadb(body_of(&answer), answer.body.length, 0, NULL);
    ck_assert_ptr_nonnull(document);
    ck_assert(json_is_string(json_object_get(document, "headline")) &&
              json_is_string(json_object_get(document, "at")));
    json_decref(document);
}
END_TEST

START_TEST(values_stay_values)
{
    AUTO(http_client_answer_release) struct http_client_answer html = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer csv = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer trouble = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get("/studies", NULL, &html), 200);
    ck_assert_ptr_nonnull(strstr(body_of(&html), "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&apos;&amp;"));
    ck_assert_ptr_nonnull(strstr(body_of(&html), "/study/2.25.1%22%3E%3Cscript%3E"));
    ck_assert_int_eq(get("/studies.csv", NULL, &csv), 200);
    ck_assert_ptr_nonnull(strstr(body_of(&csv), "'=cmd|"));
    ck_assert_int_eq(get("/trouble", NULL, &trouble), 200);
    ck_assert_ptr_nonnull(strstr(body_of(&trouble), "{{needs}}&lt;b&gt;")); /* no template either */
    ck_assert_ptr_nonnull(strstr(body_of(&trouble), "&lt;img src=x onerror=alert(1)&gt;"));
}
END_TEST

START_TEST(hostile_study_has_a_page)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get("/study/2.25.1%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", NULL, &answer), 404);
    http_client_answer_release(&answer);
    ck_assert_int_eq(get("/studies?source=%3Cscript%3E", NULL, &answer), 200);
    ck_assert_ptr_null(strstr(body_of(&answer), "<script>"));
    ck_assert_ptr_nonnull(strstr(body_of(&answer), "value=\"&lt;script&gt;\" selected"));
}
END_TEST

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *found = strstr(text, part); found; found = strstr(found + 1, part))
        count++;
    return count;
}

static void change(const char *sql)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
    ck_sql(db, sql);
}

/* Lines of each kind, of which no two are alike. */
static void add_trouble(void)
{
    change(
        "UPDATE matching SET matched_at = 1767225700000 WHERE yes > 0;"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7)"
        " INSERT INTO inquiry (destination_id, album_id, series_id, study, series, request_id, since, until, state,"
        " due_at, http_status, reason, created_at, finished_at) SELECT a.destination_id, a.id, i, '2.25.101', '1.2',"
        " 1, 1, 2, 'failed', 1, 400 + i % 3, 'gone ' || (i % 3), 1, 1767225701000 + i % 3 FROM n, album a"
        " WHERE a.name IN ('ct', 'former');"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7)"
        " INSERT INTO instance (receipt, state, place, size, received_at, decided_at, reason, calling_aet, called_aet)"
        " SELECT 'beef' || i, 'quarantined', 'quarantine', 1000 * (7 - i), 1, 1767225701000 + i % 3, 'cut ' || (i % 3),"
        " 'CT0' || (i % 3), 'FIRST' FROM n");
}

static const struct sorted_row {
    const char *path, *list, *member;
    bool falls;
} sorted_rows[] = {
    {"/studies.json?sort=images", "studies", "instances", true},
    {"/studies.json?sort=images&order=asc", "studies", "instances", false},
    {"/studies.json?sort=source", "studies", "calling_aet", false},
    {"/studies.json?sort=source&order=desc", "studies", "calling_aet", true},
    {"/studies.json?sort=received&order=asc", "studies", "last_received_at", false},
    {"/studies.json?sort=delivered", "studies", "delivered", true},
    {"/sources.json?sort=images", "sources", "instances", true},
    {"/sources.json?sort=seen&order=asc", "sources", "last_received_at", false},
    {"/tokens.json?sort=token&order=desc", "tokens", "token", true},
    {"/trouble.json", "groups", "count", true},
    {"/trouble.json?sort=jobs&order=asc", "groups", "count", false},
    {"/trouble.json?sort=answer", "groups", "http_status", false},
    {"/trouble.json?sort=to&order=desc", "groups", "destination", true},
    {"/trouble.json?sort=reason&files_sort=size", "groups", "reason", false},
    {"/trouble.json?sort=reason&files_sort=size", "quarantine", "bytes", true},
    {"/trouble.json?files_sort=from&files_order=desc", "quarantine", "calling_aet", true},
    {"/trouble.json?files_sort=last", "quarantine", "last_at", true},
    {"/albums.json", "targets", "destination", false},
    {"/albums.json?sort=name&order=desc", "targets", "destination", true},
    {"/albums.json?sort=day", "targets", "condition.yes_day", true},
    {"/albums.json?sort=last&order=asc", "targets", "condition.matched_at", false},
};

/* Below 0, 0, above 0; what is not known is above everything. */
static int order_of(const json_t *a, const json_t *b, bool falls)
{
    bool knows_a = a && !json_is_null(a), knows_b = b && !json_is_null(b);
    if (!knows_a || !knows_b)
        return !knows_a - !knows_b;
    int order = json_is_string(a) ? strcmp(json_string_value(a), json_string_value(b))
                                  : (json_integer_value(a) > json_integer_value(b)) -
                                        (json_integer_value(a) < json_integer_value(b));
    return falls ? -order : order;
}

/* "condition.yes_day": of an object in it; NULL: there is none. */
static const json_t *member_of(const json_t *row, const char *member)
{
    const char *dot = strchr(member, '.');
    return dot ? json_object_get(json_object_getn(row, member, (size_t)(dot - member)), dot + 1)
               : json_object_get(row, member);
}

START_TEST(rows_are_sorted)
{
    const struct sorted_row *row = &sorted_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    add_trouble();
    ck_assert_int_eq(get(row->path, NULL, &answer), 200);
    json_t *document = json_loadb(body_of(&answer), answer.body.length, 0, NULL);
    const json_t *list = json_object_get(document, row->list);
    ck_assert_uint_gt(json_array_size(list), 2);
    for (size_t i = 1; i < json_array_size(list); i++)
        ck_assert_msg(order_of(member_of(json_array_get(list, i - 1), row->member),
                               member_of(json_array_get(list, i), row->member), row->falls) <= 0,
                      "%s: row %zu", row->path, i);
    json_decref(document);
}
END_TEST

/* Of many things that need a person three are shown, and the others with a click: each once. */
START_TEST(long_duty_is_folded)
{
    AUTO(http_client_answer_release) struct http_client_answer before = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(json_release) json_t *document = NULL;
    ck_assert_int_eq(get("/", NULL, &before), 200);
    ck_assert_uint_eq(count_of(body_of(&before), "more-cases"), 0);
    change(
        "UPDATE destination SET state = 'blocked', since = 1767225701000, queued = 5, failed = 2, undecided = 3;"
        "UPDATE album SET failed = 3, undecided = 2");
    ck_assert_int_eq(get("/?span=hour", NULL, &answer), 200);
    const char *folded = strstr(body_of(&answer), "<details class=\"more-cases\">");
    ck_assert_ptr_nonnull(folded);
    size_t cases = count_of(body_of(&answer), "<li class=\"case\">"),
           behind = count_of(folded, "<li class=\"case\">");
    ck_assert_uint_eq(cases - behind, 3);
    ck_assert_uint_gt(behind, 1);
    AUTO(http_client_answer_release) struct http_client_answer data = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get("/now.json?span=hour", NULL, &data), 200);
    document = json_loadb(body_of(&data), data.body.length, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(document, "needs_person")), cases);
}
END_TEST

/* A day far above the others is cut, with its number, so that the others can be seen. */
START_TEST(bar_far_above_the_others_is_cut)
{
    AUTO(http_client_answer_release) struct http_client_answer before = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    change("DELETE FROM matching_day");
    change(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)"
        " INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-' || i || ' days'), 3, 1, 0"
        " FROM n, album WHERE name = 'ct'");
    ck_assert_int_eq(get("/albums", NULL, &before), 200);
    ck_assert_uint_eq(count_of(body_of(&before), "<rect class=\"cut\""), 0);
    ck_assert_ptr_nonnull(strstr(body_of(&before), ">yes, images a day, at most 3</text>"));
    change(
        "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-9 days'), 4321, 0, 0"
        " FROM album WHERE name = 'ct'");
    ck_assert_int_eq(get("/albums?sort=name", NULL, &answer),
                     200); /* another address: not answered from before */
    ck_assert_uint_eq(count_of(body_of(&answer), "<rect class=\"cut\""), 2); /* of yes, and of asked */
    ck_assert_uint_eq(count_of(body_of(&answer), ">4,321</text>"), 2);
    ck_assert_ptr_null(strstr(body_of(&answer), ">yes, images a day, at most"));
    ck_assert_ptr_nonnull(strstr(body_of(&answer), ": yes for 4,321 of 4,321 images</title>"));
}
END_TEST

/* For three widths; whoever does not see it has a sentence. */
START_TEST(line_of_time_is_drawn)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(get("/study/2.25.101", NULL, &answer), 200);
    ck_assert_uint_eq(count_of(body_of(&answer), "<svg class=\"drawing "), 3);
    ck_assert_uint_eq(count_of(body_of(&answer), "aria-label=\"On a line of time. received: "), 3);
    ck_assert_ptr_nonnull(strstr(body_of(&answer), ". main: "));
    ck_assert_uint_eq(count_of(body_of(&answer), " style="), 0); /* the policy lets none count */
}
END_TEST

START_TEST(what_is_known_is_not_sent_again)
{
    AUTO(http_client_answer_release) struct http_client_answer first = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer again = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text tag = TEXT_EMPTY;
    AUTO(text_release) struct text header = TEXT_EMPTY;
    ck_assert_int_eq(get("/studies.json", NULL, &first), 200);
    ck_assert(http_client_header(&first, "ETag", &tag));
    text_format(&header, "If-None-Match: %s\r\n", text_string(&tag));
    ck_assert_int_eq(get("/studies.json", text_string(&header), &again), 304);
    ck_assert_uint_eq(again.body.length, 0);
    ck_headers(&again);
}
END_TEST

/* ---- who may come in ---- */

static const struct raw_row {
    const char *label, *request;
    int status;
} raw_rows[] = {
    {"no host", "GET / HTTP/1.0\r\n\r\n", 400},
    {"two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
     400},
    {"another's host", "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421},
    {"a host that begins well", "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\nConnection: close\r\n\r\n",
     421},
    {"its own name", "GET /now.json HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n", 200},
    {"its address", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 200},
    {"POST", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 405},
    {"DELETE", "DELETE /study/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405},
    {"another server's address",
     "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400},
};

static int ask_raw(const char *request, size_t length)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(fd_close) int fd = port_connect(port);
    ck_assert_int_ge(fd, 0);
    (void)send(fd, request, length, MSG_NOSIGNAL);
    return http_client_read(fd, &answer);
}

static void ck_alive(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert(process_running(console));
    ck_assert_int_eq(get("/now.json", NULL, &answer), 200);
}

START_TEST(stranger_is_refused)
{
    ck_assert_msg(ask_raw(raw_rows[_i].request, strlen(raw_rows[_i].request)) == raw_rows[_i].status, "%s",
                  raw_rows[_i].label);
    ck_alive();
}
END_TEST

START_TEST(long_addresses_are_refused)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    text_append(&request, "GET /");
    for (int i = 0; i < 9000; i++)
        text_append_char(&request, 'a');
    text_append(&request, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ck_assert_int_eq(ask_raw(text_string(&request), request.length), 414);
    ck_alive();
}
END_TEST

START_TEST(endless_headers_are_refused)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    text_append(&request, "GET / HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 4000; i++)
        text_format(&request, "X-Header-%d: some value or other\r\n", i);
    int status = ask_raw(text_string(&request), request.length);
    ck_assert_msg(status == 431 || status == 413 || status == 0, "%d", status);
    ck_alive();
}
END_TEST

START_TEST(noise_is_survived)
{
    static const char noise[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \0\0\0\xff\xfe\r\n\r\n";
    for (int i = 0; i < 50; i++)
        (void)ask_raw(noise, sizeof noise);
    ck_alive();
}
END_TEST

/* More than it has room for say nothing: a new one comes in all the same. */
START_TEST(silent_crowd_keeps_nobody_out)
{
    int crowd[CROWD];
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = port_connect(port);
        (void)send(crowd[i], "GET / HT", 8, MSG_NOSIGNAL);
    }
    ck_alive();
    for (int i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
    ck_alive();
}
END_TEST

/* ---- many at once ---- */

static bool works(void *context)
{
    return process_cpu_ms(console) >= *(int64_t *)context;
}

static bool has_input(void *context)
{
    char byte;
    return recv(*(int *)context, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1;
}

/* Whether another page was answered while the endless one was still being made. That takes 2 s; where the machine has no time for
 * a page within them, it is tried again. */
static bool another_comes_first(const char *path)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text request = TEXT_EMPTY;
    AUTO(fd_close) int slow = port_connect(port);
    int64_t busy_ms = process_cpu_ms(console) + 50;
    text_format(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    ck_assert_int_eq(send(slow, text_string(&request), request.length, MSG_NOSIGNAL), request.length);
    ck_assert(wait_until(works, &busy_ms, PATIENCE_MS));
    int status = get("/now.json", NULL, &answer);
    bool is_first = status == 200 && !has_input(&slow);
    ck_assert(wait_until(has_input, &slow, PATIENCE_MS));
    return is_first;
}

START_TEST(slow_question_holds_up_nobody)
{
    enum { TIMES = 10 };
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    stored_database_make_endless(state_dir);
    ck_assert_int_eq(get("/journal", NULL, &answer), 503);
    int times = 0;
    while (times < TIMES && !another_comes_first(times % 2 ? "/journal" : "/journal.json"))
        times++;
    ck_assert_msg(times < TIMES, "/now.json was never answered while /journal was made");
}
END_TEST

/* ---- what is around it ---- */

START_TEST(absent_database_is_told)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    ck_assert_int_eq(jobdb_set_aside(state_dir, 1, &name), 0);
    ck_assert_int_eq(get("/studies", NULL, &answer), 503);
    ck_headers(&answer);
    ck_assert_ptr_nonnull(strstr(body_of(&answer), "There is no job database yet"));
    ck_assert(process_running(console));
}
END_TEST

START_TEST(it_ends_when_told)
{
    process_signal(console, SIGTERM);
    ck_assert_int_eq(process_wait(console, PATIENCE_MS), 0);
}
END_TEST

static const struct config_row {
    const char *label, *console, *says;
    int status;
} config_rows[] = {
    {"an address that others reach", "console: { bind: 0.0.0.0 }\n", "console: bind", 3},
    {"all of them, version 6", "console: { bind: \"::\" }\n", "console: bind", 3},
    {"the same, knowingly", "console: { bind: 0.0.0.0, insecure: yes-i-know }\n", "configuration OK", 0},
    {"loopback", "console: { bind: \"::1\" }\n", "configuration OK", 0},
    {"the receiver's port", "console: { port: 11112 }\n", "console: port", 3},
    {"no port", "console: { port: 0 }\n", "console: port", 3},
    {"a key that is not there", "console: { pages: all }\n", "there is no key", 3},
};

START_TEST(configuration_is_checked)
{
    const struct config_row *row = &config_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    write_config(row->console);
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", config, "--check", NULL};
    ck_assert_msg(process_run(argv, NULL, PATIENCE_MS, &output) == row->status, "%s: %s", row->label,
                  text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
}
END_TEST

START_TEST(without_configuration_there_is_none)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    write_config("");
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", config, NULL};
    ck_assert_int_eq(process_run(argv, NULL, PATIENCE_MS, &output), 3);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "no console"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, page_is_shown, ROWS(page_rows));
    tests_rows(tests, document_is_json, ROWS(documents));
    tests_add(tests, values_stay_values);
    tests_add(tests, hostile_study_has_a_page);
    tests_add(tests, line_of_time_is_drawn);
    tests_add(tests, long_duty_is_folded);
    tests_add(tests, bar_far_above_the_others_is_cut);
    tests_rows(tests, rows_are_sorted, ROWS(sorted_rows));
    tests_add(tests, what_is_known_is_not_sent_again);
    tests_rows(tests, stranger_is_refused, ROWS(raw_rows));
    tests_add(tests, long_addresses_are_refused);
    tests_add(tests, endless_headers_are_refused);
    tests_add(tests, noise_is_survived);
    tests_add(tests, silent_crowd_keeps_nobody_out);
    tests_add(tests, slow_question_holds_up_nobody);
    tests_add(tests, absent_database_is_told);
    tests_add(tests, it_ends_when_told);
    tests_rows(tests, configuration_is_checked, ROWS(config_rows));
    tests_add(tests, without_configuration_there_is_none);
    return tests_run(tests);
}
