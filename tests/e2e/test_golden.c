/* What every command prints, against files: a stored database, no router, a configuration that does not
 * change. */
#include "cli/command.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/receipt.h"
#include "common/jobs/connection.h"
#include "common/jobs/history.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <pty.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 20000, COLUMNS = 80 };

static struct sandbox *sandbox;
static const char *config, *state_dir;
static const char *const environment[] = {"TZ=UTC", "LC_ALL=C.UTF-8", "NO_COLOR=", "FELUCCA_CONFIG=", NULL};

static const char yaml[] = "state_dir: state\n"
                           "cell: gateway-1\n"
                           "receiver: { min_free_space: 256MiB }\n"
                           "metrics: { port: 0 }\n"
                           "nodes:\n"
                           "  - aet: FIRST\n"
                           "    destinations:\n"
                           "      - name: main\n"
                           "        stow_url: http://127.0.0.1:9/api/studies\n"
                           "        headers: |\n"
                           "          Authorization: Bearer ${file:write}\n"
                           "        condition: |\n"
                           "          !tagValueIsPresent(#Tag.Modality, \"SR\")\n"
                           "        albums:\n"
                           "          - name: ct\n"
                           "            api_url: http://127.0.0.1:9/api\n"
                           "            destination_token: ${file:ct}\n"
                           "            source_token: ${file:send}\n"
                           "            condition: |\n"
                           "              tagValueIsPresent(#Tag.Modality, \"CT\")\n"
                           "              && tagIsPresent(#Tag.BodyPartExamined)\n"
                           "          - name: all\n"
                           "            api_url: http://127.0.0.1:9/api\n"
                           "            destination_token: ${file:all}\n"
                           "            source_token: ${file:send}\n"
                           "  - aet: SECOND\n"
                           "    destinations:\n"
                           "      - name: other\n"
                           "        stow_url: http://127.0.0.1:10/api/studies\n"
                           "        kheops: false\n";

static void add_event(struct jobdb *db, int64_t instance_id, const char *kind, int status, const char *detail)
{
    struct jobdb_event event = {.at = 1767225701000,
                                .kind = kind,
                                .instance_id = instance_id,
                                .destination_id = 1,
                                .http_status = status,
                                .detail = detail};
    jobdb_add_event(db, &event);
}

/* A program of this version has opened it, and somebody watched an instance fail. */
static void make_database(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    stored_database_make(state_dir);
    stored_database_make_spool(state_dir);
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
    add_event(db, 4, "trouble", 500,
              "the server answers 500 and says that it cannot do this just now, which it says "
              "at such length that no terminal has a line for it");
    add_event(db, 4, "failed", 409, "refused: 0xA900");
    ck_assert_int_eq(jobdb_commit(db), 0);
}

