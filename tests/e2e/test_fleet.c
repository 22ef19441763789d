/* `felucca fleet` over real consoles: one cell that is there, one that is not, one that is something else. */
#include "common/base/cleanup.h"
#include "common/jobs/jobdb.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/scripted_server.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <string.h>

enum { PATIENCE_MS = 30000 };

#define TOKEN "fleetSecretNeverShown"
#define STUDY "2.25.101"

static struct sandbox *sandbox;
static struct process *console;
static const char *config;
static int here, nobody;

/* ---- the scene ---- */

static const char *write_config(const char *name, const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: state\ncell: n1\nreceiver: { min_free_space: 256MiB }\nmetrics: { port: 0 }\n%s"
                "nodes:\n  - aet: FIRST\n    destinations:\n      - name: main\n"
                "        stow_url: http://127.0.0.1:9/api/studies\n",
                more);
    return sandbox_write(sandbox, name, text_string(&yaml));
}

static void make_database(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *state_dir = sandbox_make_folder(sandbox, "state");
    stored_database_make(state_dir);
    stored_database_make_spool(state_dir);
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
}

static void start_console(void)
{
    char more[64];
    (void)snprintf(more, sizeof more, "console: { port: %d }\n", here);
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config",
                                write_config("console.yaml", more), NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "console.log")};
    console = process_start(argv, &options);
    ck_assert(port_wait(here, PATIENCE_MS));
}

static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    sandbox = sandbox_create();
    here = port_free();
    nobody = port_free();
    make_database();
    start_console();
    (void)sandbox_write(sandbox, "token", TOKEN "\n");
    text_format(&more,
                "fleet:\n  - { cell: n1, url: 'http://127.0.0.1:%d/', token: '${file:token}' }\n"
                "  - { cell: n2, url: 'http://127.0.0.1:%d' }\n",
                here, nobody);
    config = write_config("felucca.yaml", text_string(&more));
}

static void tear_down(void)
{
    process_destroy(&console);
    sandbox_destroy(&sandbox);
}

static int fleet(const char *config_file, const char *const *words, struct text *output)
{
    const char *argv[8] = {FELUCCA_BIN "/felucca", "--config", config_file, "fleet"};
    for (size_t i = 0; words[i] && i < 3; i++)
        argv[4 + i] = words[i];
    int status = process_run(argv, NULL, PATIENCE_MS, output);
    ck_assert_msg(!strstr(text_string(output), TOKEN), "a token is shown");
    return status;
}

#define SAYS(text) \
    ck_assert_msg(strstr(text_string(&output), text), "no \"%s\" in:\n%s", text, text_string(&output))

/* ---- tests ---- */

START_TEST(a_cell_that_does_not_answer_is_a_line)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const words[] = {"status", NULL};
    ck_assert_int_eq(fleet(config, words, &output), 0);
    SAYS("CELL             WAITING    DONE/H  DONE/DAY IT SAYS\n");
    SAYS("\nn1 ");
    SAYS(" need a person.");
    SAYS("\nn2                     -         -         - no answer: ");
}
END_TEST

START_TEST(each_cell_is_an_object)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const words[] = {"status", "--json", NULL};
    ck_assert_int_eq(fleet(config, words, &output), 0);
    const char *second = strchr(text_string(&output), '\n');
    ck_assert_ptr_nonnull(second);
    json_t *there = json_loadb(text_string(&output), (size_t)(second - text_string(&output)), 0, NULL);
    json_t *away = json_loads(second + 1, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(there, "cell")), "n1");
    ck_assert(json_is_true(json_object_get(there, "answered")) &&
              json_is_null(json_object_get(there, "reason")));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(there, "document"), "page")), "now");
    ck_assert(json_is_false(json_object_get(away, "answered")) &&
              json_is_null(json_object_get(away, "document")));
    ck_assert_str_ne(json_string_value(json_object_get(away, "reason")), "");
    json_decref(there);
    json_decref(away);
}
END_TEST

