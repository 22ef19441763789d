/* Tokens while nothing else happens: what KHEOPS says against them is shown before anybody is refused, and
 * who was blocked by one goes on soon after it was renewed. Real processes, simulated KHEOPS; the waits of a
 * blocked destination are those of an installation, a minute. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, SOON_MS = 35000 /* less than the probe of a blocked target takes */ };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE",    "--token", "main:write:MAINWRITENEXT",
        "--token", "main:read,send:MAINSEND", "--token", "main:read,send:MAINSENDNEXT",
        "--token", "all:write:ALLWRITE",      "--token", "all:write:ALLWRITENEXT",
        "--token", "all:read,send:ALLSEND",   NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void begin(void)
{
    static const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "retry:\n  first: 100ms\n  ceiling: 15m\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

static void send_study(uint64_t seed)
{
    pipeline_send_small_study(pipeline, sandbox, seed, 3);
}

static const char *token_file(const char *token)
{
    return sandbox_path(sandbox, "token-%s", token);
}

static void reload(void)
{
    process_signal(pipeline_process(pipeline, PIPELINE_SENDER, 0), SIGHUP);
    process_signal(pipeline_process(pipeline, PIPELINE_SHARER, 0), SIGHUP);
}

/* ---- renewed ---- */

static const struct row {
    const char *token, *album; /* album NULL: the destination is blocked */
    const char *next;          /* put into the file; NULL: KHEOPS takes the old one again, and SIGHUP comes */
    bool gone;                 /* the file was not there at all */
    enum way { IN_PLACE, BY_RENAME, THROUGH_LINKS } way; /* how it is replaced */
} rows[] = {
    {"MAINWRITE", NULL, "MAINWRITENEXT", false, IN_PLACE},
    {"MAINWRITE", NULL, NULL, false, IN_PLACE},
    {"MAINWRITE", NULL, "MAINWRITENEXT", true, IN_PLACE},
    {"ALLWRITE", "all", "ALLWRITENEXT", false, IN_PLACE},
    {"MAINSEND", "all", "MAINSENDNEXT", false, IN_PLACE},
    {"ALLWRITE", "all", NULL, false, IN_PLACE},
    {"MAINWRITE", NULL, "MAINWRITENEXT", false, BY_RENAME},
    {"MAINSEND", "all", "MAINSENDNEXT", false, BY_RENAME},
    {"MAINWRITE", NULL, "MAINWRITENEXT", false, THROUGH_LINKS},
    {"MAINSEND", "all", "MAINSENDNEXT", false, THROUGH_LINKS},
};

/* As Kubernetes mounts a Secret: the token's file is a link through ..data, which is a link to a folder, and is replaced
 * by a rename together with all that is in it. */
static void mount_version(const char *token, const char *content, int version)
{
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    text_format(&folder, "mount/..version_%d", version);
    (void)sandbox_make_folder(sandbox, "%s", text_string(&folder));
    text_format(&folder, "/token-%s", token);
    file_write_string(sandbox_path(sandbox, "%s", text_string(&folder)), content);
    const char *fresh = sandbox_path(sandbox, "mount/..data_tmp");
    ck_assert_int_eq(symlink(version == 1 ? "..version_1" : "..version_2", fresh), 0);
    ck_assert_int_eq(rename(fresh, sandbox_path(sandbox, "mount/..data")), 0);
}

static void mount_token(const char *token)
{
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    const char *fresh = sandbox_path(sandbox, "link");
    text_format(&goal, "mount/..data/token-%s", token);
    mount_version(token, token, 1);
    ck_assert_int_eq(symlink(text_string(&goal), fresh), 0);
    ck_assert_int_eq(rename(fresh, token_file(token)), 0);
}

static void replace_token(const struct row *row)
{
    if (row->way == IN_PLACE) {
        file_write_string(token_file(row->token), row->next);
    } else if (row->way == BY_RENAME) {
        file_write_string(sandbox_path(sandbox, "fresh"), row->next);
        ck_assert_int_eq(rename(sandbox_path(sandbox, "fresh"), token_file(row->token)), 0);
    } else {
        mount_version(row->token, row->next, 2);
        ck_assert_int_eq(unlink(sandbox_path(sandbox, "mount/..version_1/token-%s", row->token)), 0);
    }
}

START_TEST(a_renewed_token_counts_at_once)
{
    const struct row *row = &rows[_i];
    begin();
    send_study(1);
    check(simulator_wait_shared(kheops, "all", 3, PATIENCE_MS), "not shared");
    if (row->way == THROUGH_LINKS)
        mount_token(row->token);
    if (row->gone)
        ck_assert_int_eq(unlink(token_file(row->token)), 0);
    else
        simulator_order_token(kheops, row->token, "{\"revoked\":true}");
    send_study(2);
    check(operator_wait_state(pipeline, "main", row->album, "blocked", NULL, PATIENCE_MS), "not blocked");
    if (row->next) {
        replace_token(row);
    } else {
        simulator_order_token(kheops, row->token, "{\"revoked\":false}");
        reload();
    }
    check(simulator_wait_shared(kheops, "all", 6, SOON_MS), "what waited does not go");
    check(operator_wait_state(pipeline, "main", row->album, "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- compared ---- */

struct trouble {
    const char *album, *says; /* says NULL: nothing */
};

static bool is_told(void *context)
{
    const struct trouble *trouble = context;
    json_t *status = operator_status(pipeline, "main", trouble->album);
    const char *says = json_string_value(json_object_get(status, "token_trouble"));
    bool told = trouble->says ? says && strstr(says, trouble->says) : !says;
    json_decref(status);
    return told;
}

static void wait_told(const char *album, const char *says)
{
    struct trouble trouble = {album, says};
    check(wait_until(is_told, &trouble, SOON_MS), says ? says : "still told");
}

static const struct compared_row {
    const char *token, *wrong, *album, *says;
} compared_rows[] = {
    {"MAINSEND", "ALLSEND", "all",
     "the source token opens another album than the one that the destination writes"},
    {"ALLWRITE", "MAINWRITENEXT", "all",
     "the destination token opens the album that the destination writes to already"},
    {"MAINSEND", "MAINWRITE", "all", "the source token lacks the permission \"send\""},
    {"MAINWRITE", "MAINSEND", NULL, "the STOW token lacks the permission \"write\""},
    {"MAINWRITE", "ALLWRITE", NULL, "the STOW token opens the album of \"all\""},
};

/* After a reload, with nothing to do. What was sent before says which album is the destination's. */
START_TEST(what_is_wrong_is_told_before_anybody_is_refused)
{
    const struct compared_row *row = &compared_rows[_i];
    begin();
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
    check(simulator_wait_shared(kheops, "all", 1, PATIENCE_MS), "not shared");
    wait_told(row->album, NULL);
    file_write_string(token_file(row->token), row->wrong);
    reload();
    wait_told(row->album, row->says);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0); /* it does not forget, and asks nobody */
    wait_told(row->album, row->says);
    file_write_string(token_file(row->token), row->token);
    wait_told(row->album, NULL);
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_renewal");
    tests_abreast(tests, 3);
    tests_timeout(tests, 180);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_renewed_token_counts_at_once, ROWS(rows));
    tests_rows(tests, what_is_wrong_is_told_before_anybody_is_refused, ROWS(compared_rows));
    return tests_run(tests);
}
