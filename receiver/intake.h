/* intake - the durable way of one instance from the network into the spool.
 *
 *     intake_begin(intake, &meta);       a .part file in incoming/, our file meta header in front
 *     intake_write(intake, bytes, n);    as often as bytes arrive, kept exactly as they are
 *     intake_finish(intake, receipt);    0: the instance is durable under that receipt, say Success
 *
 * What goes wrong (no space, free space below the floor, a write or fsync that fails) is kept until
 * intake_finish() returns it; until then bytes are swallowed, so that the peer's data set can be read to its
 * end and the association stays usable. Nothing is left in the spool then. A failed fsync is never repeated.
 * One instance at a time; the bytes are not looked at. */
#ifndef FELUCCA_RECEIVER_INTAKE_H
#define FELUCCA_RECEIVER_INTAKE_H

#include "common/spool/file_meta.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake;

/* The spool is borrowed while the intake lives. min_free_space: bytes that must stay free on its disk. */
struct intake *intake_create(struct spool *spool, int64_t min_free_space);
/* Abandons what has begun. */
void intake_destroy(struct intake **intake);

/* Makes the next .part file while there is nothing else to do: creating one takes a disk about as long as
 * flushing it. Used by the next intake_begin() if that comes soon, removed otherwise. */
void intake_prepare(struct intake *intake);

void intake_begin(struct intake *intake, const struct file_meta *meta);
void intake_write(struct intake *intake, const void *bytes, size_t length);

/* Whether something went wrong already, so that what is written is swallowed. */
bool intake_failed(const struct intake *intake);

/* Bytes of the data set so far. */
int64_t intake_bytes(const struct intake *intake);

/* 0 with the receipt (RECEIPT_SIZE bytes), or the first error of this instance. */
int intake_finish(struct intake *intake, char *ret_receipt);

/* The data set was cut off: removes the .part file. Nothing happens when none has begun. */
void intake_abandon(struct intake *intake);

#endif