static void set_up(void)
{
    static const struct timespec long_ago[] = {{1767225000, 0}, {1767225000, 0}};
    (void)unsetenv("COLUMNS");
    sandbox = sandbox_create();
    state_dir = sandbox_make_folder(sandbox, "state");
    config = sandbox_write(sandbox, "felucca.yaml", yaml);
    static const char *const secrets[] = {"write", "send", "ct", "all"};
    for (size_t i = 0; i < ROWS(secrets); i++)
        (void)sandbox_write(sandbox, secrets[i], "never-shown-never-shown\n");
    ck_assert_int_eq(utimensat(AT_FDCWD, config, long_ago, 0), 0);
    make_database();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* Runs felucca with the words of a line; its exit status. */
static int run(const char *line, struct text *ret_output)
{
    AUTO(text_release) struct text command = TEXT_EMPTY;
    text_format(&command, "cd '%s' && exec '%s/felucca' %s", sandbox_folder(sandbox), FELUCCA_BIN, line);
    const char *const argv[] = {"sh", "-c", text_string(&command), NULL};
    return process_run(argv, environment, LIMIT_MS, ret_output);
}

static const struct golden_row {
    const char *name; /* of the file */
    const char *line;
    int status;
} golden_rows[] = {
    {"help", "--help", 0},
    {"nothing", "", 2},
    {"unknown-command", "statsu", 2},
    {"version", "version", 0},
    {"check-offline", "check --offline", 0},
    {"check-offline-json", "check --offline --json", 0},
    {"config", "config", 0},
    {"config-json", "config --json", 0},
    {"version-json", "version --json", 0},
    {"status-check", "status --check", 1},
    {"status-check-json", "status --check --json", 1},
    {"status-check-watch", "status --check --watch", 2},
    {"status", "status", 0},
    {"status-json", "status --json", 0},
    {"jobs", "jobs", 0},
    {"jobs-all", "jobs --all", 0},
    {"jobs-all-limited", "jobs --all --limit 2", 0},
    {"jobs-of-a-sender", "jobs --all --from CT01 --until 2026-01-01T00:00:05Z", 0},
    {"jobs-of-nobody", "jobs --from NOBODY", 1},
    {"jobs-two-forms", "jobs --json --csv", 2},
    {"jobs-bad-until", "jobs --until 25:00", 2},
    {"jobs-json", "jobs --json --state failed", 0},
    {"jobs-csv", "jobs --csv --album ct", 0},
    {"jobs-deferred", "jobs --state deferred", 0},
    {"jobs-of-a-study", "jobs --study 2.25.104", 0},
    {"jobs-of-an-end", "jobs --study .104", 0},
    {"jobs-of-two-studies", "jobs --study 2.25.10", 2},
    {"jobs-limited", "jobs --limit 1", 0},
    {"jobs-none", "jobs --study 2.25.999", 1},
    {"jobs-unknown-state", "jobs --state quued", 2},
    {"jobs-unknown-destination", "jobs --destination mian", 2},
    {"jobs-unknown-album", "jobs --album x", 2},
    {"jobs-unknown-option", "jobs --destinaton main", 2},
    {"jobs-bad-since", "jobs --since 'last week'", 2},
    {"jobs-bad-limit", "jobs --limit 0", 2},
    {"jobs-no-value", "jobs --limit", 2},
    {"jobs-argument", "jobs failed", 2},
    {"show-failed", "show 2.25.102.1.4", 0},
    {"show-sent", "show 2.25.101.1.2", 0},
    {"show-under-way", "show delivery:8", 0},
    {"show-waiting", "show 2.25.105.2.12", 0},
    {"show-excluded", "show 2.25.107.1.16", 0},
    {"show-quarantined", "show instance:21", 0},
    {"show-no-number", "show instance:21x", 1},
    {"show-receipt", "show 019b76dad2f8", 0},
    {"show-study", "show 2.25.105", 0},
    {"show-study-failed", "show 2.25.102", 0},
    {"show-series", "show 2.25.101.1", 0},
    {"show-share", "show share:1", 0},
    {"show-excluded-series", "show 2.25.107.1", 0},
    {"show-json", "show --json 2.25.102.1.4", 0},
    {"show-study-json", "show --json 2.25.102", 0},
    {"show-ambiguous", "show 2.25.10", 1},
    {"show-end", "show .102.1.4", 0},
    {"show-none", "show 1.2.3", 1},
    {"show-no-job", "show delivery:999", 1},
    {"show-nothing", "show", 2},
    {"quarantine", "quarantine", 0},
    {"quarantine-json", "quarantine list --json", 0},
    {"quarantine-none", "quarantine --reason elephant", 1},
    {"quarantine-what", "quarantine rety --all", 2},
    {"quarantine-which", "quarantine retry", 2},
    {"quarantine-list-file", "quarantine list instance:21", 2},
    {"quarantine-no-file", "quarantine drop x", 2},
    {"quarantine-dry-run", "quarantine drop --all --dry-run", 0},
    {"retry-dry-run", "retry --all --dry-run", 0},
    {"retry-json", "retry --state failed --dry-run --json", 0},
    {"studies", "studies", 0},
    {"studies-failed", "studies --state failed --json", 0},
    {"studies-csv", "studies --study 2.25.101 --csv", 0},
    {"studies-none", "studies --since today", 1},
    {"studies-no-state", "studies --state broken", 2},
    {"show-no-key", "show --accession 12345", 1},
    {"show-two-numbers", "show --accession 12345 --patient 1", 2},
    {"retry-none", "retry --study 2.25.999 --yes", 1},
    {"retry-what", "retry", 2},
    {"retry-no-job", "retry 12", 2},
    {"retry-state", "retry --state sent", 2},
    {"drop-unasked", "drop --all </dev/null", 2},
    {"drop-both", "drop delivery:1 --all", 2},
    {"retry-router-down", "retry --all --yes", 4},
    {"router-down", "hold main", 4},
    {"no-configuration", "status --config nowhere.yaml", 3},
    {"health-without-ports", "health", 1},
};

START_TEST(output_is_as_stored)
{
    const struct golden_row *row = &golden_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = run(row->line, &output);
    ck_assert_msg(status == row->status, "%s: status %d, %s", row->name, status, text_string(&output));
    golden_mask(sandbox_folder(sandbox), &output);
    golden_check(row->name, &output);
}
END_TEST

/* ---- what needs a person ---- */

static const struct cause_row {
    const char *label, *sql, *sentence, *next;
} cause_rows[] = {
    {"all is well", "", "nothing needs a person", ""},
    {"a destination is blocked",
     "UPDATE destination SET state = 'blocked', last_error = 'the token is expired' WHERE name = 'main'",
     "main is blocked: the token is expired", "felucca check"},
    {"an album is blocked",
     "UPDATE album SET state = 'blocked', last_error = 'no such album' WHERE name = 'ct'",
     "main/ct is blocked: no such album", "felucca check"},
    {"backing off passes by itself", "UPDATE destination SET state = 'backing off' WHERE name = 'main'",
     "nothing needs a person", ""},
    {"what is held, and nothing waits", "UPDATE destination SET held = 1, queued = 0 WHERE name = 'past'",
     "nothing needs a person", ""},
    {"what is held, and something waits", "UPDATE destination SET held = 1 WHERE name = 'other'",
     "other is held; jobs that wait for it: 1", "felucca release other"},
    {"what the configuration does not name", "UPDATE destination SET configured = 0 WHERE name = 'past'",
     "past is not in the configuration; jobs that wait for it: 1", "felucca jobs --destination past"},
    {"a token that opens too little",
     "UPDATE destination SET token_active = 1, token_scope = 'read', token_album = 'x', token_at = 1"
     " WHERE name = 'main'",
     "main has a token that is no good: ", "felucca check"},
};

/* Nothing failed, nothing is held, nothing is in quarantine. */
static const char make_well[] = "UPDATE destination SET failed = 0, held = 0, state = 'up';"
                                "UPDATE album SET failed = 0, held = 0, state = 'up';"
                                "DELETE FROM instance WHERE state = 'quarantined';";

/* Brings it to the version of today. */
static void open_once(const char *folder)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(folder, &db, &reason) == 0, "%s", text_string(&reason));
}

