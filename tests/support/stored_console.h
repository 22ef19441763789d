/* stored_console - the console as a real process over a stored database (stored_database.h), with no router beside it and no users. */
#ifndef FELUCCA_TESTS_STORED_CONSOLE_H
#define FELUCCA_TESTS_STORED_CONSOLE_H

#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

enum { STORED_CONSOLE_PATIENCE_MS = 20000 };

#define STORED_CONSOLE_SECRET "never-shown-never-shown" /* each of its tokens */

struct stored_console {
    struct sandbox *sandbox;
    struct process *process;
    const char *state_dir, *config; /* borrowed from the sandbox */
    int port;
};

struct stored_console *stored_console_create(void);
void stored_console_destroy(struct stored_console **console);

/* Writes the configuration anew; more: what it has of a console. */
void stored_console_write_config(struct stored_console *console, const char *more);
/* Changes the database by some statements of SQL. */
void stored_console_change(const struct stored_console *console, const char *sql);

/* The status. */
int stored_console_get(const struct stored_console *console, const char *path, const char *headers,
                       struct http_client_answer *ret_answer);
/* The header is there, and has that part. */
void stored_console_ck_header(const struct http_client_answer *answer, const char *name, const char *part);
/* Those that each answer has. */
void stored_console_ck_headers(const struct http_client_answer *answer);

#endif
