/* desk - what the parts of an importer share: importer.c finds files, instance.c takes one, room.c waits for the disk. */
#ifndef FELUCCA_CLI_IMPORT_DESK_H
#define FELUCCA_CLI_IMPORT_DESK_H

#include "cli/import/importer.h"
#include "cli/import/ledger.h"
#include "common/base/sha256.h"
#include "common/spool/deposit.h"
#include "common/spool/spool.h"

struct desk {
    const struct import_order *order;
    struct spool *spool;
    struct deposit *deposit;
    struct ledger *ledger;
    struct sha256_stream *digest;
    struct outlook *outlook; /* NULL: no dry run */
    struct tally tally;
    struct progress progress;
};

/* Takes one file that is no archive. The descriptor is borrowed. OUTCOMES: stopped in the middle, and nothing of it is left. */
enum outcome instance_take(struct desk *desk, int fd);

/* Waits until the spool's disk has room for so many bytes beyond what must stay free. False: stopped. */
bool room_await(struct desk *desk, int64_t bytes);

#endif
