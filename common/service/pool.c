#include "common/service/pool.h"

#include "common/base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    void (*work)(struct pool_job *job);
    void (*done)(struct pool_job *job);
    size_t thread_count;
    pthread_t threads[POOL_THREADS_MOST];
    pthread_mutex_t mutex; /* of what follows; never held while something is done */
    pthread_cond_t changed;
    struct pool_job *first; /* the oldest */
    struct pool_job *under_way[POOL_THREADS_MOST];
    size_t busy;
    bool rests, ends;
};

static bool is_same_asker(const struct pool_job *a, const struct pool_job *b)
{
    return memcmp(a->asker, b->asker, POOL_ASKER_SIZE) == 0;
}

/* What is made for a person alone holds up nobody else. */
static bool has_to_wait(const struct pool_job *job, const struct pool_job *other)
{
    return strcmp(other->about, job->about) == 0 &&
           (is_same_asker(other, job) || (!other->is_named && !job->is_named));
}

/* While the mutex is held, as in all that is static here. ret_same: how many of its asker are under way. */
static bool may_begin(const struct pool *pool, const struct pool_job *job, size_t *ret_same)
{
    size_t same = 0;
    for (size_t i = 0; i < pool->thread_count; i++) {
        const struct pool_job *other = pool->under_way[i];
        if (!other)
            continue;
        if (has_to_wait(job, other))
            return false;
        same += is_same_asker(other, job);
    }
    *ret_same = same;
    return same + 1 < pool->thread_count || pool->thread_count == 1;
}

/* Out of the list; NULL: nothing may begin now. */
static struct pool_job *take(struct pool *pool)
{
    struct pool_job **chosen = NULL;
    size_t least = 0, same;
    for (struct pool_job **at = &pool->first; *at; at = &(*at)->next) {
        if (!may_begin(pool, *at, &same) || (chosen && same >= least))
            continue;
        chosen = at;
        least = same;
    }
    struct pool_job *job = chosen ? *chosen : NULL;
    if (job)
        *chosen = job->next;
    return job;
}

static size_t free_place(const struct pool *pool)
{
    size_t place = 0;
    while (pool->under_way[place])
        place++;
    return place;
}

/* With the mutex open meanwhile. Others look at the job until it has left its place: only then it may be gone. */
static void do_job(struct pool *pool, struct pool_job *job)
{
    size_t place = free_place(pool);
    pool->under_way[place] = job;
    pool->busy++;
    (void)pthread_mutex_unlock(&pool->mutex);
    pool->work(job);
    (void)pthread_mutex_lock(&pool->mutex);
    pool->under_way[place] = NULL;
    pool->busy--;
    (void)pthread_cond_broadcast(&pool->changed); /* what waited for it may begin */
    (void)pthread_mutex_unlock(&pool->mutex);
    pool->done(job);
    (void)pthread_mutex_lock(&pool->mutex);
}

static void *work_on(void *context)
{
    struct pool *pool = context;
    (void)pthread_mutex_lock(&pool->mutex);
    while (!pool->ends) {
        struct pool_job *job = pool->rests ? NULL : take(pool);
        if (job)
            do_job(pool, job);
        else
            (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct pool *pool_create(size_t threads, void (*work)(struct pool_job *job),
                         void (*done)(struct pool_job *job))
{
    struct pool *pool = memory_new(1, sizeof *pool);
    assert(threads > 0 && threads <= POOL_THREADS_MOST);
    pool->work = work;
    pool->done = done;
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->changed, NULL);
    (void)pthread_mutex_lock(&pool->mutex); /* the first looks at how many there are */
    while (pool->thread_count < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, work_on, pool) == 0)
        pool->thread_count++;
    (void)pthread_mutex_unlock(&pool->mutex);
    if (pool->thread_count == 0)
        abort(); /* the machine has no room for a thread: be started again */
    return pool;
}

void pool_destroy(struct pool **pool)
{
    if (!*pool)
        return;
    (void)pthread_mutex_lock(&(*pool)->mutex);
    (*pool)->ends = true;
    (void)pthread_cond_broadcast(&(*pool)->changed);
    (void)pthread_mutex_unlock(&(*pool)->mutex);
    for (size_t i = 0; i < (*pool)->thread_count; i++)
        (void)pthread_join((*pool)->threads[i], NULL);
    while ((*pool)->first) {
        struct pool_job *job = (*pool)->first;
        (*pool)->first = job->next;
        (*pool)->done(job);
    }
    (void)pthread_cond_destroy(&(*pool)->changed);
    (void)pthread_mutex_destroy(&(*pool)->mutex);
    memory_free(pool);
}

void pool_add(struct pool *pool, struct pool_job *job)
{
    job->next = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    struct pool_job **end = &pool->first;
    while (*end)
        end = &(*end)->next;
    *end = job;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* Whether a job before end is about the same, of this asker. */
static bool is_counted(const struct pool *pool, const struct pool_job *job, const struct pool_job *end)
{
    for (size_t i = 0; i < pool->thread_count; i++) {
        const struct pool_job *other = pool->under_way[i];
        if (other && is_same_asker(other, job) && strcmp(other->about, job->about) == 0)
            return true;
    }
    for (const struct pool_job *other = pool->first; other != end; other = other->next)
        if (is_same_asker(other, job) && strcmp(other->about, job->about) == 0)
            return true;
    return false;
}

size_t pool_count(struct pool *pool, const struct pool_job *job)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    for (size_t i = 0; i < pool->thread_count; i++) {
        const struct pool_job *other = pool->under_way[i]; /* an asker's are each about another thing */
        count += other && is_same_asker(other, job) && strcmp(other->about, job->about) != 0;
    }
    for (const struct pool_job *other = pool->first; other; other = other->next)
        count += is_same_asker(other, job) && strcmp(other->about, job->about) != 0 &&
                 !is_counted(pool, other, other);
    (void)pthread_mutex_unlock(&pool->mutex);
    return count;
}

bool pool_take_back(struct pool *pool, const struct pool_job *job)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct pool_job **at = &pool->first;
    while (*at && *at != job)
        at = &(*at)->next;
    bool is_found = *at != NULL;
    if (is_found)
        *at = job->next;
    (void)pthread_mutex_unlock(&pool->mutex);
    return is_found;
}

void pool_rest(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->rests = true;
    while (pool->busy > 0)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pool_go_on(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->rests = false;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
}
