/* simulator - a simulated KHEOPS (tests/kheops-sim) running for a test, and questions to it.
 *
 * What a question cannot get ends the test (a Check assertion). The JSON is described in
 * tests/kheops-sim/README.md. */
#ifndef FELUCCA_TESTS_SIMULATOR_H
#define FELUCCA_TESTS_SIMULATOR_H

#include "tests/support/dicom.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct simulator {
    struct process *process;
    int port, admin_port;
    const char *store; /* folder with what it stored: <SOP Instance UID>.dcm; of the sandbox */
};

/* Starts one. name tells its files in the sandbox apart; options: more arguments ("--token", "…"), ended by
 * NULL, or NULL. */
struct simulator *simulator_start(struct sandbox *sandbox, const char *name, const char *const *options);
void simulator_destroy(struct simulator **simulator);

/* GET /sim/state or /sim/counts; is then yours (json_decref). */
json_t *simulator_state(const struct simulator *simulator);
json_t *simulator_counts(const struct simulator *simulator);

/* A number of the counts by its path: simulator_count(s, "requests.stow"), "instances", "answers.stow.200";
 * what is not there counts 0. */
int64_t simulator_count(const struct simulator *simulator, const char *path);
/* How many instances were first stored in an album, "" for a person's inbox. */
int64_t simulator_stored_in(const struct simulator *simulator, const char *album);

/* POST to the admin port with JSON as text; ends the test when it is refused. */
void simulator_order(const struct simulator *simulator, const char *path, const char *json);
/* The same about one token: what is true of it from now on, "{\"revoked\":true}". */
void simulator_order_token(const struct simulator *simulator, const char *token, const char *json);

/* Waits until so many distinct instances are stored and no STOW request is in flight. */
bool simulator_wait_instances(const struct simulator *simulator, int64_t count, int64_t limit_ms);
/* Waits until so many series with an instance were shared into an album by PUT. */
bool simulator_wait_shared(const struct simulator *simulator, const char *album, size_t count,
                           int64_t limit_ms);

/* The series of an album as text, sorted, "<uid>*<instances>" separated by blanks; appended. Series without
 * an instance are left out. */
void simulator_album_text(const struct simulator *simulator, const char *album, struct text *ret_text);

/* One STOW request with these files, for tests of the simulator itself; the status. */
int simulator_stow(const struct simulator *simulator, const char *token, const char *query,
                   const char *const *files, size_t count, struct http_client_answer *ret_answer);
/* The body of such a request, appended, with the boundary SIMULATOR_BOUNDARY. */
#define SIMULATOR_BOUNDARY "0123456789abcdef-boundary"
void simulator_append_part(struct text *body, const char *file);
void simulator_append_end(struct text *body);

#endif
