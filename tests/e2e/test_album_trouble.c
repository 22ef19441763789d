/* An album in trouble is its own affair: its shares wait and it says why, everything else goes on, and when
 * the cause is gone everything goes out by itself. Real processes, simulated KHEOPS.
 *
 * A row is an album with tokens of its own; all troubles happen at once, in one pipeline. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 90000, SERIES = 4 };

static struct sandbox *sandbox;
static struct simulator *kheops, *archive;
static struct pipeline *pipeline;

static void set_up(void)
{
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", NULL);
    archive = simulator_start(sandbox, "archive", NULL);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&archive);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what, const char *album)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s: %s", album, what);
    pipeline_check(pipeline, ok, text_string(&sentence));
}

/* ---- the rows ---- */

/* Which of an album's two tokens; it is called W or S and the album's name. */
enum which { WRITE, SEND };

/* How the cause goes away. */
enum mend {
    NOTHING,   /* by itself */
    ORDERED,   /* by mend_order at the token */
    NO_FAULTS, /* the fault is over */
    RENAMED,   /* a new token in a new file, renamed over the old one */
    REWRITTEN  /* a new token written into the old file */
};

static const struct row {
    const char *album;
    enum which which;    /* token of the trouble */
    const char *order;   /* to KHEOPS about that token, or NULL */
    const char *fault;   /* members of a fault for requests into the album, or NULL */
    const char *content; /* of the token's file, or NULL; "": it is removed */
    const char *state, *says;
    int64_t most_attempts; /* counted against a job, in all */
    enum mend mend;
    const char *mend_order;
} rows[] = {
    {"healthy", WRITE, NULL, NULL, NULL, "up", NULL, 0, NOTHING, NULL},
    {"revoked", WRITE, "{\"revoked\":true}", NULL, NULL, "blocked", "the destination token is not active", 0,
     RENAMED, NULL},
    {"expired", WRITE, "{\"expires_in_ms\":0}", NULL, NULL, "blocked", "the destination token is not active",
     0, REWRITTEN, NULL},
    {"sourcerevoked", SEND, "{\"revoked\":true}", NULL, NULL, "blocked", "the source token is not active", 0,
     REWRITTEN, NULL},
    {"sourceexpired", SEND, "{\"expires_in_ms\":0}", NULL, NULL, "blocked", "the source token is not active",
     0, RENAMED, NULL},
    {"writeless", WRITE, "{\"scope\":\"read\"}", NULL, NULL, "blocked", "\"Write\"", 0, REWRITTEN, NULL},
    {"sendless", SEND, "{\"scope\":\"read\"}", NULL, NULL, "blocked", "\"Add to Album / Inbox\"", 0, RENAMED,
     NULL},
    {"makerleft", WRITE, "{\"author_member\":false}", NULL, NULL, "blocked",
     "the destination token is not active", 0, ORDERED, "{\"author_member\":true}"},
    {"makerleaving", WRITE, NULL, "\"action\":\"recorded\",\"answer\":\"share: album not found\"", NULL,
     "blocked", "no longer a member", 0, NO_FAULTS, NULL},
    {"sourcemakerleft", SEND, "{\"author_admin\":false}", NULL, NULL, "blocked",
     "the source token is not active", 0, RENAMED, NULL},
    {"wrongsource", SEND, NULL, NULL, "ELSEWHERE\n", "blocked", "the source token opens another album", 0,
     REWRITTEN, NULL},
    {"ownsource", SEND, NULL, NULL, "OWN\n", "blocked", "the source token opens another album", 0, RENAMED,
     NULL},
    {"nofile", WRITE, NULL, NULL, "", "blocked", "destination_token", 0, REWRITTEN, NULL},
    {"emptyfile", SEND, NULL, NULL, "\n", "blocked", "source_token", 0, REWRITTEN, NULL},
    {"webpage", WRITE, NULL, "\"action\":\"empty\"", NULL, "blocked", "api_url", 0, NO_FAULTS, NULL},
    {"redirected", WRITE, NULL, "\"action\":\"status\",\"status\":307,\"location\":\"%s\"", NULL, "blocked",
     "redirects", 0, NO_FAULTS, NULL},
    {"busy", WRITE, NULL, "\"action\":\"status\",\"status\":503,\"retry_after\":\"1\"", NULL, "backing off",
     "503", 0, NO_FAULTS, NULL},
    {"proxied", WRITE, NULL, "\"action\":\"status\",\"status\":502", NULL, "backing off", "502", 0, NO_FAULTS,
     NULL},
    {"limited", WRITE, NULL, "\"action\":\"status\",\"status\":429", NULL, "backing off", "429", 0, NO_FAULTS,
     NULL},
    {"dropping", WRITE, NULL, "\"action\":\"drop\"", NULL, "backing off", "connection", 0, NO_FAULTS, NULL},
    {"collision", WRITE, NULL, "\"action\":\"status\",\"status\":500", NULL, "backing off", "500", 1,
     NO_FAULTS, NULL},
    {"later", WRITE, NULL,
     "\"action\":\"status\",\"status\":404,\"body\":\"{\\\"message\\\":\\\"Series Not "
     "Found\\\"}\",\"first\":2",
     NULL, "up", NULL, 2, NOTHING, NULL},
};

