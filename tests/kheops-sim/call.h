/* call - one HTTP request on its way through the simulator.
 *
 * Handlers see this instead of the HTTP library, which only server.c knows. A handler runs once the body was
 * read; STOW requests are fed while it comes (stow.h). */
#ifndef FELUCCA_SIM_CALL_H
#define FELUCCA_SIM_CALL_H

#include "tests/kheops-sim/answer.h"
#include "tests/kheops-sim/fault.h"
#include "tests/kheops-sim/model.h"

#include <stdatomic.h>

struct server;

/* The simulator as a whole. */
struct sim {
    struct model *model;
    struct fault_list *faults;
    struct server *server;
    const char *store; /* folder for what was stored, or NULL: count only */
    struct recorded_table *answers;
    struct late *late;
    uint64_t max_body;        /* above it: 413 */
    uint64_t max_pixels;      /* a part above it cannot be read */
    int64_t silence_ms;       /* an answer that takes longer is 504 */
    _Atomic int64_t delay_ms; /* added to every answer */
    /* How long a STOW request takes KHEOPS: each, for each new series, and for each MiB. */
    _Atomic int64_t stow_ms, series_ms, mib_ms;
    _Atomic uint64_t next_part; /* names of files being written */
};

enum { CALL_SEGMENT_MAX = 128 };

struct call {
    struct sim *sim;
    enum kind kind;
    const char *method, *path;
    char study[CALL_SEGMENT_MAX], series[CALL_SEGMENT_MAX],
        sop[CALL_SEGMENT_MAX]; /* from the path; for /sim: what follows */
    struct text body;
    struct answer answer;  /* status 0: not answered yet */
    bool admin;            /* it came by the second port */
    struct series *joined; /* the series that this request has put into an album, ... */
    struct album *joined_album;
    void *connection; /* server.c's */
};

/* Borrowed until the end of the request; NULL when absent. */
const char *call_header(const struct call *call, const char *name);
const char *call_argument(const struct call *call, const char *name);

/* Answers as it was recorded under that name (answers.txt), for what the request accepts. */
void call_answer(struct call *call, const char *recorded);

/* Does nothing for so long; false when the client went away or the server stops. */
bool call_wait(struct call *call, int64_t milliseconds);

/* ---- who asks ---- */

enum credential { CREDENTIAL_MISSING, CREDENTIAL_INACTIVE, CREDENTIAL_ACTIVE };

/* Whether KHEOPS takes the token now: a person's login token needs the login provider. */
bool credential_is_active(const struct sim *sim, const struct token *token);

/* The token in a header ("Bearer TOKEN", or "Basic …" with the token as its password). Takes no lock: call it
 * with the lock held. *ret_token is set when it is known, active or not. */
enum credential call_credential(const struct call *call, const char *header, struct token **ret_token);

/* ---- handlers ---- */

void share_series(struct call *call);
void share_study(struct call *call);
void introspect_token(struct call *call);
void qido_studies(struct call *call);
void qido_series(struct call *call);
void qido_instances(struct call *call);
void metadata_series(struct call *call);
void metadata_instance(struct call *call);
void fetch_study(struct call *call);
void admin_get(struct call *call);
void admin_change(struct call *call);
void page_show(struct call *call);
void readiness_show(struct call *call);
void liveness_show(struct call *call);

/* Everything, as JSON; with the single instances or without. Takes the lock. */
json_t *state_json(struct sim *sim, bool with_instances);

/* Reads {"albums": […], "tokens": […], "faults": […], "delay_ms": …}. 0, or ERR_SYNTAX with a sentence. */
int admin_apply(struct sim *sim, const json_t *json, struct text *ret_reason);

#endif
