/* What a person is told of each token in each state that KHEOPS has for it: `felucca status`, `felucca show` and
 * `felucca check` say what is wrong with it and what to do, with the names of KHEOPS's own buttons. Real processes,
 * simulated KHEOPS.
 *
 * A row is a destination with a node and a main album of its own (its STOW token), or an album below "main" (its
 * destination token or source token); all are in one pipeline, and what is not in trouble goes on. */
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

enum { PATIENCE_MS = 60000, LINE = 4000 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

/* ---- the rows ---- */

enum place { STOW, DESTINATION, SOURCE };

#define INACTIVE \
    "is not active: it expired, was revoked, or its maker is no longer administrator of the album"
#define MAKE(switches) "make a new token in KHEOPS with the " switches " on and put it into its place"
#define WRITE          "switch \"Write\""
#define SHARE          "switches \"Add to Album / Inbox\" and \"Read\""
#define NO_API         "api_url answers 404 and nothing useful when asked about the token"
#define PERSONAL \
    "is a person's login token and opens no album: make a token in KHEOPS in the album itself, with the "

static const struct row {
    const char *name; /* of the destination or album; the token is called T and the name */
    enum place place;
    const char *order;   /* to KHEOPS about the token, or NULL */
    const char *content; /* of the token's file instead; "": it is removed */
    const char *fault;   /* of introspection of the token in the file: a status, or NULL */
    const char *state;
    const char *says, *does; /* what status and show tell; NULL: nothing */
    const char *checks;      /* what check tells instead; NULL: the same */
} rows[] = {
    {"s-good", STOW, NULL, NULL, NULL, "up", NULL, NULL, NULL},
    {"s-write", STOW, "{\"scope\":\"write\"}", NULL, NULL, "up", NULL, NULL, NULL},
    {"s-read", STOW, "{\"scope\":\"read send\"}", NULL, NULL, "blocked", "lacks the permission \"write\"",
     MAKE(WRITE), NULL},
    {"s-missing", STOW, NULL, "", NULL, "blocked", "header Authorization: the file ",
     "cannot be read: No such file", NULL},
    {"s-empty", STOW, NULL, "\n", NULL, "blocked", "header Authorization: the file ", "is empty", NULL},
    {"s-expired", STOW, "{\"expires_in_ms\":0}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"s-revoked", STOW, "{\"revoked\":true}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"s-demoted", STOW, "{\"author_admin\":false}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"s-person", STOW, NULL, "PERSON", NULL, "blocked", PERSONAL, WRITE " on", NULL},
    {"s-own", STOW, NULL, "INNERWRITE", NULL, "blocked",
     "opens the album of \"inner\", which is one of the destination's own albums",
     "put a token of the main album here, and one of the other album there, each with the switch \"Write\" on",
     NULL},
    {"s-other", STOW, NULL, "ELSEWHERE", NULL, "blocked",
     "opens another album than the one that everything went to so far",
     "put a token of that album into its place; or, where another album is meant from now on, say so: felucca destination move s-other",
     NULL},
    {"s-untold", STOW, NULL, "UNTOLD", "404", "blocked",
     "waits until KHEOPS tells which album its token opens", "what answers at api_url now is not KHEOPS",
     NO_API},
    {"s-away", STOW, NULL, "AWAY", "500", "backing off",
     "waits until KHEOPS can be asked which album its token opens",
     "KHEOPS answers 500 when asked about the token", "KHEOPS answers 500 when asked about the token"},

    {"d-good", DESTINATION, NULL, NULL, NULL, "up", NULL, NULL, NULL},
    {"d-write", DESTINATION, "{\"scope\":\"write\"}", NULL, NULL, "up", NULL, NULL, NULL},
    {"d-read", DESTINATION, "{\"scope\":\"read\"}", NULL, NULL, "blocked", "lacks the permission \"write\"",
     MAKE(WRITE), NULL},
    {"d-missing", DESTINATION, NULL, "", NULL, "blocked", "destination_token: the file ",
     "cannot be read: No such file", NULL},
    {"d-empty", DESTINATION, NULL, "\n", NULL, "blocked", "destination_token: the file ", "is empty", NULL},
    {"d-expired", DESTINATION, "{\"expires_in_ms\":0}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"d-revoked", DESTINATION, "{\"revoked\":true}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"d-demoted", DESTINATION, "{\"author_admin\":false}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE),
     NULL},
    {"d-gone", DESTINATION, "{\"author_member\":false}", NULL, NULL, "blocked", INACTIVE, MAKE(WRITE), NULL},
    {"d-person", DESTINATION, NULL, "PERSON", NULL, "blocked", PERSONAL, WRITE " on", NULL},
    {"d-main", DESTINATION, NULL, "SECONDWRITE", NULL, "blocked",
     "opens the album that the destination writes to already",
     "make it in the album that shall get the series, with the switch \"Write\"", NULL},
    {"d-untold", DESTINATION, "{\"revoked\":true}", NULL, "404", "blocked",
     "KHEOPS refuses the destination token",
     "make a new token in KHEOPS in the album itself, with the " WRITE " on", NO_API},

    {"q-good", SOURCE, NULL, NULL, NULL, "up", NULL, NULL, NULL},
    {"q-write", SOURCE, "{\"scope\":\"write\"}", NULL, NULL, "blocked", "lacks the permission \"send\"",
     MAKE(SHARE), NULL},
    {"q-read", SOURCE, "{\"scope\":\"read\"}", NULL, NULL, "blocked", "lacks the permission \"send\"",
     MAKE(SHARE), NULL},
    {"q-missing", SOURCE, NULL, "", NULL, "blocked", "source_token: the file ",
     "cannot be read: No such file", NULL},
    {"q-empty", SOURCE, NULL, "\n", NULL, "blocked", "source_token: the file ", "is empty", NULL},
    {"q-expired", SOURCE, "{\"expires_in_ms\":0}", NULL, NULL, "blocked", INACTIVE, MAKE(SHARE), NULL},
    {"q-revoked", SOURCE, "{\"revoked\":true}", NULL, NULL, "blocked", INACTIVE, MAKE(SHARE), NULL},
    {"q-demoted", SOURCE, "{\"author_admin\":false}", NULL, NULL, "blocked", INACTIVE, MAKE(SHARE), NULL},
    {"q-person", SOURCE, NULL, "PERSON", NULL, "blocked", PERSONAL, SHARE " on", NULL},
    {"q-other", SOURCE, NULL, "ELSESEND", NULL, "blocked",
     "opens another album than the one that the destination writes to",
     "make it in that album, with the switches \"Read\" and \"Add to Album / Inbox\"", NULL},
    {"q-untold", SOURCE, "{\"revoked\":true}", NULL, "404", "blocked", "KHEOPS refuses the source token",
     "make a new token in KHEOPS in the album that is sent to, with the " SHARE " on", NO_API},
};

enum { COUNT = ROWS(rows) };

/* A token of the main album in an album's place blocks its destination, too: that is one of its own. */
static bool is_second(size_t i)
{
    return strcmp(rows[i].name, "d-main") == 0;
}

/* The destination that it is, or that it is an album of. */
static const char *destination_of(size_t i)
{
    return rows[i].place == STOW ? rows[i].name : is_second(i) ? "second" : "main";
}

static const char *album_of(size_t i)
{
    return rows[i].place == STOW ? NULL : rows[i].name;
}

static char tokens[COUNT][24], aets[COUNT][24], others[COUNT][24];

static void order_new(const char *album, const char *scope, const char *token)
{
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"album\":\"%s\",\"scope\":\"%s\",\"token\":\"%s\"}", album, scope, token);
    simulator_order(kheops, "/sim/tokens", text_string(&order));
}

static void make_tokens(void)
{
    static const char *const scopes[] = {"write", "write", "read send"};
    order_new("main", "write", "MAINWRITE");
    order_new("second", "write", "SECONDWRITE");
    order_new("inner", "write", "INNERWRITE");
    order_new("elsewhere", "write", "ELSEWHERE");
    order_new("elsewhere", "read send", "ELSESEND");
    order_new("s-untold", "write", "UNTOLD");
    order_new("s-away", "write", "AWAY");
    simulator_order(kheops, "/sim/tokens", "{\"user\":true,\"token\":\"PERSON\"}");
    for (size_t i = 0; i < COUNT; i++) {
        const char *name = rows[i].name;
        (void)snprintf(tokens[i], sizeof tokens[i], "T%s", name);
        (void)snprintf(others[i], sizeof others[i], "O%s", name);
        (void)snprintf(aets[i], sizeof aets[i], "NODE%zu", i);
        order_new(rows[i].place == SOURCE ? "main" : name, scopes[rows[i].place], tokens[i]);
        if (rows[i].place == SOURCE)
            order_new(name, "write", others[i]);
        if (rows[i].place == DESTINATION || strcmp(name, "s-own") == 0)
            order_new(destination_of(i), "read send", others[i]);
    }
}

/* ---- the pipeline ---- */

static struct pipeline_album albums[COUNT], inner, second_album;
static struct pipeline_destination destinations[COUNT], mains[2];
static struct pipeline_node nodes[COUNT + 2];
static size_t node_count, album_count;

static void add_destination(size_t i)
{
    destinations[i] =
        (struct pipeline_destination){.name = rows[i].name, .simulator = kheops, .token = tokens[i]};
    nodes[node_count++] = (struct pipeline_node){aets[i], &destinations[i], 1};
    if (strcmp(rows[i].name, "s-own") != 0)
        return;
    inner = (struct pipeline_album){"inner", "INNERWRITE", others[i], NULL};
    destinations[i].albums = &inner;
    destinations[i].album_count = 1;
}

static void add_album(size_t i)
{
    bool source = rows[i].place == SOURCE;
    struct pipeline_album *album = is_second(i) ? &second_album : &albums[album_count++];
    *album = (struct pipeline_album){rows[i].name, source ? others[i] : tokens[i],
                                     source ? tokens[i] : others[i], NULL};
}

static void set_up(void)
{
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", NULL);
    make_tokens();
    for (size_t i = 0; i < COUNT; i++)
        (rows[i].place == STOW ? add_destination : add_album)(i);
    mains[0] = (struct pipeline_destination){.name = "main",
                                             .simulator = kheops,
                                             .token = "MAINWRITE",
                                             .albums = albums,
                                             .album_count = album_count};
    mains[1] = (struct pipeline_destination){.name = "second",
                                             .simulator = kheops,
                                             .token = "SECONDWRITE",
                                             .albums = &second_album,
                                             .album_count = 1};
    nodes[node_count++] = (struct pipeline_node){"FELUCCA", &mains[0], 1};
    nodes[node_count++] = (struct pipeline_node){"SECOND", &mains[1], 1};
    const struct pipeline_options options = {nodes, node_count, NULL};
    pipeline = pipeline_create(sandbox, &options);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what, const char *row)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s: %s", row, what);
    pipeline_check(pipeline, ok, text_string(&sentence));
}

/* One instance to the row's node, or to that of all albums; its study is of this seed. */
static void send_instance(const char *aet, uint64_t seed)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "study-%llu", (unsigned long long)seed);
    dicom_spec_init(&spec, seed);
    spec.rows = spec.columns = 8;
    ck_assert_int_eq(dicom_write_study(&spec, seed, 1, 1, folder, NULL, NULL), 0);
    ck_assert_msg(pipeline_storescu(pipeline_port(pipeline), aet, folder, PATIENCE_MS, &output) == 0, "%s",
                  text_string(&output));
}

static uint64_t seed_of(size_t row, unsigned round)
{
    return 1000 * round + (rows[row].place == STOW || is_second(row) ? row : 999);
}

static void send_round(unsigned round)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (rows[i].place == STOW || is_second(i))
            send_instance(is_second(i) ? "SECOND" : aets[i], seed_of(i, round));
    }
    send_instance("FELUCCA", 1000 * round + 999);
}

