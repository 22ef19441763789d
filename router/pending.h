/* pending - the receipts that the router knows of and has not taken in yet, first in, first out.
 *
 * It holds a bounded number. A receipt that finds no room is not lost: its file is in incoming/, and the next
 * scan finds it. */
#ifndef FELUCCA_ROUTER_PENDING_H
#define FELUCCA_ROUTER_PENDING_H

#include "common/base/receipt.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>

enum { PENDING_MAX = 100000 };

struct pending;

struct pending *pending_create(void);
void pending_destroy(struct pending **pending);

/* Appends the receipt. What is no receipt is ignored. */
void pending_add(struct pending *pending, const char *receipt);
/* Removes the first receipt and returns it, borrowed until the next pending_add() or pending_scan(). NULL:
 * none is there. */
const char *pending_take(struct pending *pending);
size_t pending_count(const struct pending *pending);
/* Whether a scan would find more. */
bool pending_is_missing_some(const struct pending *pending);

/* Replaces all receipts by those of incoming/, oldest first. 0 or an error of the file system. */
int pending_scan(struct pending *pending, struct spool *spool);

#endif
