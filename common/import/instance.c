#include "common/import/instance.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/fitting.h"
#include "common/jobs/show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, ROOM_TRIES = 3, META_SOP_CLASS = 0x00020002, META_SOP_INSTANCE = 0x00020003 };

/* ---- what it is ---- */

/* "" when it is not there, or longer than a UID may be. */
static void copy_uid(char *buffer, const char *text, size_t length)
{
    while (length > 0 && (unsigned char)text[length - 1] <= ' ')
        length--;
    length = length < FILE_META_UID_SIZE ? length : 0;
    memcpy(buffer, length > 0 ? text : "", length);
    buffer[length] = '\0';
}

static void read_meta_uid(struct header *header, uint32_t tag, char *buffer)
{
    const struct condition_facts *facts = header_facts(header);
    const struct condition_path path = {.tags = {tag}, .depth = 1, .vr = "UI"};
    size_t length = 0;
    const char *text = facts->text(facts->context, &path, 0, &length);
    copy_uid(buffer, text ? text : "", text ? length : 0);
}

static void read_syntax(struct header *header, char *buffer)
{
    const struct condition_facts *facts = header_facts(header);
    size_t length = 0;
    const char *text = facts->transfer(facts->context, CONDITION_TRANSFER_SYNTAX, &length);
    copy_uid(buffer, text ? text : "", text ? length : 0);
}

/* The meta header's UID, or where it has none the data set's; false: they are two different ones. */
static bool agree(const struct header *header, enum header_uid which, char *uid)
{
    const char *own = header_uid(header, which);
    if (own && !*uid)
        copy_uid(uid, own, strlen(own));
    return !own || strcmp(own, uid) == 0;
}

static const char *known(const char *uid)
{
    return uid ? uid : "";
}

/* Fills the meta header that the spool file gets. OUTCOME_IMPORTED: nothing is against it. */
static enum outcome judge(const struct instance_desk *desk, struct header *header, struct file_meta *meta)
{
    const struct config_node *node = desk->node;
    *meta = (struct file_meta){.priority = FILE_META_MEDIUM};
    read_syntax(header, meta->transfer_syntax);
    read_meta_uid(header, META_SOP_CLASS, meta->sop_class);
    read_meta_uid(header, META_SOP_INSTANCE, meta->sop_instance);
    if (strcmp(meta->sop_class, INSTANCE_DIRECTORY_CLASS) == 0)
        return OUTCOME_DIRECTORY;
    if (!*meta->transfer_syntax)
        return OUTCOME_BARE;
    bool fits = agree(header, HEADER_SOP_CLASS, meta->sop_class);
    fits = agree(header, HEADER_SOP_INSTANCE, meta->sop_instance) && fits;
    if (!*meta->sop_class || !*meta->sop_instance)
        return OUTCOME_NAMELESS;
    if (!fits && node->mismatched_uids != CONFIG_MISMATCH_ACCEPT)
        return OUTCOME_MISMATCH;
    if (!fitting_can_be_taken(node, known(header_uid(header, HEADER_STUDY)),
                              known(header_uid(header, HEADER_SERIES))))
        return OUTCOME_UNFIT;
    memcpy(meta->calling_aet, desk->source, strlen(desk->source) + 1);
    memcpy(meta->called_aet, node->aet, strlen(node->aet) + 1);
    return OUTCOME_IMPORTED;
}

/* A bare data set names what it is; any other file that happens to look like one does not. */
static enum outcome read_header(int fd, struct header **ret_header)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    char mark[4] = "";
    bool is_marked = pread(fd, mark, sizeof mark, 128) == sizeof mark && memcmp(mark, "DICM", 4) == 0;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int rc = own < 0 ? ERR_IO : header_read_open(own, NULL, ret_header, &reason);
    if (rc < 0)
        return rc != ERR_SYNTAX || is_marked ? OUTCOME_UNREADABLE : OUTCOME_NO_DICOM;
    if (!is_marked && header_data_set(*ret_header) == 0 && !header_uid(*ret_header, HEADER_SOP_INSTANCE))
        return OUTCOME_NO_DICOM;
    return OUTCOME_IMPORTED;
}

/* ---- whether it was here ---- */

static void note_row(void *context, const struct jobdb_field *fields, size_t count)
{
    (void)fields, (void)count;
    *(bool *)context = true;
}

/* First the spool: the router commits a row before it moves a file out of incoming/. */
static bool is_known(void *context, const char *receipt)
{
    struct instance_desk *desk = context;
    enum spool_place place;
    bool found = spool_find(desk->spool, receipt, &place) == 0;
    if (!found && desk->db)
        (void)jobdb_ask(desk->db, JOBDB_ASK_INSTANCE, receipt, NULL, 0, note_row, &found);
    return found;
}

