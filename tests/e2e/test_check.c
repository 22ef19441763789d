/* `felucca check` and `felucca config` as a real program; tokens against the simulated KHEOPS. */
#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/jobs/jobdb.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/scripted_server.h"
#include "tests/support/simulator.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 30000, MANY = 12 };

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* Runs felucca; its exit status. */
static int run(const char *command, const char *option, const char *config, struct text *ret_output)
{
    const char *argv[] = {FELUCCA_BIN "/felucca", command, "--config", config, option, NULL};
    return process_run(argv, NULL, SOON_MS, ret_output);
}

/* ---- online ---- */

static const struct row {
    const char *label, *main, *destination, *source; /* tokens */
    int status;
    const char *lines[3]; /* parts of the output */
} rows[] = {
    {"all is well",
     "MAINWRITE",
     "OTHERWRITE",
     "MAINSEND",
     0,
     {"ok     destination \"main\": the token in headers is active and may write\n",
      "ok     destination \"main\": album \"other\": destination_token is active and may write\n",
      "ok     destination \"main\": album \"other\": source_token is active and may read and send\n"}},
    {"more permissions than needed", "MAINALL", "OTHERALL", "MAINALL", 0, {"active and may read and send\n"}},
    {"an unknown token",
     "NOBODY",
     "OTHERWRITE",
     "MAINSEND",
     1,
     {"WRONG  destination \"main\": the token in headers is not active"}},
    {"a token that may only read",
     "MAINREAD",
     "OTHERWRITE",
     "MAINSEND",
     1,
     {"the token in headers lacks the permission \"write\": "
      "make a new token in KHEOPS with the switch \"Write\" on"}},
    {"a destination token that may not write",
     "MAINWRITE",
     "OTHERSEND",
     "MAINSEND",
     1,
     {"album \"other\": destination_token lacks the permission \"write\""}},
    {"a source token that may not send",
     "MAINWRITE",
     "OTHERWRITE",
     "MAINREAD",
     1,
     {"album \"other\": source_token lacks the permission \"send\": "
      "make a new token in KHEOPS with the switches \"Add to Album / Inbox\" and \"Read\" on"}},
    {"a source token that may not read",
     "MAINWRITE",
     "OTHERWRITE",
     "MAINSENDONLY",
     1,
     {"source_token lacks the permission \"read\""}},
    {"a source token of another album",
     "MAINWRITE",
     "OTHERWRITE",
     "OTHERSEND",
     1,
     {"WRONG  destination \"main\": album \"other\": "
      "source_token opens another album than the one that the destination writes to"}},
    {"a destination token of the main album",
     "MAINWRITE",
     "MAINWRITE2",
     "MAINSEND",
     1,
     {"destination_token opens the album that the destination writes to already"}},
    {"a person's login token",
     "PERSON",
     "OTHERWRITE",
     "MAINSEND",
     1,
     {"WRONG  destination \"main\": the token in headers is a person's login token and opens no album: make a token in "
      "KHEOPS in the album itself, with the switch \"Write\" on"}},
    {"a person's login token to share with",
     "MAINWRITE",
     "OTHERWRITE",
     "PERSON",
     1,
     {"source_token is a person's login token and opens no album: make a token in KHEOPS in the album itself, with the "
      "switches \"Add to Album / Inbox\" and \"Read\" on"}},
    {"the token of an album of its own",
     "OTHERALL",
     "OTHERWRITE",
     "MAINSEND",
     1,
     {"WRONG  destination \"main\": the token in headers opens the album of \"other\", which is one of the "
      "destination's own albums"}},
    {"two mistakes at once",
     "NOBODY",
     "OTHERWRITE",
     "NOBODY2",
     1,
     {"the token in headers is not active", "source_token is not active",
      "ok     destination \"main\": album \"other\": destination_token"}},
};

static const char *const tokens[] = {
    "--token", "main:write:MAINWRITE",      "--token", "main:write:MAINWRITE2",
    "--token", "main:read:MAINREAD",        "--token", "main:read,send:MAINSEND",
    "--token", "main:send:MAINSENDONLY",    "--token", "main:read,write,send:MAINALL",
    "--token", "other:write:OTHERWRITE",    "--token", "other:read,send:OTHERSEND",
    "--token", "other:read,write:OTHERALL", NULL};