START_TEST(which_cell_has_a_study)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const had[] = {"show", STUDY, NULL}, *const never[] = {"show", "1.2.3.4", NULL};
    ck_assert_msg(fleet(config, had, &output) == 0, "%s", text_string(&output));
    SAYS("n1 ");
    SAYS("n2             no answer: ");
    ck_assert_msg(!strstr(text_string(&output), "has not received"), "%s", text_string(&output));
    text_clear(&output);
    ck_assert_int_eq(fleet(config, never, &output), 1);
    SAYS("n1             it has not received it\n");
}
END_TEST

/* ---- what a cell may be instead ---- */

static const struct odd_row {
    const char *label, *answer, *says;
} odd_rows[] = {
    {"its token is another one", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
     "does not let us in (status 401)"},
    {"no console", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome", "is no console of this version"},
    {"a list", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is no console of this version"},
    {"trouble", "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", "answers with status 503"},
    {"elsewhere", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
     "answers with status 302"},
};

START_TEST(what_is_no_console_is_told)
{
    const struct odd_row *row = &odd_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text more = TEXT_EMPTY;
    const char *const words[] = {"status", NULL};
    const struct scripted_answer answer = {row->answer, SCRIPTED_CLOSE, 0};
    struct scripted_server *server = scripted_server_start(&answer, 1);
    text_format(&more, "fleet: [ { cell: n1, url: 'http://127.0.0.1:%d', token: '${file:token}' } ]\n",
                scripted_server_port(server));
    ck_assert_int_eq(fleet(write_config("odd.yaml", text_string(&more)), words, &output), 0);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    scripted_server_request(server, 0, &request);
    ck_assert_msg(strstr(text_string(&request), "GET /now.json ") &&
                      strstr(text_string(&request), "Authorization: Bearer " TOKEN "\r\n"),
                  "%s", text_string(&request));
    scripted_server_destroy(&server);
    AUTO(text_release) struct text flat = TEXT_EMPTY;
    for (const char *at = text_string(&output); *at; at++)
        if ((*at != ' ' && *at != '\n') || at[1] != ' ')
            text_append_char(&flat, *at == '\n' ? ' ' : *at);
    ck_assert_msg(strstr(text_string(&flat), row->says), "%s: %s", row->label, text_string(&flat));
}
END_TEST

static const struct usage_row {
    const char *label, *more;
    const char *words[3]; /* ended by NULL */
    int status;
    const char *says;
} usage_rows[] = {
    {"no cells", "", {"status"}, 2, "names no cells"},
    {"no UID",
     "fleet: [ { cell: n1, url: 'http://127.0.0.1:9' } ]\n",
     {"show", "../now"},
     2,
     "a whole Study Instance UID"},
    {"nothing asked", "", {NULL}, 2, "felucca fleet status"},
    {"twice",
     "fleet: [ { cell: n1, url: 'http://127.0.0.1:9' }, { cell: n1, url: 'http://127.0.0.1:10' } ]\n",
     {"status"},
     3,
     "is there twice"},
    {"http to elsewhere",
     "fleet: [ { cell: n1, url: 'http://n1.example.org' } ]\n",
     {"status"},
     3,
     "write https"},
    {"no address", "fleet: [ { cell: n1 } ]\n", {"status"}, 3, "url"},
};

START_TEST(what_is_wrong_says_what_would_be_right)
{
    const struct usage_row *row = &usage_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(fleet(write_config("usage.yaml", row->more), row->words, &output), row->status);
    SAYS(row->says);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fleet");
    tests_abreast(tests, 4);
    tests_timeout(tests, 60);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_cell_that_does_not_answer_is_a_line);
    tests_add(tests, each_cell_is_an_object);
    tests_add(tests, which_cell_has_a_study);
    tests_rows(tests, what_is_no_console_is_told, ROWS(odd_rows));
    tests_rows(tests, what_is_wrong_says_what_would_be_right, ROWS(usage_rows));
    return tests_run(tests);
}