/* Calls each for the blocks of the data set. OUTCOME_IMPORTED, or that it cannot be read, or OUTCOMES. */
static enum outcome each_block(int fd, int64_t start,
                               void (*each)(struct instance_desk *desk, const char *bytes, size_t length),
                               struct instance_desk *desk)
{
    AUTO(memory_free) char *block = memory_new(1, BLOCK);
    for (int64_t at = start; desk->proceed(desk->context);) {
        ssize_t n = pread(fd, block, BLOCK, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? OUTCOME_IMPORTED : OUTCOME_UNREADABLE;
        each(desk, block, (size_t)n);
        at += n;
    }
    return OUTCOMES;
}

static void digest_block(struct instance_desk *desk, const char *bytes, size_t length)
{
    sha256_stream_feed(desk->digest, bytes, length);
}

static enum outcome compare(struct instance_desk *desk, int fd, int64_t start, int64_t bytes)
{
    uint8_t digest[SHA256_SIZE];
    if (desk->again || !ledger_has_length(desk->ledger, bytes))
        return OUTCOME_IMPORTED;
    enum outcome read = each_block(fd, start, digest_block, desk);
    sha256_stream_end(desk->digest, digest);
    if (read != OUTCOME_IMPORTED)
        return read;
    return ledger_find(desk->ledger, digest, bytes, is_known, desk) ? OUTCOME_KNOWN : OUTCOME_IMPORTED;
}

/* ---- taking it ---- */

static void deposit_block(struct instance_desk *desk, const char *bytes, size_t length)
{
    sha256_stream_feed(desk->digest, bytes, length);
    deposit_write(desk->deposit, bytes, length);
}

static enum outcome outcome_of(int rc)
{
    return rc == 0              ? OUTCOME_IMPORTED
           : rc == ERR_OVERFULL ? OUTCOME_REFUSED
           : rc == ERR_NOSPACE  ? OUTCOME_NO_ROOM
                                : OUTCOME_DISK;
}

/* The same length and times as before it was read: whoever writes to a file changes one of them. */
static bool is_still(int fd, const struct stat *before)
{
    struct stat now;
    return fstat(fd, &now) == 0 && now.st_size == before->st_size &&
           now.st_mtim.tv_sec == before->st_mtim.tv_sec && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* Once. ERR_NOSPACE in *ret_error: there was no room. */
static enum outcome store(struct instance_desk *desk, int fd, int64_t start, const struct stat *status,
                          const struct file_meta *meta, int *ret_error)
{
    char receipt[RECEIPT_SIZE];
    uint8_t digest[SHA256_SIZE];
    deposit_begin(desk->deposit, meta);
    enum outcome read = each_block(fd, start, deposit_block, desk);
    sha256_stream_end(desk->digest, digest);
    if (read == OUTCOME_IMPORTED && !is_still(fd, status))
        read = OUTCOME_CHANGED;
    if (read != OUTCOME_IMPORTED) {
        deposit_abandon(desk->deposit);
        return read;
    }
    int rc = deposit_failed(desk->deposit) ? 0
                                           : ledger_add(desk->ledger, deposit_receipt(desk->deposit), digest,
                                                        deposit_bytes(desk->deposit));
    if (rc < 0)
        deposit_abandon(desk->deposit);
    CRASH_POINT(IMPORT_LISTED);
    *ret_error = rc < 0 ? rc : deposit_finish(desk->deposit, receipt);
    CRASH_POINT(IMPORT_DURABLE);
    return outcome_of(*ret_error);
}

/* Others may take the room that was found. Where it is never there, as with a quota, that is this file's trouble: a smaller one
 * may fit. */
static enum outcome take(struct instance_desk *desk, int fd, int64_t start, const struct stat *status,
                         const struct file_meta *meta)
{
    enum outcome outcome = OUTCOMES;
    for (int tries = 0; tries < ROOM_TRIES; tries++) {
        int error = 0;
        if (!desk->find_room(desk->context, status->st_size - start))
            return OUTCOMES;
        outcome = store(desk, fd, start, status, meta, &error);
        if (error != ERR_NOSPACE)
            return outcome;
    }
    return outcome;
}

/* Whether it goes on where a value, or a sequence, should: who copies a file has not come to its end. */
static bool is_cut(const struct header *header)
{
    const struct dataset_break *broken = header_break(header);
    return broken && broken->over;
}

enum outcome instance_take(struct instance_desk *desk, int fd)
{
    AUTO(header_destroy) struct header *header = NULL;
    struct file_meta meta;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return OUTCOME_UNREADABLE;
    enum outcome outcome = read_header(fd, &header);
    if (outcome == OUTCOME_IMPORTED && desk->whole_only && is_cut(header))
        outcome = OUTCOME_CUT;
    if (outcome == OUTCOME_IMPORTED)
        outcome = judge(desk, header, &meta);
    if (outcome != OUTCOME_IMPORTED)
        return outcome;
    int64_t start = (int64_t)header_data_set(header), bytes = status.st_size - start;
    if (header_failed(header) || bytes <= 0)
        return OUTCOME_UNREADABLE;
    outcome = compare(desk, fd, start, bytes);
    if (outcome == OUTCOME_IMPORTED && desk->show) {
        desk->show(desk->context, header);
        outcome = OUTCOME_WOULD_BE;
    } else if (outcome == OUTCOME_IMPORTED) {
        outcome = take(desk, fd, start, &status, &meta);
    }
    if (outcome == OUTCOME_IMPORTED || outcome == OUTCOME_WOULD_BE)
        desk->bytes += bytes;
    return outcome;
}
