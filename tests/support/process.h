/* process - a real program, started, watched and ended by its pid.
 *
 * A started program gets SIGKILL when the test's process ends, in whatever way. Nothing here ever ends a
 * process by its name. Programs that cannot be started end the test (a Check assertion). */
#ifndef FELUCCA_TESTS_PROCESS_H
#define FELUCCA_TESTS_PROCESS_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process;

struct process_options {
    const char *const *environment; /* "NAME=value" to add or replace, ended by NULL; or NULL */
    const char *folder;             /* where it runs; NULL: here */
    const char *output;             /* file to which stdout and stderr are appended; NULL: /dev/null */
    const char *errors;             /* file for stderr alone; NULL: with stdout */
};

/* Starts argv (argv[0] looked up in PATH when it has no slash; ended by NULL). options may be NULL. */
struct process *process_start(const char *const *argv, const struct process_options *options);
/* Ends it with SIGKILL when it still runs. */
void process_destroy(struct process **process);

pid_t process_pid(const struct process *process);
bool process_running(struct process *process);
/* Nothing happens when it has ended already. */
void process_signal(struct process *process, int signal_number);

enum { PROCESS_STILL_RUNNING = -1 };

/* Waits for its end, at most limit_ms: its exit status, 128 + n when signal n ended it, or
 * PROCESS_STILL_RUNNING. May be called again after the end. */
int process_wait(struct process *process, int64_t limit_ms);

/* SIGTERM, and SIGKILL when that did not help within limit_ms: its exit status as above (137 then). */
int process_end(struct process *process, int64_t limit_ms);

/* SIGKILL and wait. */
void process_kill(struct process *process);

/* The same for the children that it has at this moment, then for itself: as when its machine fails. */
void process_kill_family(struct process *process);

/* SIGSTOP to it and to the children that it has at this moment. */
void process_freeze_family(struct process *process);

/* The pids of the children that it has at this moment, at most so many: how many. */
unsigned process_children(const struct process *process, pid_t *ret_pids, unsigned most);
/* Whether that process has not ended, though nobody may have waited for it. */
bool process_pid_lives(pid_t pid);

/* A signal to so many of the children that it has at this moment: how many there were. */
unsigned process_signal_children(struct process *process, unsigned most, int signal_number);

/* SIGKILL to one of its children, the index-th; false when it has not so many. */
bool process_kill_child(struct process *process, unsigned index);

/* Runs argv to its end, at most limit_ms, and appends its stdout and stderr to ret_output (may be NULL).
 * Its exit status as process_wait() tells it; 137 when it had to be ended. environment as above. */
int process_run(const char *const *argv, const char *const *environment, int64_t limit_ms,
                struct text *ret_output);

/* Appends what it and its children do at this moment, a line each: state, where the kernel has it wait, its system call.
 * For the message of a test that waited for it in vain. */
void process_describe(struct process *process, struct text *ret_text);

/* What the kernel says about it: peak resident memory in KiB, processor time used so far in ms. */
int64_t process_peak_memory_kib(const struct process *process);
int64_t process_pid_peak_memory_kib(pid_t pid); /* -1: it has ended */
int64_t process_cpu_ms(const struct process *process);

#endif
