#include "tests/kheops-sim/late.h"

#include "common/base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct late {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ending;
    unsigned waiting;
};

struct task {
    struct late *late;
    struct timespec until;
    void (*done)(void *context, bool in_time);
    void *context;
};

struct late *late_create(void)
{
    struct late *late = memory_new(1, sizeof *late);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&late->mutex, NULL);
    pthread_cond_init(&late->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return late;
}

void late_destroy(struct late **late)
{
    struct late *l = *late;
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    l->ending = true;
    pthread_cond_broadcast(&l->changed);
    while (l->waiting > 0)
        pthread_cond_wait(&l->changed, &l->mutex);
    pthread_mutex_unlock(&l->mutex);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->mutex);
    free(l);
    *late = NULL;
}

static void *run(void *argument)
{
    struct task *task = argument;
    struct late *late = task->late;
    int result = 0;
    pthread_mutex_lock(&late->mutex);
    while (!late->ending && result == 0)
        result = pthread_cond_timedwait(&late->changed, &late->mutex, &task->until);
    bool in_time = !late->ending;
    pthread_mutex_unlock(&late->mutex);
    task->done(task->context, in_time);
    free(task);
    pthread_mutex_lock(&late->mutex);
    late->waiting--;
    pthread_cond_broadcast(&late->changed);
    pthread_mutex_unlock(&late->mutex);
    return NULL;
}

void late_after(struct late *late, int64_t milliseconds, void (*done)(void *context, bool in_time),
                void *context)
{
    struct task *task = memory_new(1, sizeof *task);
    pthread_t thread;
    *task = (struct task){.late = late, .done = done, .context = context};
    clock_gettime(CLOCK_MONOTONIC, &task->until);
    task->until.tv_sec += milliseconds / 1000;
    task->until.tv_nsec += milliseconds % 1000 * 1000000;
    if (task->until.tv_nsec >= 1000000000) {
        task->until.tv_sec++;
        task->until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&late->mutex);
    late->waiting++;
    pthread_mutex_unlock(&late->mutex);
    if (pthread_create(&thread, NULL, run, task) != 0)
        abort();
    pthread_detach(thread);
}