/* In a folder of its own: the others read what is there. */
static void change_stored(struct sandbox *own, const char *sql, const char *label)
{
    AUTO(text_release) struct text all = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    sqlite3 *db = NULL;
    char *error = NULL;
    stored_database_make(sandbox_folder(own));
    open_once(sandbox_folder(own));
    text_format(&path, "%s/jobs.db", sandbox_folder(own));
    text_format(&all, "%s%s", make_well, sql);
    ck_assert_int_eq(sqlite3_open(text_string(&path), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text_string(&all), NULL, NULL, &error) == SQLITE_OK, "%s: %s", label,
                  error);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(cause_is_told)
{
    const struct cause_row *row = &cause_rows[_i];
    AUTO(sandbox_destroy) struct sandbox *own = sandbox_create();
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    bool well = strcmp(row->sentence, cause_rows[0].sentence) == 0;
    change_stored(own, row->sql, row->label);
    text_format(&text, "state_dir: %s\nreceiver: { min_free_space: 256MiB }\nnodes: []\n",
                sandbox_folder(own));
    const char *path = sandbox_write(own, "felucca.yaml", text_string(&text));
    text_clear(&text);
    text_format(&text, "--config '%s' status --check", path);
    int status = run(text_string(&text), &output);
    ck_assert_msg(status == (well ? 0 : 1), "%s: status %d, %s", row->label, status, text_string(&output));
    ck_assert_msg(string_starts_with(text_string(&output), row->sentence), "%s: %s", row->label,
                  text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->next), "%s: %s", row->label, text_string(&output));
}
END_TEST

/* ---- a large study ---- */