static void trouble(size_t i)
{
    const struct row *row = &rows[i];
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    const char *file = sandbox_path(sandbox, "token-%s", tokens[i]);
    text_format(&path, "/sim/tokens/%s", tokens[i]);
    text_format(&fault, "{\"kind\":\"introspect\",\"token\":\"%s\",\"action\":\"status\",\"status\":%s}",
                row->content ? row->content : tokens[i], row->fault ? row->fault : "0");
    if (row->fault)
        simulator_order(kheops, "/sim/faults", text_string(&fault));
    if (row->order)
        simulator_order(kheops, text_string(&path), row->order);
    if (row->content && *row->content)
        file_write_string(file, row->content);
    else if (row->content)
        ck_assert_int_eq(unlink(file), 0);
}

static void reload(void)
{
    process_signal(pipeline_process(pipeline, PIPELINE_SENDER, 0), SIGHUP);
    process_signal(pipeline_process(pipeline, PIPELINE_SHARER, 0), SIGHUP);
}

static bool is_in_state(size_t i)
{
    return operator_wait_state(pipeline, destination_of(i), album_of(i), rows[i].state, rows[i].says,
                               PATIENCE_MS);
}

/* ---- what is told ---- */

/* With blanks for line ends and for what lines are indented with. */
static void run(const char *const *words, struct text *ret_output)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *argv[8] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline)};
    for (size_t i = 3; *words; i++)
        argv[i] = *words++;
    (void)process_run(argv, NULL, PATIENCE_MS, &output);
    for (const char *at = text_string(&output); *at; at++) {
        bool blank = *at == ' ' || *at == '\n';
        if (!blank)
            text_append_char(ret_output, *at);
        else if (ret_output->length > 0 && ret_output->bytes[ret_output->length - 1] != ' ')
            text_append_char(ret_output, ' ');
    }
}

