#include "sender/batch.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_STEP = 4096, LOOK_MOST = 1 << 20 };

/* Moved from incoming/ to queue/ between two looks is possible once: so queue/ is looked at twice. */
static int open_receipt(struct spool *spool, const char *receipt, int *ret_fd)
{
    static const enum spool_place places[] = {SPOOL_QUEUE, SPOOL_INCOMING, SPOOL_QUEUE};
    int code = ERR_ABSENT;
    for (size_t i = 0; i < sizeof places / sizeof *places && code == ERR_ABSENT; i++)
        code = spool_open_file(spool, places[i], receipt, ret_fd);
    return code;
}

/* The UIDs that count are the data set's. A node with `mismatched_uids: accept` takes others in the C-STORE
 * command, which our header in front of the data set repeats; they are not what is stored. */
static void take_identity(int fd, struct batch_item *item)
{
    AUTO(identity_destroy) struct identity *identity = identity_create();
    char bytes[LOOK_STEP];
    bool known = false;
    identity_begin(identity, item->meta.transfer_syntax);
    for (int64_t at = 0; !known && at < item->data_size && at < LOOK_MOST;) {
        ssize_t n = pread(fd, bytes, sizeof bytes, item->data_offset + at);
        if (n <= 0)
            return; /* whoever reads it to send it will say what is wrong */
        known = identity_feed(identity, bytes, (size_t)n);
        at += n;
    }
    if (*identity_sop_instance(identity))
        (void)snprintf(item->meta.sop_instance, sizeof item->meta.sop_instance, "%s",
                       identity_sop_instance(identity));
    if (*identity_sop_class(identity))
        (void)snprintf(item->meta.sop_class, sizeof item->meta.sop_class, "%s", identity_sop_class(identity));
}

/* Fills item from the file. 0, or a negative error with a sentence. */
static int open_item(struct spool *spool, const struct work_item *wanted, struct batch_item *item,
                     struct text *reason)
{
    struct stat status;
    AUTO(fd_close) int fd = -1;
    int code = open_receipt(spool, wanted->receipt, &fd);
    if (code != 0) {
        text_append(reason, code == ERR_ABSENT ? "its spool file is neither in queue/ nor in incoming/"
                                               : "its spool file cannot be opened: ");
        if (code != ERR_ABSENT)
            text_append(reason, err_text(code));
        return code;
    }
    if (fstat(fd, &status) != 0)
        return err_from_errno(errno);
    if (status.st_size != wanted->size) {
        text_format(reason, "its spool file has %lld bytes, %lld were received", (long long)status.st_size,
                    (long long)wanted->size);
        return ERR_RANGE;
    }
    code = file_meta_read(fd, &item->meta, &item->data_offset);
    if (code != 0 || item->data_offset > status.st_size) {
        text_format(reason, "the head of its spool file cannot be read: %s",
                    err_text(code != 0 ? code : ERR_SYNTAX));
        return code != 0 ? code : ERR_SYNTAX;
    }
    item->data_size = status.st_size - item->data_offset;
    take_identity(fd, item);
    (void)posix_fadvise(fd, item->data_offset, 0, POSIX_FADV_SEQUENTIAL);
    item->fd = fd;
    fd = -1;
    return 0;
}

/* Running out of descriptors or memory says nothing about the file. */
static bool is_our_own_trouble(int code)
{
    return code == ERR_NOMEM || code == ERR_AGAIN;
}

/* What is there and cannot be read, or is not what we wrote, does not get better by waiting. */
static bool is_damaged(int code)
{
    return code == ERR_IO || code == ERR_SYNTAX;
}

static void answer_unopened(struct work_answer *answer, int code, const char *reason)
{
    if (is_our_own_trouble(code))
        work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_WORKER, 0, reason);
    else
        work_answer_set(answer, WORK_MISSING_OUTCOME, is_damaged(code) ? BLAME_SUSPECT : BLAME_WORKER, 0,
                        reason);
}

void batch_open(struct spool *spool, const struct work *work, struct work_result *result,
                struct batch **ret_batch)
{
    struct batch *batch = memory_new(1, sizeof *batch);
    batch->items = memory_new(work->item_count + 1, sizeof *batch->items);
    (void)snprintf(batch->study, sizeof batch->study, "%s", work->study);
    for (size_t i = 0; i < work->item_count; i++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        struct batch_item *item = &batch->items[batch->count];
        *item = (struct batch_item){.index = i,
                                    .fd = -1,
                                    .twin = work->items[i].twin,
                                    .absent = work->items[i].absent,
                                    .fresh = work->items[i].fresh};
        memcpy(item->series, work->items[i].series, sizeof item->series);
        int code = open_item(spool, &work->items[i], item, &reason);
        if (code == 0)
            batch->count++;
        else
            answer_unopened(&result->answers[i], code, text_string(&reason));
    }
    *ret_batch = batch;
}

void batch_destroy(struct batch **batch)
{
    if (!*batch)
        return;
    for (size_t i = 0; i < (*batch)->count; i++)
        fd_close(&(*batch)->items[i].fd);
    free((*batch)->items);
    free(*batch);
    *batch = NULL;
}

const struct batch_item *batch_find(const struct batch *batch, const char *sop_instance)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (strcmp(batch->items[i].meta.sop_instance, sop_instance) == 0)
            return &batch->items[i];
    }
    return NULL;
}
