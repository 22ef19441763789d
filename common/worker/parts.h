/* parts - what a worker process (process.h) is made of, for its tasks to read, and what tells one kind from another. */
#ifndef FELUCCA_WORKER_PARTS_H
#define FELUCCA_WORKER_PARTS_H

#include "common/config/config.h"
#include "common/http/http.h"
#include "common/kheops/token_watch.h"
#include "common/service/service.h"
#include "common/worker/worker.h"

struct task;
struct task_kind;
struct worker_process;

struct worker_kind {
    enum work_stage stage;                      /* that it says in HELLO, and whose tokens it watches */
    const char *name;                           /* of its part of the configuration: "sender" */
    const struct task_kind *tasks[WORK_STAGES]; /* by stage; NULL: no such work comes */
    int (*slots)(const struct config *config);
    /* Makes process->own; process->http is there, and until close. 0, or a negative error with a sentence appended;
     * close is called in either case. */
    int (*open)(struct worker_process *process, struct text *ret_reason);
    void (*close)(struct worker_process *process);
    /* After start and each reload; may be NULL. */
    void (*configured)(struct worker_process *process);
    /* Once a turn, for what is to be done without work; may be NULL. */
    void (*turn)(struct worker_process *process);
    /* Whether a request to the destination could be made, as far as this process knows; may be NULL. */
    bool (*ready)(struct worker_process *process, const struct config_destination *destination);
    /* Once a turn, for what its metrics show of now; may be NULL. */
    void (*show)(const struct worker_process *process);
};

/* For tasks, to read. */
struct worker_process {
    const struct worker_kind *kind;
    struct service *service;
    const struct config *config; /* the one in force */
    struct http *http;
    struct token_watch *tokens;
    struct worker *worker;
    struct metric *in_flight, *connected, *checks;
    struct task *tasks;              /* all in hand */
    struct waiting *waiting;         /* behind.h: for one of them to end */
    struct look *looks;              /* readiness.h: under way */
    bool was_connected, was_refused; /* as the log has it */
    void *own;                       /* the kind's */
};

#endif