enum { ALBUMS = ROWS(rows) };

/* The tokens of the rows: those at first, and those that replace them. */
static struct names {
    char at_first[2][32], fresh[2][32];
} names[ALBUMS];

static void make_names(void)
{
    for (size_t i = 0; i < ALBUMS; i++) {
        for (int which = WRITE; which <= SEND; which++) {
            char letter = which == WRITE ? 'W' : 'S';
            (void)snprintf(names[i].at_first[which], sizeof names[i].at_first[which], "%c%s", letter,
                           rows[i].album);
            (void)snprintf(names[i].fresh[which], sizeof names[i].fresh[which], "%c%snext", letter,
                           rows[i].album);
        }
    }
}

static const char *token_file(size_t i)
{
    return sandbox_path(sandbox, "token-%s", names[i].at_first[rows[i].which]);
}

static void add_token(const struct simulator *simulator, const char *album, const char *scope,
                      const char *token)
{
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"album\":\"%s\",\"scope\":\"%s\",\"token\":\"%s\"}", album, scope, token);
    simulator_order(simulator, "/sim/tokens", text_string(&order));
}

static void add_token_of(size_t i, enum which which, const char *token)
{
    add_token(kheops, which == WRITE ? rows[i].album : "main", which == WRITE ? "write" : "read send", token);
}

static void order_token(size_t i, const char *order)
{
    simulator_order_token(kheops, names[i].at_first[rows[i].which], order);
}

/* ---- the pipeline: a destination with an album a row, and one of another KHEOPS ---- */

static void begin(void)
{
    static struct pipeline_album albums[ALBUMS];
    static const struct pipeline_album copy = {"copy", "COPYWRITE", "ARCHIVESEND", NULL};
    make_names();
    add_token(kheops, "main", "write", "MAINWRITE");
    add_token(kheops, "elsewhere", "read send", "ELSEWHERE");
    add_token(kheops, "ownsource", "read send", "OWN");
    add_token(archive, "archive", "write", "ARCHIVEWRITE");
    add_token(archive, "archive", "write", "ARCHIVEWRITENEXT");
    add_token(archive, "archive", "read send", "ARCHIVESEND");
    add_token(archive, "copy", "write", "COPYWRITE");
    for (size_t i = 0; i < ALBUMS; i++) {
        const char *write = names[i].at_first[WRITE], *source = names[i].at_first[SEND];
        add_token_of(i, WRITE, write);
        add_token_of(i, SEND, source);
        albums[i] = (struct pipeline_album){rows[i].album, write, source, NULL};
    }
    const struct pipeline_destination destinations[] = {
        {.name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = albums, .album_count = ALBUMS},
        {.name = "archive",
         .simulator = archive,
         .token = "ARCHIVEWRITE",
         .albums = &copy,
         .album_count = 1}};
    const struct pipeline_node node = {"FELUCCA", destinations, ROWS(destinations)};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

/* A study of SERIES series of one instance. */
static void send_study(uint64_t seed)
{
    pipeline_send_small_study(pipeline, sandbox, seed, SERIES);
}

static void trouble(size_t i)
{
    const struct row *row = &rows[i];
    if (row->order)
        order_token(i, row->order);
    if (row->fault) {
        AUTO(text_release) struct text fault = TEXT_EMPTY, url = TEXT_EMPTY;
        const char *place = strstr(row->fault, "%s");
        text_format(&url, "http://127.0.0.1:%d/api/studies", archive->port);
        text_format(&fault, "{\"kind\":\"share\",\"album\":\"%s\",", row->album);
        text_append_bytes(&fault, row->fault, place ? (size_t)(place - row->fault) : strlen(row->fault));
        text_format(&fault, "%s%s}", place ? text_string(&url) : "", place ? place + 2 : "");
        simulator_order(kheops, "/sim/faults", text_string(&fault));
    }
    if (row->content && *row->content)
        file_write_string(token_file(i), row->content);
    else if (row->content)
        ck_assert_int_eq(unlink(token_file(i)), 0);
}

static void mend(size_t i)
{
    const struct row *row = &rows[i];
    const char *fresh = names[i].fresh[row->which], *path = token_file(i);
    switch (row->mend) {
    case ORDERED:
        order_token(i, row->mend_order);
        break;
    case RENAMED:
        add_token_of(i, row->which, fresh);
        ck_assert_int_eq(rename(sandbox_write(sandbox, "new-token", fresh), path), 0);
        break;
    case REWRITTEN:
        add_token_of(i, row->which, fresh);
        file_write_string(path, fresh);
        break;
    default:
        break;
    }
}

static void forget_faults(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
    ck_assert_int_eq(status / 100, 2);
}

/* ---- what is true in the end ---- */

static void check_puts(const struct simulator *simulator)
{
    json_t *counts = simulator_counts(simulator), *album, *member;
    size_t i, k;
    json_array_foreach(json_object_get(counts, "albums"), i, album)
    {
        json_array_foreach(json_object_get(album, "series"), k, member)
        {
            const char *name = json_string_value(json_object_get(album, "name"));
            check(json_integer_value(json_object_get(member, "puts")) <= 1, "put twice", name);
            check(json_integer_value(json_object_get(member, "early_puts")) == 0, "put too early", name);
        }
    }
    json_decref(counts);
}

/* The names of token files are told, and hold the token's name here. */
static bool tells(const struct text *log, const char *token)
{
    static const char file[] = "token-";
    const size_t length = sizeof file - 1;
    for (const char *at = text_string(log); (at = strstr(at, token)); at++) {
        if (at < text_string(log) + length || memcmp(at - length, file, length) != 0)
            return true;
    }
    return false;
}

static void check_no_token_is_told(void)
{
    static const char *const logs[] = {"router-0.log", "sender-0.log", "sharer-0.log"};
    for (size_t i = 0; i < ROWS(logs); i++) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(sandbox_path(sandbox, "%s", logs[i]), &log);
        for (size_t k = 0; k < ALBUMS; k++) {
            for (int which = WRITE; which <= SEND; which++)
                check(!tells(&log, names[k].at_first[which]), "a token in a log", rows[k].album);
        }
        check(!tells(&log, "ARCHIVEWRITE"), "a token in a log", logs[i]);
    }
}

