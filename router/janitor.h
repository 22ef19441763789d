/* janitor - removes what may go: files of finished instances, after the commit that finished them; files that
 * were kept long enough; old history. Jobs that are older than retry.give_up fail here.
 *
 * It is slow on purpose: while work is out it takes at most a fifth of the time. */
#ifndef FELUCCA_ROUTER_JANITOR_H
#define FELUCCA_ROUTER_JANITOR_H

#include "common/spool/spool.h"

#include <stdint.h>

struct janitor;
struct router;

struct janitor *janitor_create(void);
void janitor_destroy(struct janitor **janitor);

void janitor_turn(struct router *router);
int64_t janitor_wakes_at(struct router *router);

/* What outbox_flush() tells: a file was removed, which the database learns in the next turn (instance_id 0:
 * it need not); a file could not be moved or removed. The next scan finds such a file when it is in
 * incoming/, the janitor's next round the others. */
void janitor_file_gone(void *router, int64_t instance_id);
void janitor_file_failed(void *router, const char *receipt, enum spool_place place, int code);

/* After outbox_flush(). Removing files costs as much processor and disk as sending them: while work is out
 * the janitor rests four times as long as the removals took. */
void janitor_give_way(struct router *router);

#endif
