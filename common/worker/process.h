/* process - a process that does work for the router: all that sender, sharer and their like have in common.
 *
 *     struct service *service = service_start("sender", argc, argv);
 *     struct worker_process *sender = worker_process_create(service, &sender_kind);
 *     return service_run(service, worker_process_turn, sender);
 *
 * One thread and one loop; as many requests at once as it has slots. It takes work from the router
 * (worker.h), makes a task of each (task.h), watches the tokens that its requests carry and reports what
 * KHEOPS says of them, takes a new configuration, and gives everything up when the router falls silent. A kind
 * gives what differs.
 *
 * It is the skeleton of its processes, as common/service is of all: it logs. */
#ifndef FELUCCA_WORKER_PROCESS_H
#define FELUCCA_WORKER_PROCESS_H

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
    /* Makes process->own. 0, or a negative error with a sentence appended; close is called in either case. */
    int (*open)(struct worker_process *process, struct text *ret_reason);
    void (*close)(struct worker_process *process);
    /* After start and each reload; may be NULL. */
    void (*configured)(const struct config *config);
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
    struct task *tasks; /* all in hand */
    void *own;          /* the kind's */
};

/* Opens what its kind needs and connects to the router. NULL, after a line in the log, when the environment
 * is broken. kind is borrowed. */
struct worker_process *worker_process_create(struct service *service, const struct worker_kind *kind);
void worker_process_destroy(struct worker_process **process);

/* One turn of the loop, for service_run(): whether there is work in hand. */
bool worker_process_turn(void *context);

#endif
