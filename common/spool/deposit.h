/* deposit - the durable way of one instance into the spool.
 *
 *     deposit_begin(deposit, &meta);       a .part file in incoming/, our file meta header in front
 *     deposit_write(deposit, bytes, n);    as often as bytes arrive, kept exactly as they are
 *     deposit_finish(deposit, receipt);    0: the instance is durable under that receipt, say Success
 *
 * What goes wrong (no space, free space below the floor, a write or fsync that fails) is kept until
 * deposit_finish() returns it; until then bytes are swallowed, so that the peer's data set can be read to its
 * end and the association stays usable. Nothing is left in the spool then. A failed fsync is never repeated.
 * One instance at a time; the bytes are not looked at. */
#ifndef FELUCCA_SPOOL_DEPOSIT_H
#define FELUCCA_SPOOL_DEPOSIT_H

#include "common/spool/file_meta.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deposit;

/* The spool is borrowed while the deposit lives. min_free_space: bytes that must stay free on its disk. */
struct deposit *deposit_create(struct spool *spool, int64_t min_free_space);
/* Abandons what has begun. */
void deposit_destroy(struct deposit **deposit);

/* Makes the next .part file while there is nothing else to do: creating one takes a disk about as long as
 * flushing it. Used by the next deposit_begin() if that comes soon, removed otherwise. */
void deposit_prepare(struct deposit *deposit);

void deposit_begin(struct deposit *deposit, const struct file_meta *meta);
void deposit_write(struct deposit *deposit, const void *bytes, size_t length);

/* Its receipt while it comes in: what it will be durable under. "" when something went wrong. Borrowed until it ends. */
const char *deposit_receipt(const struct deposit *deposit);

/* Whether something went wrong already, so that what is written is swallowed. */
bool deposit_failed(const struct deposit *deposit);

/* Bytes of the data set so far. */
int64_t deposit_bytes(const struct deposit *deposit);

/* 0 with the receipt (RECEIPT_SIZE bytes), or the first error of this instance. */
int deposit_finish(struct deposit *deposit, char *ret_receipt);

/* The data set was cut off: removes the .part file. Nothing happens when none has begun. */
void deposit_abandon(struct deposit *deposit);

#endif
