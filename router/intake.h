/* intake - from a receipt to its rows.
 *
 * The header is read by a process of its own (readers.h), some dozens at a time, while the loop goes on. What it says is
 * decided about and written down in one transaction; after the commit the file moves from incoming/ to queue/. What cannot
 * be taken in is quarantined with a sentence. A file whose called AE title no node has waits in incoming/ for some minutes
 * first: the receiver may have read a configuration that the router has not. Whoever takes the same receipt twice changes
 * nothing. */
#ifndef FELUCCA_ROUTER_INTAKE_H
#define FELUCCA_ROUTER_INTAKE_H

#include "common/base/text.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake;
struct router;

struct intake *intake_create(void);
/* Writes the log lines that are left to be told. What is being read stays where it is. */
void intake_destroy(struct intake **intake);

/* A hint: the receipt's file is in incoming/. */
void intake_add(struct router *router, const char *receipt);
/* How many receipts are known and not asked for. */
size_t intake_waiting(const struct router *router);

/* Whether a file in incoming/ could not be read when it was tried last, and whether one of this SOP instance could not. */
bool intake_cannot_read(const struct router *router, const char *receipt);
bool intake_cannot_read_instance(const struct router *router, const char *sop_instance);

/* The configuration was read again: what waits for its node is looked at at once, and so is what is in quarantine
 * because no node had its called AE title. */
void intake_reload(struct router *router);

/* Looks into incoming/ every ten seconds, and takes in some of what waits. */
void intake_turn(struct router *router);
int64_t intake_wakes_at(struct router *router);
/* After the commit: logs what was taken in, once its study is quiet. */
void intake_tell(struct router *router);

/* At start: a file in queue/, which is taken in as new where it has no row. Waits for readers where all are busy. One that
 * cannot be read now goes to incoming/, where the scan finds it. */
void intake_from_queue(struct router *router, const char *receipt);
/* At start: a file in quarantine/ without a row is written down again, with what its file meta header tells. Its reason was
 * lost, unless it is one that can be seen without reading the header. */
void intake_from_quarantine(struct router *router, const char *receipt);
/* At start, after the last one: waits until all of them are taken in. */
void intake_settle(struct router *router);

/* Takes a quarantined file in once more, as if it were new. 0; ERR_AGAIN: its header has not been read yet, call it again
 * in the next step; others: it cannot be, nothing was changed, and why is appended to ret_why. */
int intake_again(struct router *router, int64_t instance_id, const char *receipt, struct text *ret_why);

/* Takes a quarantined file in as it is, where the UIDs that its delivery needs can be read: they may contradict its
 * command, and its header may be incomplete. A destination whose condition cannot be decided gets it when it is the
 * one named (NULL: none is). 0; ERR_AGAIN, as intake_again(); others: nothing can be done; then nothing was changed,
 * and why is appended to ret_why. */
int intake_deliver(struct router *router, int64_t instance_id, const char *receipt, const char *destination,
                   struct text *ret_why);

#endif
