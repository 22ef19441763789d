#include "router/pending.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct pending {
    char (*receipts)[RECEIPT_SIZE]; /* a ring */
    size_t first, count;
    bool missed; /* there was no room for one: incoming/ has more */
};

struct pending *pending_create(void)
{
    struct pending *pending = memory_new(1, sizeof *pending);
    pending->receipts = memory_new(PENDING_MAX, sizeof *pending->receipts);
    return pending;
}

void pending_destroy(struct pending **pending)
{
    if (!*pending)
        return;
    free((*pending)->receipts);
    memory_free(pending);
}

void pending_add(struct pending *pending, const char *receipt)
{
    if (!receipt_is_valid(receipt))
        return;
    if (pending->count == PENDING_MAX) {
        pending->missed = true;
        return;
    }
    size_t place = (pending->first + pending->count++) % PENDING_MAX;
    memcpy(pending->receipts[place], receipt, RECEIPT_SIZE);
}

const char *pending_take(struct pending *pending)
{
    if (pending->count == 0)
        return NULL;
    const char *receipt = pending->receipts[pending->first];
    pending->first = (pending->first + 1) % PENDING_MAX;
    pending->count--;
    return receipt;
}

size_t pending_count(const struct pending *pending)
{
    return pending->count;
}

bool pending_is_missing_some(const struct pending *pending)
{
    return pending->missed;
}

static int add_scanned(void *context, const char *receipt)
{
    pending_add(context, receipt);
    return 0;
}

static int by_receipt(const void *a, const void *b)
{
    return memcmp(a, b, RECEIPT_LENGTH);
}

int pending_scan(struct pending *pending, struct spool *spool)
{
    pending->first = pending->count = 0; /* the files of those that were here are in incoming/ */
    pending->missed = false;
    int code = spool_scan(spool, SPOOL_INCOMING, add_scanned, pending);
    qsort(pending->receipts, pending->count, sizeof *pending->receipts,
          by_receipt); /* a receipt begins with a time */
    return code;
}