static const char *write_config(int port, const struct row *row)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    sandbox_write(sandbox, "main.token", row->main);
    sandbox_write(sandbox, "destination.token", row->destination);
    sandbox_write(sandbox, "source.token", row->source);
    text_format(&yaml,
                "state_dir: %s\n"
                "nodes:\n"
                "  - aet: FELUCCA\n"
                "    destinations:\n"
                "      - name: main\n"
                "        stow_url: http://127.0.0.1:%d/api/studies\n"
                "        headers: 'Authorization: Bearer ${file:main.token}'\n"
                "        albums:\n"
                "          - name: other\n"
                "            destination_token: ${file:destination.token}\n"
                "            source_token: ${file:source.token}\n",
                sandbox_path(sandbox, "state"), port);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static void ck_no_token(const struct text *output)
{
    for (size_t i = 1; tokens[i - 1]; i += 2)
        ck_assert_msg(!strstr(text_string(output), strrchr(tokens[i], ':') + 1), "a token is shown: %s",
                      text_string(output));
    ck_assert_ptr_null(strstr(text_string(output), "NOBODY"));
}

START_TEST(tokens_are_asked_about)
{
    const struct row *row = &rows[_i];
    AUTO(simulator_destroy) struct simulator *simulator = simulator_start(sandbox, "kheops", tokens);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    simulator_order(simulator, "/sim/tokens", "{\"user\":true,\"token\":\"PERSON\"}");
    int status = run("check", NULL, write_config(simulator->port, row), &output);
    ck_assert_msg(status == row->status, "%s: %d\n%s", row->label, status, text_string(&output));
    for (size_t i = 0; i < ROWS(row->lines) && row->lines[i]; i++)
        ck_assert_msg(strstr(text_string(&output), row->lines[i]), "%s: no line %s\n%s", row->label,
                      row->lines[i], text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "configuration OK: 1 node, 1 destination, 1 album\n"), "%s",
                  text_string(&output));
    ck_no_token(&output);
    /* One question a token: each writes a row in KHEOPS. */
    ck_assert_int_eq(simulator_count(simulator, "requests.introspect"), 3);
}
END_TEST

START_TEST(kheops_away_is_told)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = run("check", NULL, write_config(port_free(), &rows[0]), &output);
    ck_assert_int_eq(status, 1);
    ck_assert_msg(
        strstr(text_string(&output),
               "WRONG  destination \"main\": the token in headers and 2 others could not be asked about: "),
        "%s", text_string(&output));
    ck_no_token(&output);
}
END_TEST

/* ---- one wrong address ---- */

static const char *after_first(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    ck_assert_msg(found != NULL, "no %s in\n%s", part, text);
    return found + strlen(part);
}

/* One sentence for all tokens that are asked about there, with what to do. */
START_TEST(a_wrong_address_is_one_sentence)
{
    AUTO(simulator_destroy) struct simulator *simulator = simulator_start(sandbox, "kheops", tokens);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    write_config(simulator->port, &rows[0]);
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "nodes:\n"
                "  - aet: FELUCCA\n"
                "    destinations:\n"
                "      - name: main\n"
                "        stow_url: http://127.0.0.1:%d/other/studies\n"
                "        headers: 'Authorization: Bearer ${file:main.token}'\n"
                "        albums:\n"
                "          - name: other\n"
                "            destination_token: ${file:destination.token}\n"
                "            source_token: ${file:source.token}\n",
                simulator->port);
    int status = run("check", NULL, sandbox_write(sandbox, "felucca.yaml", text_string(&yaml)), &output);
    ck_assert_msg(status == 1, "%d\n%s", status, text_string(&output));
    const char *rest =
        after_first(text_string(&output), "WRONG  destination \"main\": the token in headers and 2 others "
                                          "could not be asked about: ");
    rest = after_first(rest, "is it KHEOPS's API?");
    ck_assert_msg(!strstr(rest, "WRONG"), "told again\n%s", text_string(&output));
    ck_no_token(&output);
}
END_TEST

/* ---- offline ---- */

START_TEST(offline_asks_nobody)
{
    AUTO(simulator_destroy) struct simulator *simulator = simulator_start(sandbox, "kheops", tokens);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *config = write_config(simulator->port, &rows[2]);
    ck_assert_int_eq(run("check", "--offline", config, &output), 0);
    ck_assert_str_eq(text_string(&output), "configuration OK: 1 node, 1 destination, 1 album\n");
    ck_assert_int_eq(simulator_count(simulator, "requests.introspect"), 0);
}
END_TEST

