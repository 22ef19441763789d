/* pool - a few threads that do what they are handed, so that one long job does not hold the next.
 *
 * Two jobs about the same thing are done one after the other, of one asker or where neither asker is known by name: who asks for it
 * second finds what the first has made. What is made for a person is no other's, who does not wait for it. Of one asker
 * all threads but one are busy at most, so that there is one for others. Among those that may begin that one does whose asker has
 * the fewest under way, and of these the oldest: however many wait of one asker, another's comes next. */
#ifndef FELUCCA_SERVICE_POOL_H
#define FELUCCA_SERVICE_POOL_H

#include <stdbool.h>
#include <stddef.h>

enum { POOL_ASKER_SIZE = 16, POOL_THREADS_MOST = 16 };

struct pool;

/* Part of what is to be done: borrowed from pool_add() until done is called with it. */
struct pool_job {
    struct pool_job *next;      /* the pool's own */
    const char *about;          /* borrowed as long */
    const unsigned char *asker; /* POOL_ASKER_SIZE bytes, borrowed as long */
    bool is_named;              /* the asker is a person, for whom alone it is done */
};

/* The threads call work, then done, with which the job is its maker's again; they block the signals that their maker does. */
struct pool *pool_create(size_t threads, void (*work)(struct pool_job *job),
                         void (*done)(struct pool_job *job));
/* Waits for what is under way; of what has not begun done alone is called. */
void pool_destroy(struct pool **pool);

void pool_add(struct pool *pool, struct pool_job *job);

/* How many other things its asker waits for, what is under way among them. */
size_t pool_count(struct pool *pool, const struct pool_job *job);
/* True: it had not begun, and is its maker's again; done is not called. */
bool pool_take_back(struct pool *pool, const struct pool_job *job);

/* Waits for what is under way, and begins nothing until pool_go_on(). */
void pool_rest(struct pool *pool);
void pool_go_on(struct pool *pool);

#endif
