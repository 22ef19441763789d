/* rig - a real felucca-router on a state folder of its own, with workers played by the test (cast.h).
 *
 * Two nodes: FIRST sends to "main", with the albums "ct" (Modality CT), "mr" (MR) and "all"; SECOND sends to
 * "other", which has no albums and another origin. Retries are quick (first 20 ms, ceiling
 * 200 ms, 3 attempts). */
#ifndef FELUCCA_TESTS_RIG_H
#define FELUCCA_TESTS_RIG_H

#include "common/base/text.h"
#include "common/jobs/jobdb.h"
#include "tests/support/cast.h"
#include "tests/support/dicom.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>

struct rig {
    struct sandbox *sandbox;
    const char *state, *config; /* the state folder, the configuration file */
    struct process *router;     /* NULL: not running */
    struct cast *cast;
    struct bus *hints;
    int64_t log_start; /* where the log of the router that was started last begins */
};

/* Makes everything and starts the router. more: further lines of the configuration, or NULL; a key "retry:"
 * in them replaces ours. */
struct rig *rig_create(const char *more);
/* rig_stop() where it still runs; spool and database must agree. */
void rig_destroy(struct rig **rig);

/* Writes the configuration anew: without the destination or album of that name (NULL: all are there). */
void rig_configure(struct rig *rig, const char *more, const char *without);
/* Replaces some of the configuration, where it is first. */
void rig_reword(struct rig *rig, const char *words, const char *others);
void rig_start(struct rig *rig);
/* With a program of another folder ("…/crash-bin") and an environment, as process_options has it. */
void rig_start_from(struct rig *rig, const char *folder, const char *const *environment);
void rig_kill(struct rig *rig);
/* Waits until it has ended by itself: its status. */
int rig_wait_end(struct rig *rig, int64_t limit_ms);

/* An instance as a receiver leaves it, with its hint: study number study, series number series of it
 * (its modality is CT, or MR where series is even), instance number instance. ret_receipt:
 * RECEIPT_SIZE, or NULL. */
void rig_receive(struct rig *rig, const char *called_aet, unsigned study, unsigned series, unsigned instance,
                 char *ret_receipt);
/* The same with what is in this file, which is gone then, with this receipt. */
void rig_receive_file(struct rig *rig, const char *path, const char *receipt);
/* The same instance as rig_receive() would make it, to be changed; and received then. */
void rig_spec(struct dicom_spec *ret_spec, unsigned study, unsigned series, unsigned instance);
void rig_receive_spec(struct rig *rig, const char *called_aet, const struct dicom_spec *spec,
                      char *ret_receipt);

/* How many jobs there are: kind "delivery" or "share"; state, destination and album may be NULL. */
int64_t rig_jobs(struct rig *rig, const char *kind, const char *state, const char *destination,
                 const char *album);
int64_t rig_quarantined(struct rig *rig);
/* Waits, while the cast acts, until there are exactly that many jobs in that state. */
bool rig_wait_jobs(struct rig *rig, const char *kind, const char *state, int64_t count, int64_t limit_ms);
bool rig_wait_quarantined(struct rig *rig, int64_t count, int64_t limit_ms);
/* The state of a destination or album ("up", "blocked", …) as `felucca status` has it. */
bool rig_wait_target(struct rig *rig, const char *destination, const char *album, const char *state,
                     int64_t limit_ms);
/* Whether all spool files that had to be worked on are gone. */
bool rig_wait_drained(struct rig *rig, int64_t limit_ms);

/* The exit status of `felucca` with these words (ended by NULL) and --config; its output is appended. */
int rig_felucca(struct rig *rig, const char *const *words, struct text *ret_output);
/* Runs the same: its status and a part of what it says must be these, or the test ends. */
void rig_expect(struct rig *rig, int status, const char *says, const char *const *words);

/* Whether the router that was started last has logged this text; the other one waits for it. */
bool rig_log_says(struct rig *rig, const char *text);
bool rig_wait_log(struct rig *rig, const char *text, int64_t limit_ms);
/* Ends the router with SIGTERM, once it has begun; it has to end well. */
void rig_stop(struct rig *rig);

/* When ok is false: prints the router's log, then ends the test. */
void rig_check(struct rig *rig, bool ok, const char *what);
/* rig_check() of consistency.h. */
void rig_check_consistency(struct rig *rig);

#endif
