/* commit - durable first, then said and done: the turn's changes of the database are committed, then the
 * outbox is flushed. A database that does not work ends the process, which recovers at its next start. */
#ifndef FELUCCA_ROUTER_COMMIT_H
#define FELUCCA_ROUTER_COMMIT_H

struct router;

void commit(struct router *router);

#endif