static void take_in(struct jobdb *db, int number, const char *study, const char *series,
                    const char *sop_instance)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decision = {.destination_id = 1, .takes = true};
    (void)snprintf(receipt, sizeof receipt, "0ffff%027x", (unsigned)number);
    struct jobdb_instance instance = {.receipt = receipt,
                                      .study = study,
                                      .series = series,
                                      .sop_instance = sop_instance,
                                      .sop_class = "1.2",
                                      .transfer_syntax = "1.2.3",
                                      .size = 1000,
                                      .received_at = 1767225700000};
    jobdb_take_in(db, &instance, &decision, 1, 1767225700000, 0);
}

static void take_in_many(struct jobdb *db, int count)
{
    char sop_instance[JOBDB_UID_SIZE];
    for (int i = 0; i < count; i++) {
        (void)snprintf(sop_instance, sizeof sop_instance, "2.25.200.1.%d", i);
        take_in(db, i, "2.25.200", "2.25.200.1", sop_instance);
    }
    ck_assert_int_eq(jobdb_commit(db), 0);
}

/* A summary a series, and of what is not done no more than a screen has room for. */
START_TEST(large_study_is_summed_up)
{
    AUTO(sandbox_destroy) struct sandbox *own = sandbox_create();
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text text = TEXT_EMPTY;
    stored_database_make(sandbox_folder(own));
    ck_assert_int_eq(jobdb_open(sandbox_folder(own), &db, &text), 0);
    take_in_many(db, 3000);
    text_format(&text, "state_dir: %s\nnodes: []\n", sandbox_folder(own));
    const char *path = sandbox_write(own, "felucca.yaml", text_string(&text));
    text_clear(&text);
    text_format(&text, "--config '%s' show 2.25.200", path);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(run(text_string(&text), &output), 0);
    ck_assert_msg(strstr(text_string(&output), "3000 instances in 1 series"), "%s", text_string(&output));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "felucca jobs --study 2.25.200"));
    size_t lines = 0;
    for (const char *at = text_string(&output); (at = strchr(at, '\n')); at++)
        lines++;
    ck_assert_uint_le(lines, 40);
    text_clear(&text);
    text_clear(&output);
    text_format(&text, "--config '%s' show 2.25.200 --json", path);
    ck_assert_int_eq(run(text_string(&text), &output), 0);
    size_t unfinished = 0;
    for (const char *at = text_string(&output); (at = strstr(at, "\"sop_instance\"")); at++)
        unfinished++;
    ck_assert_uint_eq(unfinished, 20);
    ck_assert_ptr_nonnull(
        strstr(text_string(&output), "\"unfinished_rest\":\"felucca jobs --study 2.25.200 --all --json\""));
}
END_TEST

/* ---- the width ---- */

static int width_of(const char *line, size_t length)
{
    int width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)line[i] & 0xc0) != 0x80;
    return width;
}

static void check_width(const char *name, const char *text, int most)
{
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        bool path = memmem(text, length, state_dir, strlen(state_dir)) != NULL; /* is never broken */
        ck_assert_msg(path || width_of(text, length) <= most, "%s: wider than %d: %.*s", name, most,
                      (int)length, text);
    }
}

static const char *const narrow_lines[] = {
    "status", "jobs", "jobs --all", "show 2.25.102.1.4", "show 2.25.105", "show instance:21"};

START_TEST(table_fits_a_terminal)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(run(narrow_lines[_i], &output), 0);
    check_width(narrow_lines[_i], text_string(&output), COLUMNS);
}
END_TEST

/* A UID of nearly the greatest length is whole where the line is long enough for it. */
static const struct width_row {
    int columns;
    const char *line;
    bool whole;
} width_rows[] = {{60, "jobs --study", false},       {80, "jobs --study", false},
                  {120, "jobs --study", false},      {200, "jobs --study", true},
                  {60, "jobs --all --study", false}, {80, "jobs --all --study", false},
                  {120, "jobs --all --study", true}, {200, "jobs --all --study", true}};

static const char long_study[] = "2.25.3333333333333333333333333333333333333333333333333333333333";

START_TEST(table_uses_the_width)
{
    const struct width_row *row = &width_rows[_i];
    char columns[8];
    ck_assert_uint_eq(strlen(long_study), 63);
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(state_dir, &db, &text) == 0, "%s", text_string(&text));
    take_in(db, 0, long_study, long_study, long_study);
    ck_assert_int_eq(jobdb_commit(db), 0);
    (void)snprintf(columns, sizeof columns, "%d", row->columns);
    ck_assert_int_eq(setenv("COLUMNS", columns, 1), 0);
    text_format(&text, "%s %s", row->line, long_study);
    ck_assert_int_eq(run(text_string(&text), &output), 0);
    check_width(row->line, text_string(&output), row->columns);
    ck_assert_msg((strstr(text_string(&output), long_study) != NULL) == row->whole, "%s, %d: %s", row->line,
                  row->columns, text_string(&output));
}
END_TEST

