#include "router/arrival.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/utf8.h"

#include <string.h>
#include <sys/stat.h>

void arrival_release(struct arrival *arrival)
{
    text_release(&arrival->calling_aet);
    text_release(&arrival->called_aet);
}

int arrival_open(struct spool *spool, const char *receipt, enum spool_place place, struct arrival *arrival,
                 int *ret_fd)
{
    AUTO(fd_close) int fd = -1;
    struct stat status;
    int64_t offset;
    memcpy(arrival->receipt, receipt, RECEIPT_SIZE);
    arrival->place = place;
    arrival->instance.receipt = arrival->receipt;
    arrival->instance.received_at = receipt_time(receipt);
    int code = spool_open_file(spool, place, receipt, &fd);
    if (code != 0)
        return code;
    if (fstat(fd, &status) != 0)
        return ERR_IO;
    arrival->instance.size = status.st_size;
    code = file_meta_read(fd, &arrival->meta, &offset);
    if (code != 0)
        return code;
    /* A peer may call itself any bytes; the database and all that read it hold text. */
    utf8_append_checked(&arrival->calling_aet, arrival->meta.calling_aet, strlen(arrival->meta.calling_aet));
    utf8_append_checked(&arrival->called_aet, arrival->meta.called_aet, strlen(arrival->meta.called_aet));
    arrival->instance.calling_aet = text_string(&arrival->calling_aet);
    arrival->instance.called_aet = text_string(&arrival->called_aet);
    arrival->instance.source_address = arrival->meta.source_address;
    arrival->instance.transfer_syntax = arrival->meta.transfer_syntax;
    arrival->instance.urgent = arrival->meta.priority == FILE_META_HIGH;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

struct header_transfer arrival_transfer(const struct arrival *arrival)
{
    return (struct header_transfer){arrival->meta.calling_aet, arrival->meta.called_aet,
                                    arrival->meta.source_address, arrival->meta.transfer_syntax};
}

/* The UIDs that count are the data set's. NULL: all there, and the same as the C-STORE command's unless the node
 * accepts others. Else *ret_which is the one that is none, HEADER_UIDS where they are all fine. */
static const char *read_uids(const struct reading *reading, const struct config_node *node,
                             struct arrival *arrival, enum header_uid *ret_which)
{
    static const char *const missing[HEADER_UIDS] = {
        [HEADER_SOP_CLASS] = "its data set has no valid SOP Class UID (0008,0016)",
        [HEADER_SOP_INSTANCE] = "its data set has no valid SOP Instance UID (0008,0018)",
        [HEADER_STUDY] = "its data set has no valid Study Instance UID (0020,000D)",
        [HEADER_SERIES] = "its data set has no valid Series Instance UID (0020,000E)"};
    struct jobdb_instance *instance = &arrival->instance;
    const char **const places[HEADER_UIDS] = {[HEADER_SOP_CLASS] = &instance->sop_class,
                                              [HEADER_SOP_INSTANCE] = &instance->sop_instance,
                                              [HEADER_STUDY] = &instance->study,
                                              [HEADER_SERIES] = &instance->series};
    for (int i = 0; i < HEADER_UIDS; i++)
        *places[i] = reading_uid(reading, (enum header_uid)i);
    for (int i = 0; i < HEADER_UIDS; i++) {
        *ret_which = (enum header_uid)i;
        if (!*places[i])
            return missing[i];
    }
    *ret_which = HEADER_UIDS;
    if (node->mismatched_uids == CONFIG_MISMATCH_ACCEPT)
        return NULL;
    if (strcmp(instance->sop_instance, arrival->meta.sop_instance) != 0)
        return "its SOP Instance UID (0008,0018) is not the one of the C-STORE command";
    if (strcmp(instance->sop_class, arrival->meta.sop_class) != 0)
        return "its SOP Class UID (0008,0016) is not the one of the C-STORE command";
    return NULL;
}

_Static_assert((int)READING_HASHES == (int)JOBDB_HASHES, "a reading's hashes are those of an instance");

void arrival_take_uids(struct arrival *arrival, const struct reading *reading, const struct config_node *node,
                       struct text *reason)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    enum header_uid which;
    const char *contradiction = read_uids(reading, node, arrival, &which);
    for (int i = 0; i < READING_HASHES; i++)
        arrival->instance.hashes[i] = reading_hash(reading, (enum reading_hash)i);
    if (!contradiction)
        return;
    text_append(reason, contradiction);
    if (which != HEADER_UIDS && reading_tell_uid(reading, which, &value))
        text_format(reason, ", but %s", text_string(&value));
    if (reading_incomplete(reading))
        text_format(reason, ": %s", reading_incomplete(reading));
}