/* Fails of all rows are told together. */
static void expect(const struct text *output, const char *from, const char *says, const char *row,
                   const char *command, struct text *wrong)
{
    const char *begin = from ? strstr(text_string(output), from) : text_string(output);
    if (!begin || (says && !strstr(begin, says)))
        text_format(wrong, "\n%s: %s does not say: %s\n    but: %.600s\n", row, command, says ? says : from,
                    begin ? begin : text_string(output));
}

static void show(size_t i, struct text *ret_output)
{
    char study[DICOM_UID_SIZE], series[DICOM_UID_SIZE];
    dicom_uid(study, seed_of(i, 2), 0, 0);
    dicom_uid(series, seed_of(i, 2), 1, 0);
    const char *const words[] = {"show", album_of(i) ? series : study, NULL};
    run(words, ret_output);
}

static void expect_of(size_t i, const struct text *status, const struct text *checked, struct text *wrong)
{
    const struct row *row = &rows[i];
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    const char *album = album_of(i);
    if (!row->says)
        return;
    show(i, &shown);
    text_format(&name, "%s%s%s is", destination_of(i), album ? "/" : "", album ? album : "");
    expect(status, text_string(&name), row->says, row->name, "status", wrong);
    expect(status, text_string(&name), row->does, row->name, "status", wrong);
    expect(&shown, NULL, row->says, row->name, "show", wrong);
    expect(&shown, NULL, row->does, row->name, "show", wrong);
    text_clear(&name);
    text_format(&name, "WRONG destination \"%s\":", destination_of(i));
    if (album)
        text_format(&name, " album \"%s\":", album);
    /* Of what cannot be asked about it speaks once. */
    expect(checked, row->checks ? NULL : text_string(&name), row->checks ? row->checks : row->says, row->name,
           "check", wrong);
    expect(checked, NULL, row->checks ? row->checks : row->does, row->name, "check", wrong);
}

