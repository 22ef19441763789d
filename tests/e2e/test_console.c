/* The console's pages as a real process makes them, over a stored database whose rows try to become markup. */
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "tests/support/http_client.h"
#include "tests/support/stored_console.h"
#include "tests/support/suite.h"

#include <string.h>

static struct stored_console *console;

/* Whatever a stranger or a server chose. */
static const char poison[] =
    "UPDATE instance SET calling_aet = '<script>alert(1)</script>\"''&' WHERE id % 2 = 0;"
    "UPDATE instance SET calling_aet = '=cmd|'' /C calc''!A0' WHERE study = '2.25.109';"
    "UPDATE instance SET called_aet = '{{needs}}<b>', reason = '<img src=x onerror=alert(1)>'"
    " WHERE state = 'quarantined';"
    "UPDATE delivery SET reason = '<script>alert(1)</script>\"''&' WHERE state = 'failed';"
    "UPDATE share SET reason = '<script>alert(1)</script>\"''&' WHERE state = 'failed';"
    "UPDATE destination SET last_error = '</td><script>alert(1)</script>\"''&';"
    "UPDATE instance SET study = '2.25.1\"><script>alert(1)</script>' WHERE study = '2.25.108';"
    "UPDATE instance SET series = '<svg onload=alert(1)>' WHERE study = '2.25.104';"
    "INSERT INTO matching (destination_id, album_id, condition, since, yes, no)"
    " SELECT destination_id, id, 'a', 1767225600000, 41, 5 FROM album WHERE name = 'ct';"
    "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-2 days'), 40, 0, 0"
    " FROM album WHERE name = 'ct';"
    "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-12 days'), 1, 5, 3"
    " FROM album WHERE name = 'ct';"
    "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-40 days'), 500, 5, 3"
    " FROM album WHERE name = 'ct';"
    "INSERT INTO event (at, kind, instance_id, destination_id, http_status, detail)"
    " SELECT 1767225701000, 'trouble', id, 1, 500, '<script>alert(1)</script>\"''&' FROM instance";

static void set_up(void)
{
    console = stored_console_create();
    stored_console_change(console, poison);
}

static void tear_down(void)
{
    stored_console_destroy(&console);
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
    ck_assert_int_eq(stored_console_get(console, row->path, NULL, &answer), row->status);
    stored_console_ck_headers(&answer);
    stored_console_ck_header(&answer, "Content-Type", row->type);
    ck_assert_msg(strstr(text_string(&answer.body), row->has), "%s has no %s", row->path, row->has);
    ck_assert_msg(!strstr(text_string(&answer.body), STORED_CONSOLE_SECRET), "%s shows a token", row->path);
    ck_assert_msg(strcmp(row->type, "text/html") != 0 || (!strstr(text_string(&answer.body), "<script>") &&
                                                          !strstr(text_string(&answer.body), "<svg onload") &&
                                                          !strstr(text_string(&answer.body), "<img") &&
                                                          !strstr(text_string(&answer.body), "<b>CT")),
                  "%s has markup from a value", row->path);
}
END_TEST

static const char *const documents[] = {
    "/now.json",    "/now.json?span=day", "/studies.json", "/study/2.25.104.json", "/trouble.json",
    "/albums.json", "/sources.json",      "/tokens.json",  "/journal.json"};

START_TEST(document_is_json)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(stored_console_get(console, documents[_i], NULL, &answer), 200);
    json_t *document = json_loadb(text_string(&answer.body), answer.body.length, 0, NULL);
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
    ck_assert_int_eq(stored_console_get(console, "/studies", NULL, &html), 200);
    ck_assert_ptr_nonnull(
        strstr(text_string(&html.body), "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&apos;&amp;"));
    ck_assert_ptr_nonnull(strstr(text_string(&html.body), "/study/2.25.1%22%3E%3Cscript%3E"));
    ck_assert_int_eq(stored_console_get(console, "/studies.csv", NULL, &csv), 200);
    ck_assert_ptr_nonnull(strstr(text_string(&csv.body), "'=cmd|"));
    ck_assert_int_eq(stored_console_get(console, "/trouble", NULL, &trouble), 200);
    ck_assert_ptr_nonnull(strstr(text_string(&trouble.body), "{{needs}}&lt;b&gt;")); /* no template either */
    ck_assert_ptr_nonnull(strstr(text_string(&trouble.body), "&lt;img src=x onerror=alert(1)&gt;"));
}
END_TEST

START_TEST(hostile_study_has_a_page)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(
        stored_console_get(console, "/study/2.25.1%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", NULL, &answer),
        404);
    http_client_answer_release(&answer);
    ck_assert_int_eq(stored_console_get(console, "/studies?source=%3Cscript%3E", NULL, &answer), 200);
    ck_assert_ptr_null(strstr(text_string(&answer.body), "<script>"));
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "value=\"&lt;script&gt;\" selected"));
}
END_TEST

START_TEST(study_in_quarantine_says_so)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    stored_console_change(
        console, "INSERT INTO instance (receipt, state, place, study, size, received_at, decided_at, reason)"
                 " VALUES ('beef', 'quarantined', 'quarantine', '2.25.777', 9, 1, 1, 'cut')");
    ck_assert_int_eq(stored_console_get(console, "/study/2.25.777", NULL, &answer), 200);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "<h1>In quarantine: 1 file</h1>"));
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "not yet: in quarantine"));
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "nothing goes out until then"));
    ck_assert_ptr_null(strstr(text_string(&answer.body), "0 of 0"));
}
END_TEST

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *found = strstr(text, part); found; found = strstr(found + 1, part))
        count++;
    return count;
}

