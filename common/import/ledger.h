/* ledger - what an import's source, or a tray, has brought already, so that the same command goes on where it ended.
 *
 *     state_dir/imports/SOURCE.list      one line each: receipt, SHA-256 of the data set, its bytes
 *
 * An entry is written before its instance is durable, and counts only where the receipt is known (in the spool or in the
 * history): so a process that dies leaves neither a gap nor a false entry. After a power failure the last entries may be
 * missing, and their instances are sent a second time. It holds no value of a patient. One process at a time. */
#ifndef FELUCCA_IMPORT_LEDGER_H
#define FELUCCA_IMPORT_LEDGER_H

#include "common/base/receipt.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* source: letters, digits, "_" and "-". 0, or ERR_LOCKED (another import of that source runs), ERR_DENIED, ERR_IO,
 * ERR_NOSPACE with a sentence appended to ret_reason. */
int ledger_open(const char *state_dir, const char *source, struct ledger **ret_ledger,
                struct text *ret_reason);
/* Makes the entries durable, too. */
void ledger_close(struct ledger **ledger);

/* Whether any entry may be of a data set of so many bytes: when not, nobody needs its digest yet. */
bool ledger_has_length(const struct ledger *ledger, int64_t bytes);

/* Calls each(context, receipt) for the entries of that data set until it returns true; whether it did. */
bool ledger_find(const struct ledger *ledger, const uint8_t digest[SHA256_SIZE], int64_t bytes,
                 bool (*each)(void *context, const char *receipt), void *context);

/* 0, ERR_IO or ERR_NOSPACE. */
int ledger_add(struct ledger *ledger, const char *receipt, const uint8_t digest[SHA256_SIZE], int64_t bytes);

/* Of a ledger that never ends: where it has twice as many entries, all but the newest most are forgotten. 0, or an error, and
 * nothing is forgotten. */
int ledger_shorten(struct ledger *ledger, size_t most);

#endif
