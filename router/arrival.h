/* arrival - a file that is to be taken in, as what is known of it grows: its name, its file meta header, its header. */
#ifndef FELUCCA_ROUTER_ARRIVAL_H
#define FELUCCA_ROUTER_ARRIVAL_H

#include "common/base/receipt.h"
#include "common/config/config.h"
#include "common/jobs/intake.h"
#include "common/reading/reading.h"
#include "common/spool/file_meta.h"
#include "common/spool/spool.h"

struct arrival {
    char receipt[RECEIPT_SIZE];
    enum spool_place place;
    struct file_meta meta;
    struct jobdb_instance instance;      /* its texts are borrowed from here and from the reading */
    struct text calling_aet, called_aet; /* as the database may have them */
    int64_t parked_id;                   /* of its row in quarantine; 0: it has none */
    struct arrival *next;                /* for a list of them */
};

void arrival_release(struct arrival *arrival);

/* Fills an empty one from the file; its size and file meta header are read. It must not be moved from then on. 0, and
 * the open file is then yours; ERR_SYNTAX: it is no file of ours; others: it cannot be read now. */
int arrival_open(struct spool *spool, const char *receipt, enum spool_place place,
                 struct arrival *ret_arrival, int *ret_fd);

/* What its file meta header tells of the transfer; borrowed from it. */
struct header_transfer arrival_transfer(const struct arrival *arrival);

/* Takes the UIDs and hashes from the reading, which lends them, and appends what is wrong with them; empty: nothing. A UID is nothing of a patient, so
 * its value may be told. */
void arrival_take_uids(struct arrival *arrival, const struct reading *reading, const struct config_node *node,
                       struct text *reason);

#endif
