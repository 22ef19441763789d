/* batch - the instances of one WORK, opened: what the sender will upload in one request.
 *
 * Each file is looked for in queue/, then in incoming/ (the router may not have moved it yet), its size is
 * compared with what the router recorded, and its file meta header is read, with the UIDs that the data set
 * itself says. An instance whose file does not
 * fit is answered MISSING at once (bounded when it is there and cannot be read), and the rest goes on. Files
 * stay open until the batch is destroyed, so that nothing which happens to the spool meanwhile can disturb
 * the upload. */
#ifndef FELUCCA_SENDER_BATCH_H
#define FELUCCA_SENDER_BATCH_H

#include "common/spool/file_meta.h"
#include "common/spool/spool.h"
#include "common/wire/work.h"

struct batch_item {
    size_t index; /* of the item in the work, and of its answer in the result */
    int fd;
    int64_t data_offset, data_size; /* of the data set in the file */
    struct file_meta meta;
    char series[FILE_META_UID_SIZE]; /* as the router told it; "" when it did not */
    bool twin;                       /* another version of it went to the destination before */
    bool absent;                     /* its UID was not there before anything of it went there */
    bool fresh;                      /* nothing of it went there yet */
};

struct batch {
    struct batch_item *items;
    size_t count;
    char study[FILE_META_UID_SIZE];
};

/* Opens what is there; answers for the others are set in result, which was made for work. */
void batch_open(struct spool *spool, const struct work *work, struct work_result *result,
                struct batch **ret_batch);
void batch_destroy(struct batch **batch);

/* The item with this SOP Instance UID, or NULL. */
const struct batch_item *batch_find(const struct batch *batch, const char *sop_instance);

#endif
