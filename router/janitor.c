/* janitor - what may go: files of finished instances after the commit that finished them, and old history. */
#include "common/base/crash.h"
#include "router/parts.h"

enum { FORGET_A_TURN = 200, CLEANING_MS = 10 * 1000 };

static void finish_file(void *context, const struct jobdb_file *file, bool remove)
{
    struct router *router = context;
    if (remove)
        outbox_remove(router->outbox, file->receipt, file->place, file->instance_id);
    else
        outbox_move(router->outbox, file->receipt, SPOOL_QUEUE, SPOOL_KEPT);
}

static void expire_file(void *context, const struct jobdb_file *file)
{
    struct router *router = context;
    outbox_remove(router->outbox, file->receipt, file->place, file->instance_id);
}

void janitor_turn(struct router *router)
{
    for (size_t i = 0; i < router->gone_count; i++)
        jobdb_file_gone(router->db, router->gone[i]);
    CRASH_POINT_IF(router->gone_count > 0, ROUTER_GONE_MARKED);
    router->gone_count = 0;
    size_t portion = outbox_portion(router->outbox);
    router->more_to_clean =
        router->monotonic >= router->next_finishing &&
        jobdb_each_finished(router->db, router->now, portion, finish_file, router) == portion;
    if (router->monotonic < router->next_cleaning)
        return;
    router->next_cleaning = router->monotonic + CLEANING_MS;
    size_t expired = jobdb_each_expired(router->db, router->now, portion, expire_file, router);
    size_t forgotten = jobdb_forget(router->db, router->now - router->config->history_ms, FORGET_A_TURN);
    if (expired == portion || forgotten == FORGET_A_TURN)
        router->next_cleaning = router->monotonic;
}