START_TEST(help_fits_a_terminal)
{
    for (const struct command *const *c = command_table(); *c; c++) {
        AUTO(text_release) struct text help = TEXT_EMPTY;
        AUTO(text_release) struct text line = TEXT_EMPTY;
        text_format(&line, "%s --help", (*c)->name);
        ck_assert_int_eq(run(text_string(&line), &help), 0);
        check_width((*c)->name, text_string(&help), COLUMNS);
        ck_assert_msg(strstr(text_string(&help), "\nExample:\n  felucca "), "%s: no example", (*c)->name);
    }
}
END_TEST

/* ---- the other end of a pipe ---- */

static const char *const piped_lines[] = {"jobs --limit 1000000 --csv", "status --json", "show 2.25.105",
                                          "--help", "config --reference"};

/* Whether the program is told by a signal or by an error, it says nothing about it. */
START_TEST(closed_pipe_is_no_trouble)
{
    for (int ignored = 0; ignored < 2; ignored++) {
        AUTO(text_release) struct text command = TEXT_EMPTY;
        AUTO(text_release) struct text output = TEXT_EMPTY;
        text_format(&command, "cd '%s'; %s { '%s/felucca' %s; } 2>errors | true; cat errors",
                    sandbox_folder(sandbox), ignored ? "trap '' PIPE;" : "", FELUCCA_BIN, piped_lines[_i]);
        const char *const argv[] = {"sh", "-c", text_string(&command), NULL};
        ck_assert_int_eq(process_run(argv, environment, LIMIT_MS, &output), 0);
        ck_assert_msg(output.length == 0, "%s: %s", piped_lines[_i], text_string(&output));
    }
}
END_TEST

/* ---- colours ---- */

static const struct colour_row {
    const char *label, *setting;
    bool terminal, coloured;
} colour_rows[] = {
    {"on a terminal", "TERM=xterm", true, true},
    {"not into a file", "TERM=xterm", false, false},
    {"not with NO_COLOR", "NO_COLOR=1", true, false},
    {"not on a dumb terminal", "TERM=dumb", true, false},
};

static void read_terminal(int fd, struct text *ret_output)
{
    char buffer[4096];
    for (ssize_t length; (length = read(fd, buffer, sizeof buffer)) > 0;)
        text_append_bytes(ret_output, buffer, (size_t)length);
}

/* Runs felucca status on a terminal of its own. */
static void run_on_terminal(const char *setting, struct text *ret_output)
{
    int master = -1, status;
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)setenv("TERM", "xterm", 1);
        (void)putenv((char *)setting);
        (void)execl(FELUCCA_BIN "/felucca", "felucca", "--config", config, "status", (char *)NULL);
        _exit(127);
    }
    read_terminal(master, ret_output);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    (void)close(master);
    ck_assert_int_eq(status, 0);
}

START_TEST(colour_only_where_wanted)
{
    const struct colour_row *row = &colour_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    if (row->terminal)
        run_on_terminal(row->setting, &output);
    else
        ck_assert_int_eq(run("status", &output), 0);
    ck_assert_msg((strchr(text_string(&output), '\033') != NULL) == row->coloured, "%s: %s", row->label,
                  text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("golden");
    tests_fixture_once(tests, set_up, tear_down); /* no test changes anything */
    tests_timeout(tests, 60);
    tests_rows(tests, output_is_as_stored, ROWS(golden_rows));
    tests_rows(tests, cause_is_told, ROWS(cause_rows));
    tests_add(tests, large_study_is_summed_up);
    tests_rows(tests, table_fits_a_terminal, ROWS(narrow_lines));
    tests_rows(tests, table_uses_the_width, ROWS(width_rows));
    tests_add(tests, help_fits_a_terminal);
    tests_rows(tests, closed_pipe_is_no_trouble, ROWS(piped_lines));
    tests_rows(tests, colour_only_where_wanted, ROWS(colour_rows));
    return tests_run(tests);
}