/* ---- login servers ---- */

static const struct login_row {
    const char *label, *option, *auth; /* %d: the port of the login server */
    struct scripted_answer answer;
    int status;
    const char *says;
    size_t requests;
} login_rows[] = {
    {"one that gives a token",
     NULL,
     "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: c, client_secret: s }",
     {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"access_token\":\"geheim\",\"expires_in\":60}",
      SCRIPTED_CLOSE, 0},
     0,
     " gives a token\n",
     1},
    {"one that refuses",
     NULL,
     "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: c, client_secret: geheim }",
     {"HTTP/1.1 401 No\r\nConnection: close\r\n\r\n{\"error\":\"invalid_client\"}", SCRIPTED_CLOSE, 0},
     1,
     "answers 401 (invalid_client); check client_id and client_secret",
     1},
    {"offline",
     "--offline",
     "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: c, client_secret: s }",
     {"", SCRIPTED_CLOSE, 0},
     0,
     "configuration OK",
     0},
    {"a key that is none",
     "--offline",
     "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: c, key: geheim }",
     {"", SCRIPTED_CLOSE, 0},
     1,
     "WRONG  destination \"plain\": auth: key: it holds no private key in PEM form\n",
     0},
    {"a password that is not there",
     "--offline",
     "{ type: basic, user: u, password: '${env:FELUCCA_TEST_%d}' }",
     {"", SCRIPTED_CLOSE, 0},
     1,
     "WRONG  destination \"plain\": auth: password: the environment variable FELUCCA_TEST_",
     0},
};

START_TEST(logins_are_looked_at)
{
    const struct login_row *row = &login_rows[_i];
    AUTO(scripted_server_destroy) struct scripted_server *server = scripted_server_start(&row->answer, 1);
    AUTO(text_release) struct text output = TEXT_EMPTY, yaml = TEXT_EMPTY;
    const char *port = strstr(row->auth, "%d");
    text_format(&yaml,
                "state_dir: %s\nnodes:\n  - aet: FELUCCA\n    destinations:\n      - name: plain\n"
                "        stow_url: http://127.0.0.1:9/s\n        kheops: false\n        auth: %.*s%d%s\n",
                sandbox_make_folder(sandbox, "state"), (int)(port - row->auth), row->auth,
                scripted_server_port(server), port + 2);
    int status =
        run("check", row->option, sandbox_write(sandbox, "felucca.yaml", text_string(&yaml)), &output);
    ck_assert_msg(status == row->status && strstr(text_string(&output), row->says), "%s: %d\n%s", row->label,
                  status, text_string(&output));
    ck_assert_uint_eq(scripted_server_requests(server), row->requests);
    ck_assert_ptr_null(strstr(text_string(&output), "geheim"));
}
END_TEST

START_TEST(offline_reads_every_secret)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *config = write_config(1, &rows[0]);
    ck_assert_int_eq(remove(sandbox_path(sandbox, "source.token")), 0);
    sandbox_write(sandbox, "main.token", "");
    sandbox_write(sandbox, "destination.token", "MAINWRITE\nMAINWRITE2\n");
    ck_assert_int_eq(run("check", "--offline", config, &output), 1);
    ck_assert_msg(
        strstr(text_string(&output), "WRONG  destination \"main\": header Authorization: the file "), "%s",
        text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "main.token is empty\n"), "%s", text_string(&output));
    ck_assert_msg(strstr(text_string(&output),
                         "album \"other\": destination_token: it holds more or other than one token"),
                  "%s", text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "source.token cannot be read: No such file or directory\n"),
                  "%s", text_string(&output));
    ck_no_token(&output);
}
END_TEST

/* A state folder that nobody can make is told before the first start. */
static const struct folder_row {
    const char *label, *folder; /* below the sandbox */
    int status;
    const char *says; /* NULL: nothing of it */
} folder_rows[] = {
    {"it can be made", "new", 0, NULL},
    {"the folder above it is missing", "missing/state", 1, "missing: No such file or directory\n"},
    {"a file is in its way", "a-file", 1, "a-file cannot be used: Not a directory\n"},
    {"a file is in the way of its folder", "a-file/state", 1, "cannot be used: Not a directory\n"},
};

