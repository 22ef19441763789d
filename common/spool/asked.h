/* asked - requests for storage commitment, as files: spool/commitments/<receipt>.request.
 *
 * An association's process writes one before it answers the request, the router takes it in and removes it when the
 * transaction is over: what is in the job database only is lost with it, what is here is not. The content is
 * common/wire/commitment_request.h's. One that is being written is a .part file, which the router sweeps when it is old.
 *
 * The folder is a descriptor, so that a process which may open nothing else can work in it. */
#ifndef FELUCCA_SPOOL_ASKED_H
#define FELUCCA_SPOOL_ASKED_H

#include "common/base/text.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>

enum { ASKED_BYTES_MOST = 8 << 20 };

/* What a receiver tells the router through the socket of hints: look into the folder. No receipt is as long. */
#define ASKED_HINT "commitments"

/* Opens the folder in the spool, which is made where it is missing. The descriptor is then yours. */
int asked_open(struct spool *spool, int *ret_folder);
/* Once, where a process starts that may make it: it is there from now on, durably. */
int asked_make(struct spool *spool);

/* Writes a new file and makes it durable; ret_receipt: RECEIPT_SIZE bytes. 0; after a failure there is none. ret_lock: a
 * descriptor, then yours, by which its writer says that it lives and can report itself, from before anybody can see the
 * file until it is closed; NULL: that is not said. */
int asked_write(int folder, const struct text *bytes, char *ret_receipt, int *ret_lock);

/* Appends what a file holds. ERR_ABSENT: there is none; ERR_RANGE: it is longer than ASKED_BYTES_MOST. */
int asked_read(int folder, const char *receipt, struct text *out);

/* Whether the writer of a request lives and can report itself. False at any doubt, which is safe: it reports nothing that was not
 * offered to it. */
bool asked_is_kept(int folder, const char *receipt);

/* A request has two more files: what its writer is offered to report, and what came of that. Each is written once, durably (an
 * error where it is there), and read as asked_read() does. */
enum asked_part { ASKED_REQUEST, ASKED_REPORT, ASKED_OUTCOME, ASKED_PARTS };
int asked_write_part(int folder, const char *receipt, enum asked_part part, const struct text *bytes);
int asked_read_part(int folder, const char *receipt, enum asked_part part, struct text *out);

/* Puts one aside that is none of ours, for a person: <receipt>.unreadable. */
int asked_park(int folder, const char *receipt);

/* Removes it, its own files first. Already gone: 0. */
int asked_remove(int folder, const char *receipt);

/* Calls each(context, receipt) for every whole file, in no order, until it returns other than 0, which is returned. What
 * was being written for more than an hour is removed. */
int asked_scan(int folder, int (*each)(void *context, const char *receipt), void *context);

#endif