/* Lines of each kind, of which no two are alike. */
static void add_trouble(void)
{
    stored_console_change(
        console,
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
    ck_assert_int_eq(stored_console_get(console, row->path, NULL, &answer), 200);
    json_t *document = json_loadb(text_string(&answer.body), answer.body.length, 0, NULL);
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
    ck_assert_int_eq(stored_console_get(console, "/", NULL, &before), 200);
    ck_assert_uint_eq(count_of(text_string(&before.body), "more-cases"), 0);
    stored_console_change(
        console,
        "UPDATE destination SET state = 'blocked', since = 1767225701000, queued = 5, failed = 2, undecided = 3;"
        "UPDATE album SET failed = 3, undecided = 2");
    ck_assert_int_eq(stored_console_get(console, "/?span=hour", NULL, &answer), 200);
    const char *folded = strstr(text_string(&answer.body), "<details class=\"more-cases\">");
    ck_assert_ptr_nonnull(folded);
    size_t cases = count_of(text_string(&answer.body), "<li class=\"case\">"),
           behind = count_of(folded, "<li class=\"case\">");
    ck_assert_uint_eq(cases - behind, 3);
    ck_assert_uint_gt(behind, 1);
    AUTO(http_client_answer_release) struct http_client_answer data = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(stored_console_get(console, "/now.json?span=hour", NULL, &data), 200);
    document = json_loadb(text_string(&data.body), data.body.length, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(document, "needs_person")), cases);
}
END_TEST

/* A day far above the others is cut, with its number, so that the others can be seen. */
START_TEST(bar_far_above_the_others_is_cut)
{
    AUTO(http_client_answer_release) struct http_client_answer before = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    stored_console_change(console, "DELETE FROM matching_day");
    stored_console_change(
        console,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)"
        " INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-' || i || ' days'), 3, 1, 0"
        " FROM n, album WHERE name = 'ct'");
    ck_assert_int_eq(stored_console_get(console, "/albums", NULL, &before), 200);
    ck_assert_uint_eq(count_of(text_string(&before.body), "<rect class=\"cut\""), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&before.body), ">yes, images a day, at most 3</text>"));
    stored_console_change(
        console,
        "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime', '-9 days'), 4321, 0, 0"
        " FROM album WHERE name = 'ct'");
    ck_assert_int_eq(stored_console_get(console, "/albums?sort=name", NULL, &answer),
                     200); /* another address: not answered from before */
    ck_assert_uint_eq(count_of(text_string(&answer.body), "<rect class=\"cut\""),
                      2); /* of yes, and of asked */
    ck_assert_uint_eq(count_of(text_string(&answer.body), ">4,321</text>"), 2);
    ck_assert_ptr_null(strstr(text_string(&answer.body), ">yes, images a day, at most"));
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), ": yes for 4,321 of 4,321 images</title>"));
}
END_TEST

/* The same of what was done in the last hour. */
START_TEST(bar_of_now_is_cut)
{
    AUTO(http_client_answer_release) struct http_client_answer before = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    stored_console_change(
        console,
        "DELETE FROM tally; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)"
        " INSERT INTO tally (destination_id, album_id, started_at, done)"
        " SELECT 1, 0, (unixepoch() / 300 - i) * 300000, 20 FROM n");
    ck_assert_int_eq(stored_console_get(console, "/", NULL, &before), 200);
    ck_assert_ptr_null(strstr(text_string(&before.body), "the highest bars are cut."));
    stored_console_change(console, "INSERT INTO tally (destination_id, album_id, started_at, done)"
                                   " VALUES (1, 0, (unixepoch() / 300 - 9) * 300000, 7654)");
    ck_assert_int_eq(stored_console_get(console, "/?span=hour", NULL, &answer), 200);
    ck_assert_uint_eq(count_of(text_string(&answer.body), "the highest bars are cut."), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "7,654"));
}
END_TEST

/* For three widths; whoever does not see it has a sentence. */
START_TEST(line_of_time_is_drawn)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(stored_console_get(console, "/study/2.25.101", NULL, &answer), 200);
    ck_assert_uint_eq(count_of(text_string(&answer.body), "<svg class=\"drawing "), 3);
    ck_assert_uint_eq(count_of(text_string(&answer.body), "aria-label=\"On a line of time. received: "), 3);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), ". main: "));
    ck_assert_uint_eq(count_of(text_string(&answer.body), " style="), 0); /* the policy lets none count */
}
END_TEST

START_TEST(what_is_known_is_not_sent_again)
{
    AUTO(http_client_answer_release) struct http_client_answer first = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer again = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text tag = TEXT_EMPTY;
    AUTO(text_release) struct text header = TEXT_EMPTY;
    ck_assert_int_eq(stored_console_get(console, "/studies.json", NULL, &first), 200);
    ck_assert(http_client_header(&first, "ETag", &tag));
    text_format(&header, "If-None-Match: %s\r\n", text_string(&tag));
    ck_assert_int_eq(stored_console_get(console, "/studies.json", text_string(&header), &again), 304);
    ck_assert_uint_eq(again.body.length, 0);
    stored_console_ck_headers(&again);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, page_is_shown, ROWS(page_rows));
    tests_rows(tests, document_is_json, ROWS(documents));
    tests_add(tests, values_stay_values);
    tests_add(tests, hostile_study_has_a_page);
    tests_add(tests, study_in_quarantine_says_so);
    tests_add(tests, line_of_time_is_drawn);
    tests_add(tests, long_duty_is_folded);
    tests_add(tests, bar_far_above_the_others_is_cut);
    tests_add(tests, bar_of_now_is_cut);
    tests_rows(tests, rows_are_sorted, ROWS(sorted_rows));
    tests_add(tests, what_is_known_is_not_sent_again);
    return tests_run(tests);
}
