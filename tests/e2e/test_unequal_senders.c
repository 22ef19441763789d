/* Two senders of one router that do not have the same: real processes, simulated KHEOPS. Only who has what the router takes
 * for right sends, and the other one rests. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SOON_MS = 35000, STUDIES = 8, SERIES = 3 };

static struct sandbox *sandbox;
static struct simulator *kheops, *elsewhere;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
        "--token", "all:write:ALLWRITE",   "--token", "other:write:OTHERWRITE",
        NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    elsewhere = simulator_start(sandbox, "elsewhere", tokens);
}

/* albums: 0, or 1 with all of it. */
static void begin(size_t albums)
{
    const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};
    const struct pipeline_destination destination = {.name = "main",
                                                     .simulator = kheops,
                                                     .token = "MAINWRITE",
                                                     .albums = &album,
                                                     .album_count = albums,
                                                     .more = "        allow_other_origin: true\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "sender: { slots: 1, batch_instances: 2 }\n"};
    pipeline = pipeline_create(sandbox, &options);
    (void)pipeline_start(pipeline, PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&elsewhere);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* What is in a sender's own file. */
static const char *own_token(const char *token)
{
    (void)sandbox_write(sandbox, "own-token", token);
    return "own-token}";
}

struct asked {
    size_t number;
    double count;
};

static bool has_asked(void *context)
{
    const struct asked *asked = context;
    return pipeline_metric(pipeline, PIPELINE_SENDER, asked->number, "felucca_token_checks_total") >=
           asked->count;
}

/* Starts one more sender, whose token was looked at before this returns. */
static void start_sender(void)
{
    struct asked asked = {pipeline_start(pipeline, PIPELINE_SENDER), 1};
    check(wait_until(has_asked, &asked, SOON_MS), "its token is not looked at");
}

static int tell_felucca(const char *verb, const char *what)
{
    const char *argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), verb, what, "main", NULL};
    if (!what) {
        argv[4] = "main";
        argv[5] = NULL;
    }
    return process_run(argv, NULL, PATIENCE_MS, NULL);
}

/* All of them at once, so that each sender gets some. */
static void send_studies(uint64_t first, int count)
{
    ck_assert_int_eq(tell_felucca("hold", NULL), 0);
    for (int i = 0; i < count; i++)
        pipeline_send_small_study(pipeline, sandbox, first + (uint64_t)i, SERIES);
    ck_assert_int_eq(tell_felucca("release", NULL), 0);
}

static void await_stored(int64_t count)
{
    check(simulator_wait_instances(kheops, count, SOON_MS), "not everything goes");
}

/* One of two sentences, by who notices first that two tokens open two albums. */
static bool is_another_album_told(void *context)
{
    json_t *status = operator_status(pipeline, "main", NULL);
    const char *error = json_string_value(json_object_get(status, "last_error"));
    (void)context;
    bool told =
        error && (strstr(error, "the STOW token of this sender opens another album") ||
                  strstr(error, "the STOW token opens another album than the one that everything went to"));
    json_decref(status);
    return told;
}

static bool is_told(void *says)
{
    json_t *status = operator_status(pipeline, "main", NULL);
    const char *error = json_string_value(json_object_get(status, "last_error"));
    bool told = error && strstr(error, says);
    json_decref(status);
    return told;
}

/* ---- tokens ---- */

START_TEST(two_tokens_do_not_fill_two_albums)
{
    enum { ALL = STUDIES * SERIES };
    begin(0);
    start_sender();
    pipeline_reword_next(pipeline, "token-MAINWRITE}", own_token("OTHERWRITE"));
    start_sender();
    send_studies(1, STUDIES);
    await_stored(ALL);
    int64_t there = simulator_stored_in(kheops, "main");
    ck_assert_msg(there == 0 || there == ALL, "%lld of %d are in one album, the others in another",
                  (long long)there, ALL);
    check(wait_until(is_another_album_told, NULL, SOON_MS), "status does not say why one of them rests");
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, SOON_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

/* The album that the router takes for the destination's. */
static void read_home(struct text *ret_home)
{
    AUTO(text_release) struct text database = TEXT_EMPTY;
    text_format(&database, "%s/jobs.db", pipeline_state_dir(pipeline));
    const char *const argv[] = {"sqlite3", "-readonly", text_string(&database),
                                "SELECT home_album FROM destination", NULL};
    check(process_run(argv, NULL, PATIENCE_MS, ret_home) == 0, "the database cannot be read");
}

static bool home_is_another(void *context)
{
    AUTO(text_release) struct text home = TEXT_EMPTY;
    read_home(&home);
    return strcmp(text_string(&home), text_string(context)) != 0;
}

static void await_another_home(struct text *before)
{
    check(wait_until(home_is_another, before, SOON_MS), "the album stays");
}

/* It told of its album last, and went before anything was stored there. */
START_TEST(a_sender_that_is_gone_leaves_no_album_behind)
{
    AUTO(text_release) struct text nothing = TEXT_EMPTY, first = TEXT_EMPTY;
    begin(0);
    text_append(&nothing, "\n");
    start_sender();
    await_another_home(&nothing);
    read_home(&first);
    pipeline_reword_next(pipeline, "token-MAINWRITE}", own_token("OTHERWRITE"));
    start_sender();
    await_another_home(&first);
    process_kill(pipeline_process(pipeline, PIPELINE_SENDER, 1));
    send_studies(1, 1);
    await_stored(SERIES);
    ck_assert_int_eq(simulator_stored_in(kheops, "main"), SERIES);
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, SOON_MS), "not up");
    pipeline_start_again(pipeline, PIPELINE_SENDER, 1);
    pipeline_stop_all(pipeline);
}
END_TEST

