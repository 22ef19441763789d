/* intake - from a receipt to its rows.
 *
 * The file is parsed, decided about, and written down in one transaction; after the commit it moves from
 * incoming/ to queue/. What cannot be taken in is quarantined with a sentence. A file whose called AE title no node has
 * waits in incoming/ for some minutes first: the receiver may have read a configuration that the router has not. Whoever takes the same receipt
 * twice changes nothing. A header that crashes the parser costs one restart of the router (guard.h). */
#ifndef FELUCCA_ROUTER_INTAKE_H
#define FELUCCA_ROUTER_INTAKE_H

#include "common/base/text.h"
#include "common/dicom/header.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake;
struct router;

/* Opens its notes in the state directory. 0 or an error of the file system. */
int intake_open(const char *state_dir, struct intake **ret_intake);
/* Writes the log lines that are left to be told. */
void intake_close(struct intake **intake);

/* A hint: the receipt's file is in incoming/. */
void intake_add(struct router *router, const char *receipt);
/* How many receipts are known and not taken in. */
size_t intake_waiting(const struct router *router);

/* The configuration was read again: what waits for its node is looked at at once, and so is what is in quarantine
 * because no node had its called AE title. */
void intake_reload(struct router *router);

/* Looks into incoming/ every ten seconds, and takes in some of what waits. */
void intake_turn(struct router *router);
int64_t intake_wakes_at(struct router *router);
/* After the commit: logs what was taken in, once its study is quiet. */
void intake_tell(struct router *router);

/* At start: the receipt that the router before this one died with. */
void intake_after_crash(struct router *router);
/* At start: a file in queue/, which is taken in as new where it has no row. */
void intake_from_queue(struct router *router, const char *receipt);

/* Parses the header of a file that was taken in before. It has the same guard as a new one: what crashes is
 * remembered and not parsed again. Call intake_parsed() after the last one of a turn. As header_read(). */
int intake_parse(struct router *router, const char *receipt, enum spool_place place,
                 const struct header_transfer *transfer, struct header **ret_header, struct text *ret_reason);
void intake_parsed(struct router *router);

/* Takes a quarantined file in once more, as if it were new. False: it cannot be read, or crashes the parser;
 * then nothing was changed, and *ret_why says why (borrowed for ever). */
bool intake_again(struct router *router, int64_t instance_id, const char *receipt, const char **ret_why);

/* Takes a quarantined file in as it is, where the UIDs that its delivery needs can be read: they may contradict its
 * command, and its header may be incomplete. A destination whose condition cannot be decided gets it when it is the
 * one named (NULL: none is). False: nothing can be done; then nothing was changed, and why is appended to ret_why. */
bool intake_deliver(struct router *router, int64_t instance_id, const char *receipt, const char *destination,
                    struct text *ret_why);

#endif