START_TEST(a_person_is_told_what_to_do)
{
    static const char *const status_words[] = {"status", NULL}, *const check_words[] = {"check", NULL};
    AUTO(text_release) struct text status = TEXT_EMPTY;
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    pipeline_start_all(pipeline);
    send_round(1);
    for (size_t i = 0; i < COUNT; i++) {
        if (rows[i].place == STOW)
            check(operator_wait_jobs(pipeline, "sent", rows[i].name, NULL, 1, PATIENCE_MS), "not delivered",
                  rows[i].name);
        else
            check(simulator_wait_shared(kheops, rows[i].name, 1, PATIENCE_MS), "not shared", rows[i].name);
    }
    for (size_t i = 0; i < COUNT; i++)
        trouble(i);
    reload();
    send_round(2);
    bool as_wanted = true;
    for (size_t i = 0; i < COUNT && as_wanted; i++)
        as_wanted = is_in_state(i);
    run(status_words, &status);
    check(as_wanted, text_string(&status), "states");
    run(check_words, &checked);
    for (size_t i = 0; i < COUNT; i++)
        expect_of(i, &status, &checked, &wrong);
    (void)fputs(text_string(&wrong), stderr);
    ck_assert_msg(wrong.length == 0, "not told");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_states");
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_person_is_told_what_to_do);
    return tests_run(tests);
}