static bool moves(void *context)
{
    (void)context;
    return tell_felucca("destination", "move") == 0;
}

START_TEST(a_sender_with_the_token_of_before_a_move_rests)
{
    enum { ALL = STUDIES * SERIES };
    begin(0);
    start_sender();
    pipeline_reword_next(pipeline, "token-MAINWRITE}", own_token("MAINWRITE"));
    start_sender();
    send_studies(1, 2);
    await_stored(2 * SERIES);
    file_write_string(sandbox_path(sandbox, "token-MAINWRITE"), "OTHERWRITE");
    check(wait_until(moves, NULL, SOON_MS), "it cannot be moved");
    send_studies(10, STUDIES);
    await_stored(2 * SERIES + ALL);
    ck_assert_int_eq(simulator_stored_in(kheops, "main"), 2 * SERIES);
    ck_assert_int_eq(simulator_stored_in(kheops, "other"), ALL);
    /* With the token of all it works again. */
    (void)own_token("OTHERWRITE");
    process_kill(pipeline_process(pipeline, PIPELINE_SENDER, 0));
    send_studies(30, 1);
    await_stored(3 * SERIES + ALL);
    ck_assert_int_eq(simulator_stored_in(kheops, "main"), 2 * SERIES);
    pipeline_start_again(pipeline, PIPELINE_SENDER, 0);
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- a stale configuration ---- */

static const char *url_of(struct text *url, const struct simulator *simulator, const char *path)
{
    text_format(url, "http://127.0.0.1:%d/%s\n", simulator->port, path);
    return text_string(url);
}

/* The configuration of its own is what the others have, at last, and it takes it. */
static void correct(enum pipeline_stage stage, size_t number, const char *file, const char *stale,
                    const char *right)
{
    AUTO(text_release) struct text content = TEXT_EMPTY, corrected = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "%s", file);
    file_read(path, &content);
    const char *place = strstr(text_string(&content), stale);
    ck_assert_ptr_nonnull(place);
    text_format(&corrected, "%.*s%s%s", (int)(place - text_string(&content)), text_string(&content), right,
                place + strlen(stale));
    file_write_string(path, text_string(&corrected));
    process_signal(pipeline_process(pipeline, stage, number), SIGHUP);
}

static const struct stale_row {
    const char *label;
    bool alone; /* no other sender is there */
} stale_rows[] = {{"one of two", false}, {"the only one", true}};

START_TEST(a_sender_with_a_stale_address_sends_nothing)
{
    const struct stale_row *row = &stale_rows[_i];
    enum { ALL = STUDIES * SERIES };
    AUTO(text_release) struct text right = TEXT_EMPTY, stale = TEXT_EMPTY;
    size_t its = row->alone ? 0 : 1;
    begin(0);
    if (!row->alone)
        start_sender();
    pipeline_reword_next(pipeline, url_of(&right, kheops, "api/studies"),
                         url_of(&stale, elsewhere, "api/studies"));
    start_sender();
    send_studies(1, STUDIES);
    if (!row->alone)
        await_stored(ALL);
    check(wait_until(is_told,
                     (void *)"the configuration of this sender has another address (stow_url or api_url)",
                     SOON_MS),
          "status does not say why it rests");
    check(operator_wait_state(pipeline, "main", NULL, row->alone ? "blocked" : "up", NULL, SOON_MS),
          row->label);
    ck_assert_int_eq(simulator_count(elsewhere, "requests.stow"), 0);
    correct(PIPELINE_SENDER, its, row->alone ? "sender-0.yaml" : "sender-1.yaml", text_string(&stale),
            text_string(&right));
    if (!row->alone)
        process_kill(pipeline_process(pipeline, PIPELINE_SENDER, 0));
    send_studies(30, 1);
    await_stored(ALL + SERIES);
    ck_assert_int_eq(simulator_count(elsewhere, "requests.stow"), 0);
    if (!row->alone)
        pipeline_start_again(pipeline, PIPELINE_SENDER, 0);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(a_sharer_with_a_stale_address_shares_nothing)
{
    AUTO(text_release) struct text right = TEXT_EMPTY, stale = TEXT_EMPTY;
    begin(1);
    start_sender();
    pipeline_reword_next(pipeline, url_of(&right, kheops, "api"), url_of(&stale, elsewhere, "api"));
    (void)pipeline_start(pipeline, PIPELINE_SHARER);
    send_studies(1, 1);
    check(operator_wait_state(pipeline, "main", "all", "blocked",
                              "the configuration of this sharer has another address (api_url)", SOON_MS),
          "the album is not blocked");
    ck_assert_int_eq(simulator_count(elsewhere, "requests.share"), 0);
    correct(PIPELINE_SHARER, 0, "sharer-0.yaml", text_string(&stale), text_string(&right));
    check(simulator_wait_shared(kheops, "all", SERIES, SOON_MS), "not shared");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("unequal_senders");
    tests_abreast(tests, 2);
    tests_timeout(tests, 180);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, two_tokens_do_not_fill_two_albums);
    tests_add(tests, a_sender_that_is_gone_leaves_no_album_behind);
    tests_add(tests, a_sender_with_the_token_of_before_a_move_rests);
    tests_rows(tests, a_sender_with_a_stale_address_sends_nothing, ROWS(stale_rows));
    tests_add(tests, a_sharer_with_a_stale_address_shares_nothing);
    return tests_run(tests);
}
