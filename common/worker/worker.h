/* worker - the side of the work protocol that senders and sharers share.
 *
 * A process that does work has one worker, one thread, and a loop:
 *
 *     worker_turn(worker);                       talks to the router, fills slots by calling start()
 *     ... do requests, waiting at most worker_wait_ms(), also on worker_fd() ...
 *     worker_finish(worker, &result);            hands over what came of one
 *
 * The worker asks for as much as it has free slots, says PING with what it holds, resends each RESULT until
 * the router has committed it, and says HELLO again when the router forgot it. When no PONG came for
 * WORK_SILENCE_MS it takes no new work, says HELLO until the router answers, and goes on with what it has: the
 * router's answer names what was given to others meanwhile, and only that is stopped. The time in which the worker
 * itself did not turn is no silence of the router. */
#ifndef FELUCCA_WORKER_WORKER_H
#define FELUCCA_WORKER_WORKER_H

#include "common/config/config.h"
#include "common/wire/work.h"

struct worker;

struct worker_handler {
    void *context;
    /* Begin this work; it is then yours, to be answered once by worker_finish() (unless aborted). */
    void (*start)(void *context, struct work *work);
    /* Others have this work now: stop it and forget it, without worker_finish(). */
    void (*abort)(void *context, const char *work_id);
    /* The router has answered a report; may be NULL. permit is borrowed. */
    void (*permit)(void *context, const struct work_permit *permit);
    /* The router wants to know whether a server is there again; may be NULL. look is borrowed. */
    void (*look)(void *context, const struct work_look *look);
};

/* Connects (in the background) to the router's work socket. slots: most works at once. The configuration is
 * read during the call only; handler is copied. 0, ERR_NETWORK (endpoint not usable) or ERR_CONFIG. */
int worker_create(const struct config *config, enum work_stage stage, int slots,
                  const struct worker_handler *handler, struct worker **ret_worker, struct text *ret_reason);
void worker_destroy(struct worker **worker);

/* Readable when a message may wait (a ZeroMQ descriptor: edge-triggered, so always call worker_turn() before
 * waiting on it). */
int worker_fd(const struct worker *worker);

/* Takes all messages, sends what is due. May call the handler. */
void worker_turn(struct worker *worker);

/* How long a wait may be before worker_turn() is wanted again. */
int64_t worker_wait_ms(const struct worker *worker);

/* Says HELLO anew: what kept the router from giving some work to this worker may be gone. */
void worker_greet(struct worker *worker);

/* Hands over the result of one work; *result is NULL afterwards. */
void worker_finish(struct worker *worker, struct work_result **result);

/* Whether the result of this work waits for its ACK, and nothing in it was done. */
bool worker_ended_badly(const struct worker *worker, const char *work_id);

/* Tells the router what introspection said, until it has answered: permit() of the handler hears that. */
void worker_report_token(struct worker *worker, const struct work_token *token);

/* Tells what a look found, once: the router asks again. */
void worker_report_seen(struct worker *worker, const struct work_look *look);

/* Says BYE: no more work. worker_busy() tells whether works or unacknowledged results are still in hand. */
void worker_leave(struct worker *worker);
bool worker_busy(const struct worker *worker);

/* Whether the router answered within the last WORK_SILENCE_MS, and gives work to this worker. */
bool worker_connected(const struct worker *worker);
/* Why the router gives no work to this worker, a sentence; NULL: it does. It is asked again every 30 s. */
const char *worker_refusal(const struct worker *worker);

#endif