START_TEST(a_state_folder_that_cannot_be_made_is_told)
{
    const struct folder_row *row = &folder_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY, yaml = TEXT_EMPTY;
    sandbox_write(sandbox, "a-file", "");
    text_format(
        &yaml,
        "state_dir: %s\nnodes: [{ aet: FELUCCA, destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/s', kheops: false }] }]\n",
        sandbox_path(sandbox, "%s", row->folder));
    int status =
        run("check", "--offline", sandbox_write(sandbox, "folder.yaml", text_string(&yaml)), &output);
    ck_assert_msg(status == row->status, "%s: %d, %s", row->label, status, text_string(&output));
    ck_assert_msg(row->says ? strstr(text_string(&output), row->says) != NULL
                            : strstr(text_string(&output), "state_dir") == NULL,
                  "%s: %s", row->label, text_string(&output));
}
END_TEST

/* ---- spool and database ---- */

START_TEST(spool_and_database_are_compared)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    AUTO(text_release) struct text before = TEXT_EMPTY;
    AUTO(text_release) struct text after = TEXT_EMPTY;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    const char *state = sandbox_make_folder(sandbox, "state");
    text_format(&yaml, "nodes: []\nstate_dir: %s\n", state);
    const char *config = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    stored_database_make(state);
    ck_assert_int_eq(jobdb_open(state, &db, &before), 0); /* of the present version */
    stored_database_make_spool(state);
    ck_assert_int_eq(run("check", "--offline", config, &before), 0);
    ck_assert_msg(strstr(text_string(&before), "ok     spool and jobs.db agree\n"), "%s",
                  text_string(&before));
    for (int i = 0; i < MANY; i++)
        file_write_string(sandbox_path(sandbox, "state/spool/queue/00/%030x00.dcm", i), "");
    ck_assert_int_eq(run("check", NULL, config, &after), 1);
    ck_assert_msg(
        strstr(text_string(&after), "WRONG  spool: 0000000000000000000000000000") &&
            strstr(text_string(&after), "       and 2 more\n       restart the router: it takes it in\n"),
        "%s", text_string(&after));
}
END_TEST

static const struct status_row {
    const char *label, *command, *option, *yaml;
    int status;
    const char *output; /* part of it */
} status_rows[] = {
    {"a wrong file", "check", "--offline", "receiver: { port: x }\n", 3,
     "felucca.yaml:1:19: receiver: port: \"x\""},
    {"a wrong file to be asked about", "check", NULL, "nodes: x\n", 3,
     "felucca.yaml:1:8: nodes: must be a list"},
    {"an unknown option", "check", "--online", "nodes: []\n", 2, "unknown option --online"},
    {"nothing to ask", "check", NULL, "nodes: []\n", 0, "configuration OK: 0 nodes"},
    {"what is in force", "config", NULL, "nodes: []\nretry: { first: 2s }\n", 0,
     "retry:\n  first: 2s\n  ceiling: 15m\n"},
    {"what is not in force", "config", NULL, "nodes: x\n", 3, "felucca.yaml:1:8: nodes: must be a list"},
    {"the reference", "config", "--reference", "whatever: this is\n", 0, "# Configuration\n"},
    {"another option", "config", "--all", "nodes: []\n", 2, "unknown option --all"},
    {"a CURVE key that is none", "check", "--offline", "nodes: []\ncurve: { secret_key: abc }\n", 1,
     "felucca.yaml: curve: secret_key: is not a CURVE"},
};

START_TEST(command_ends_with)
{
    const struct status_row *row = &status_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *config = sandbox_write(sandbox, "felucca.yaml", row->yaml);
    int status = run(row->command, row->option, config, &output);
    ck_assert_msg(status == row->status, "%s: %d\n%s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->output), "%s: %s", row->label, text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("check");
    tests_timeout(tests, 60);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, tokens_are_asked_about, ROWS(rows));
    tests_add(tests, kheops_away_is_told);
    tests_add(tests, a_wrong_address_is_one_sentence);
    tests_add(tests, offline_asks_nobody);
    tests_rows(tests, logins_are_looked_at, ROWS(login_rows));
    tests_add(tests, offline_reads_every_secret);
    tests_rows(tests, a_state_folder_that_cannot_be_made_is_told, ROWS(folder_rows));
    tests_add(tests, spool_and_database_are_compared);
    tests_rows(tests, command_ends_with, ROWS(status_rows));
    return tests_run(tests);
}
