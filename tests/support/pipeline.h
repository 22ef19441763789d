/* pipeline - the real programs of Felucca, started for a test in its sandbox.
 *
 * Each process can be started, killed and started again on its own, and several senders and sharers can run.
 * Each has a configuration file of its own, equal but for the port of its metrics. Retries are quick (first
 * 100 ms, ceiling 1 s), so that tests need not wait. Logs are in the sandbox: <stage>-<number>.log. */
#ifndef FELUCCA_TESTS_PIPELINE_H
#define FELUCCA_TESTS_PIPELINE_H

#include "common/base/text.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/simulator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the configuration ---- */

/* NULL and 0 members are left out of the file. Tokens are plain text here; the file refers to them as
 * ${file:…} in the sandbox. */
struct pipeline_album {
    const char *name, *destination_token, *source_token, *condition;
};

struct pipeline_destination {
    const char *name;
    const struct simulator *simulator;
    const char *stow_url; /* instead of the simulator's */
    const char *token, *condition;
    const struct pipeline_album *albums;
    size_t album_count;
    const char *more; /* further lines, at the destination's indentation of 8 */
};

struct pipeline_node {
    const char *aet; /* may be followed by lines of the node, at an indentation of 4 */
    const struct pipeline_destination *destinations;
    size_t destination_count;
};

struct pipeline_options {
    const struct pipeline_node *nodes;
    size_t node_count;
    const char *more; /* further top-level lines; replaces a key "retry:" or "sender:" of ours if it has one;
                         one that begins with "receiver: {" gets port and address put in front */
};

/* ---- processes ---- */

/* PIPELINE_STAGES: of the main job. A notifier, a console, a committer and a tray are started where a test wants one. */
enum pipeline_stage {
    PIPELINE_RECEIVER,
    PIPELINE_ROUTER,
    PIPELINE_SENDER,
    PIPELINE_SHARER,
    PIPELINE_STAGES,
    PIPELINE_NOTIFIER = PIPELINE_STAGES,
    PIPELINE_CONSOLE,
    PIPELINE_COMMITTER,
    PIPELINE_TRAY,
    PIPELINE_KINDS
};

struct pipeline;

/* Writes the configuration; starts nothing. options are read during the call only. */
struct pipeline *pipeline_create(struct sandbox *sandbox, const struct pipeline_options *options);
/* Kills what still runs. */
void pipeline_destroy(struct pipeline **pipeline);

/* Starts one more process of a stage; its number is from 0 on within its stage. The receiver accepts when
 * this returns. */
size_t pipeline_start(struct pipeline *pipeline, enum pipeline_stage stage);
/* The same with another configuration: what it has once, with another text in its place. */
size_t pipeline_start_changed(struct pipeline *pipeline, enum pipeline_stage stage, const char *text,
                              const char *other);
/* The same without waiting for anything: for a process whose ports cannot be reached from here. */
size_t pipeline_launch(struct pipeline *pipeline, enum pipeline_stage stage);
/* Starts one of each. */
void pipeline_start_all(struct pipeline *pipeline);
struct process *pipeline_process(struct pipeline *pipeline, enum pipeline_stage stage, size_t number);
/* SIGKILL, and start again. What a killed receiver had accepted goes on in its child processes, one for each
 * association; with its family these are killed too. */
void pipeline_kill_and_restart(struct pipeline *pipeline, enum pipeline_stage stage, size_t number);
void pipeline_kill_family_and_restart(struct pipeline *pipeline, enum pipeline_stage stage, size_t number);
/* From the next start of the stage on: more environment ("NAME=value", ended by NULL), and words in front of
 * the command line (a tracer with its options, ended by NULL). Both are borrowed; NULL: none. */
void pipeline_equip(struct pipeline *pipeline, enum pipeline_stage stage, const char *const *environment,
                    const char *const *prefix);
/* Of the configuration of the next process that is added, and of no other: others take the place of words (borrowed). */
void pipeline_reword_next(struct pipeline *pipeline, const char *words, const char *others);
/* From the next start on they log at this level (borrowed) instead of "debug". */
void pipeline_log_level(struct pipeline *pipeline, const char *level);
/* From the next start on the programs come from this folder (borrowed); FELUCCA_CRASH_BIN: those that die at
 * crash points. */
void pipeline_use_programs(struct pipeline *pipeline, const char *folder);
/* One that has ended by itself. */
void pipeline_start_again(struct pipeline *pipeline, enum pipeline_stage stage, size_t number);
/* Starts every process that has ended, as a supervisor does, and waits for nothing; how many. */
size_t pipeline_revive(struct pipeline *pipeline);
/* Waits until all are ready. */
void pipeline_await(struct pipeline *pipeline);

/* What a power failure needs: SIGSTOP to all and their children, SIGKILL to the same, and all once more. */
void pipeline_freeze_all(struct pipeline *pipeline);
void pipeline_kill_all(struct pipeline *pipeline);
void pipeline_start_all_again(struct pipeline *pipeline);

/* SIGTERM to all, in the order of a supervisor: receiver, workers, router. Each has to exit with 0, and then
 * spool and database must agree. */
void pipeline_stop_all(struct pipeline *pipeline);
/* The same without an order: a worker whose RESULT the router acknowledges no more needs its 30 s. */
void pipeline_stop_at_once(struct pipeline *pipeline);

int pipeline_port(const struct pipeline *pipeline);
const char *pipeline_state_dir(const struct pipeline *pipeline);
const char *pipeline_config(const struct pipeline *pipeline);

/* The sum of a metric family's values ("felucca_…") at a process; 0 when it has none. */
double pipeline_metric(struct pipeline *pipeline, enum pipeline_stage stage, size_t number,
                       const char *family);

/* What a process answers at this path of its metrics port: its status; the body is appended. */
int pipeline_page(struct pipeline *pipeline, enum pipeline_stage stage, size_t number, const char *path,
                  struct text *ret_body);

/* ---- work for it ---- */

/* storescu with all files of a folder and below, at most limit_ms: its exit status; its output is appended to
 * ret_output, which may be NULL. */
int pipeline_storescu(int port, const char *called_aet, const char *folder, int64_t limit_ms,
                      struct text *ret_output);
/* Sends a study of so many series, of one small instance each, to FELUCCA; it is taken, or the test ends. */
void pipeline_send_small_study(struct pipeline *pipeline, struct sandbox *sandbox, uint64_t seed,
                               unsigned series);
/* The same as pipeline_storescu() without waiting for its end. output: a file. */
struct process *pipeline_storescu_start(int port, const char *called_aet, const char *folder,
                                        const char *output);

/* What that same storescu delivers to a storescp --bit-preserving: one file an instance, in the folder, which
 * is made, named <SOP Instance UID>.dcm. */
void pipeline_reference(struct sandbox *sandbox, const char *folder, const char *reference);

/* Whether no spool file is left to be worked on: incoming/ and queue/ are empty. */
bool pipeline_wait_drained(struct pipeline *pipeline, int64_t limit_ms);

/* When ok is false: prints the ends of all logs, then ends the test. */
void pipeline_check(struct pipeline *pipeline, bool ok, const char *what);

#endif
