#include "router/reading_jobs.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <string.h>

static struct job *end_of(struct reading_jobs *jobs)
{
    return jobs->list + READING_JOBS;
}

/* Answers of changes do not count: a change may be waited for that never comes back for the others of them. */
static size_t bytes_held(const struct job *job)
{
    return job->answer.reading && job->purpose == READERS_INTAKE ? reading_bytes(job->answer.reading) : 0;
}

static void drop_reading(struct reading_jobs *jobs, struct job *job)
{
    jobs->held -= bytes_held(job);
    reading_destroy(&job->answer.reading);
}

static void free_job(struct reading_jobs *jobs, struct job *job)
{
    drop_reading(jobs, job);
    readers_answer_release(&job->answer);
    fd_close(&job->fd);
    *job = (struct job){.fd = -1};
}

void reading_jobs_init(struct reading_jobs *jobs)
{
    *jobs = (struct reading_jobs){.last_order = 0};
    for (struct job *job = jobs->list; job < end_of(jobs); job++)
        job->fd = -1;
}

void reading_jobs_release(struct reading_jobs *jobs)
{
    for (struct job *job = jobs->list; job < end_of(jobs); job++)
        free_job(jobs, job);
}

void reading_jobs_add(struct reading_jobs *jobs, enum readers_purpose purpose, const char *receipt, int fd)
{
    struct job *job = jobs->list;
    while (job->state != JOB_FREE)
        job++;
    *job = (struct job){.state = JOB_WAITING, .purpose = purpose, .order = ++jobs->last_order, .fd = fd};
    memcpy(job->answer.receipt, receipt, RECEIPT_SIZE);
}

size_t reading_jobs_count(const struct reading_jobs *jobs, enum readers_purpose purpose)
{
    size_t count = 0;
    for (size_t i = 0; i < READING_JOBS; i++)
        count += jobs->list[i].state != JOB_FREE && jobs->list[i].purpose == purpose;
    return count;
}

struct job *reading_jobs_find(struct reading_jobs *jobs, const char *receipt)
{
    for (struct job *job = jobs->list; job < end_of(jobs); job++) {
        if (job->state != JOB_FREE && strcmp(job->answer.receipt, receipt) == 0)
            return job;
    }
    return NULL;
}

struct job *reading_jobs_first(struct reading_jobs *jobs, enum job_state state, enum readers_purpose purpose)
{
    struct job *first = NULL;
    for (struct job *job = jobs->list; job < end_of(jobs); job++) {
        bool meant = job->state == state && (purpose == READERS_PURPOSES || job->purpose == purpose);
        if (meant && !job->alone && (!first || job->order < first->order))
            first = job;
    }
    return first;
}

struct job *reading_jobs_in_hand(struct reading_jobs *jobs, size_t slot)
{
    struct job *first = NULL;
    for (struct job *job = jobs->list; job < end_of(jobs); job++) {
        if (job->state == JOB_SENT && job->slot == slot && (!first || job->id < first->id))
            first = job;
    }
    return first;
}

static void end_job(struct reading_jobs *jobs, struct job *job)
{
    job->alone = false;
    job->state = JOB_ANSWERED;
    if (job->forgotten)
        free_job(jobs, job);
}

void reading_jobs_answer(struct reading_jobs *jobs, struct job *job, struct reading *reading)
{
    job->answer.code = reading_code(reading);
    if (job->answer.code == 0) {
        job->answer.reading = reading;
        jobs->held += bytes_held(job);
    } else {
        text_append(&job->answer.reason, reading_reason(reading));
        reading_destroy(&reading);
    }
    end_job(jobs, job);
}

void reading_jobs_refuse(struct reading_jobs *jobs, struct job *job, int code, const char *why)
{
    job->answer.code = code;
    job->answer.is_condemned = code == ERR_SYNTAX;
    text_append(&job->answer.reason, why);
    end_job(jobs, job);
}

void reading_jobs_take(struct reading_jobs *jobs, struct job *job, struct readers_answer *ret_answer)
{
    *ret_answer = job->answer;
    jobs->held -= bytes_held(job);
    job->answer = (struct readers_answer){.code = 0};
    free_job(jobs, job);
}

void reading_jobs_forget(struct reading_jobs *jobs, struct job *job)
{
    job->forgotten = true;
    if (job->state != JOB_SENT)
        end_job(jobs, job);
}

void reading_jobs_put_back(struct reading_jobs *jobs, size_t slot)
{
    for (struct job *job = jobs->list; job < end_of(jobs); job++) {
        if (job->state == JOB_SENT && job->slot == slot)
            job->state = JOB_WAITING;
    }
}

void reading_jobs_ask_again(struct reading_jobs *jobs)
{
    for (struct job *job = jobs->list; job < end_of(jobs); job++) {
        if (job->state == JOB_ANSWERED && job->answer.reading) {
            drop_reading(jobs, job);
            job->state = JOB_WAITING;
        }
    }
}
