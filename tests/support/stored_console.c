#include "tests/support/stored_console.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"
#include "tests/support/stored_database.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

void stored_console_write_config(struct stored_console *console, const char *more)
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
                console->port == 11112 ? 11113 : 11112, more);
    console->config = sandbox_write(console->sandbox, "felucca.yaml", text_string(&yaml));
}

static bool is_up_or_over(void *context)
{
    const struct stored_console *console = context;
    return port_accepts(console->port) || !process_running(console->process);
}

static void start(struct stored_console *console)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", console->config, NULL};
    const struct process_options options = {.output = sandbox_path(console->sandbox, "console.log")};
    console->process = process_start(argv, &options);
    ck_assert(wait_until(is_up_or_over, console, STORED_CONSOLE_PATIENCE_MS));
    ck_assert_msg(process_running(console->process), "the console has ended");
}

struct stored_console *stored_console_create(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    struct stored_console *console = memory_new(1, sizeof *console);
    console->sandbox = sandbox_create();
    console->state_dir = sandbox_make_folder(console->sandbox, "state");
    (void)sandbox_write(console->sandbox, "write", STORED_CONSOLE_SECRET "\n");
    stored_database_make(console->state_dir);
    stored_database_make_spool(console->state_dir);
    console->port = port_free();
    text_format(&more, "console: { port: %d }\n", console->port);
    stored_console_write_config(console, text_string(&more));
    stored_console_change(console, ""); /* brings it to the schema of now */
    start(console);
    return console;
}

void stored_console_destroy(struct stored_console **console)
{
    if (!*console)
        return;
    process_destroy(&(*console)->process);
    sandbox_destroy(&(*console)->sandbox);
    memory_free(console);
}

void stored_console_change(const struct stored_console *console, const char *sql)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(console->state_dir, &db, &reason) == 0, "%s", text_string(&reason));
    ck_assert_msg(sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db->sql));
}

int stored_console_get(const struct stored_console *console, const char *path, const char *headers,
                       struct http_client_answer *ret_answer)
{
    return http_client_request(console->port, "GET", path, headers, NULL, 0, ret_answer);
}

void stored_console_ck_header(const struct http_client_answer *answer, const char *name, const char *part)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    ck_assert_msg(http_client_header(answer, name, &value), "no %s", name);
    ck_assert_msg(strstr(text_string(&value), part), "%s: %s", name, text_string(&value));
}

void stored_console_ck_headers(const struct http_client_answer *answer)
{
    stored_console_ck_header(answer, "Content-Security-Policy", "default-src 'self'");
    stored_console_ck_header(answer, "Content-Security-Policy", "frame-ancestors 'none'");
    stored_console_ck_header(answer, "X-Content-Type-Options", "nosniff");
    stored_console_ck_header(answer, "Referrer-Policy", "same-origin");
    stored_console_ck_header(answer, "Cache-Control", "no-store");
}