/* Everything waits and nothing failed; what is not in trouble has everything. */
static void check_trouble(size_t series)
{
    check(operator_wait_jobs(pipeline, "sent", "main", NULL, series, PATIENCE_MS), "not delivered", "main");
    for (size_t i = 0; i < ALBUMS; i++) {
        const struct row *row = &rows[i];
        check(operator_wait_state(pipeline, "main", row->album, row->state, row->says, PATIENCE_MS),
              row->state, row->album);
        if (row->mend == NOTHING)
            check(simulator_wait_shared(kheops, row->album, series, PATIENCE_MS), "not shared", row->album);
        else
            check(operator_count_jobs(pipeline, "shared", "main", row->album) == SERIES,
                  "shared all the same", row->album);
    }
    check(operator_wait_state(pipeline, "archive", NULL, "blocked", "not active", PATIENCE_MS), "blocked",
          "archive");
    check(operator_wait_jobs(pipeline, "waiting", "archive", "copy", series - SERIES, PATIENCE_MS), "waiting",
          "archive/copy");
    check(operator_count_jobs(pipeline, "failed", "main", NULL) == 0, "failed", "main");
}

START_TEST(an_album_in_trouble_is_alone)
{
    begin();
    send_study(1);
    for (size_t i = 0; i < ALBUMS; i++)
        check(simulator_wait_shared(kheops, rows[i].album, SERIES, PATIENCE_MS), "not shared", rows[i].album);
    check(simulator_wait_shared(archive, "copy", SERIES, PATIENCE_MS), "not shared", "archive/copy");
    int64_t seen = simulator_count(archive, "requests.share");
    for (size_t i = 0; i < ALBUMS; i++)
        trouble(i);
    simulator_order_token(archive, "ARCHIVEWRITE", "{\"revoked\":true}");
    send_study(2);
    check_trouble(2 * SERIES);
    send_study(3); /* ... and it goes on */
    check_trouble(3 * SERIES);
    check(simulator_count(archive, "requests.share") == seen, "a redirect was followed", "redirected");
    forget_faults();
    for (size_t i = 0; i < ALBUMS; i++)
        mend(i);
    file_write_string(sandbox_path(sandbox, "token-ARCHIVEWRITE"), "ARCHIVEWRITENEXT");
    for (size_t i = 0; i < ALBUMS; i++) {
        const struct row *row = &rows[i];
        check(simulator_wait_shared(kheops, row->album, 3 * SERIES, PATIENCE_MS), "not shared", row->album);
        check(operator_wait_state(pipeline, "main", row->album, "up", NULL, PATIENCE_MS), "not up",
              row->album);
        check(operator_largest(pipeline, "main", row->album, "attempts") <= row->most_attempts,
              "attempts were counted", row->album);
    }
    check(simulator_wait_shared(archive, "copy", 3 * SERIES, PATIENCE_MS), "not shared", "archive/copy");
    check(operator_largest(pipeline, "archive", NULL, "attempts") == 0, "attempts were counted", "archive");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty", "all");
    check_puts(kheops);
    check_no_token_is_told();
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("album_trouble");
    tests_timeout(tests, 280);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, an_album_in_trouble_is_alone);
    return tests_run(tests);
}
