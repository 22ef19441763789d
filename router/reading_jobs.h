/* reading_jobs - what the readers are asked: each receipt from its asking until its answer is taken.
 *
 *     WAITING -sent-> SENT -an answer, or it is to blame for an end-> ANSWERED -taken-> FREE
 *                     SENT -its process ended, or the questions are others now-> WAITING
 *
 * Where a job is sent, and when, is for readers.c. */
#ifndef FELUCCA_ROUTER_READING_JOBS_H
#define FELUCCA_ROUTER_READING_JOBS_H

#include "router/readers_answer.h"

#include <stddef.h>
#include <stdint.h>

enum {
    READING_JOBS_CHANGES = 4,
    READING_JOBS_INQUIRIES = 2,
    READING_JOBS = READERS * READERS_DEPTH + READING_JOBS_CHANGES + READING_JOBS_INQUIRIES
};

enum job_state { JOB_FREE, JOB_WAITING, JOB_SENT, JOB_ANSWERED };

struct job {
    enum job_state state;
    enum readers_purpose purpose;
    uint64_t order;      /* of asking */
    uint64_t id;         /* of sending */
    int fd;              /* of the file */
    size_t slot;         /* SENT, or alone: who has it */
    bool alone;          /* only in a fresh process, and nothing beside it */
    bool forgotten;      /* nobody wants the answer */
    unsigned ends;       /* of processes that were reading it, from outside */
    uint64_t generation; /* of the questions, when it was sent */
    struct readers_answer answer;
};

struct reading_jobs {
    struct job list[READING_JOBS];
    uint64_t last_order;
    size_t held; /* bytes of the intake's answers that it has not taken yet; those of changes are few */
};

void reading_jobs_init(struct reading_jobs *jobs);
void reading_jobs_release(struct reading_jobs *jobs);

/* A free one becomes a waiting one, which there must be; the descriptor is then its own. */
void reading_jobs_add(struct reading_jobs *jobs, enum readers_purpose purpose, const char *receipt, int fd);
size_t reading_jobs_count(const struct reading_jobs *jobs, enum readers_purpose purpose);
/* NULL: it is not asked for. */
struct job *reading_jobs_find(struct reading_jobs *jobs, const char *receipt);

/* The job of that state and purpose (READERS_PURPOSES: any) that was asked for first, and need not be alone. NULL:
 * none. */
struct job *reading_jobs_first(struct reading_jobs *jobs, enum job_state state, enum readers_purpose purpose);
/* What a process is reading: it answers in the order of sending. NULL: nothing. */
struct job *reading_jobs_in_hand(struct reading_jobs *jobs, size_t slot);

/* It is answered: with a reading, which is then its own, or with an error. */
void reading_jobs_answer(struct reading_jobs *jobs, struct job *job, struct reading *reading);
void reading_jobs_refuse(struct reading_jobs *jobs, struct job *job, int code, const char *why);
void reading_jobs_take(struct reading_jobs *jobs, struct job *job, struct readers_answer *ret_answer);
void reading_jobs_forget(struct reading_jobs *jobs, struct job *job);

/* What the process has is waiting again. */
void reading_jobs_put_back(struct reading_jobs *jobs, size_t slot);
/* What was answered to other questions is waiting again. */
void reading_jobs_ask_again(struct reading_jobs *jobs);

#endif
