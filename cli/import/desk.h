/* desk - what the parts of an importer share: importer.c finds files, room.c waits for the disk. */
#ifndef FELUCCA_CLI_IMPORT_DESK_H
#define FELUCCA_CLI_IMPORT_DESK_H

#include "cli/import/importer.h"
#include "common/import/instance.h"

struct desk {
    const struct import_order *order;
    struct instance_desk instances;
    struct outlook *outlook; /* NULL: no dry run */
    struct tally tally;
    struct progress progress;
};

/* Waits until the spool's disk has room for so many bytes beyond what must stay free. False: stopped. */
bool room_await(struct desk *desk, int64_t bytes);

#endif
