#include "receiver/intake.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/spool/overfull.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* After so many bytes the disk is told to begin writing, and the free space is looked at again: so most of
 * the work is done while the rest arrives (the fsync at the end of a 529 KB instance takes two thirds of the
 * time), and a large instance does not run through the floor. */
enum { STRIDE = 256 << 10 };

/* A prepared file is used within this time only: its receipt tells when its instance came. */
enum { FRESH_MS = 1000 };

struct intake {
    struct spool *spool;
    int64_t min_free_space;
    int fd; /* the .part file, -1 when there is none */
    char receipt[RECEIPT_SIZE];
    int spare_fd; /* that of the prepared one */
    char spare[RECEIPT_SIZE];
    int error;        /* the first one of this instance */
    int64_t expected; /* bytes that the file must have: header and data set */
    int64_t received; /* bytes of the data set, kept or not */
    int64_t started;  /* bytes that the disk was told to begin writing */
};

struct intake *intake_create(struct spool *spool, int64_t min_free_space)
{
    struct intake *intake = memory_new(1, sizeof *intake);
    intake->spool = spool;
    intake->min_free_space = min_free_space;
    intake->fd = intake->spare_fd = -1;
    return intake;
}

static void drop_spare(struct intake *intake)
{
    if (intake->spare_fd >= 0)
        (void)spool_remove_partial(intake->spool, intake->spare);
    fd_close(&intake->spare_fd);
}

void intake_destroy(struct intake **intake)
{
    if (!*intake)
        return;
    intake_abandon(*intake);
    drop_spare(*intake);
    free(*intake);
    *intake = NULL;
}

static int check_space(struct intake *intake)
{
    struct spool_room room;
    int rc = spool_room(intake->spool, &room);
    if (rc < 0)
        return rc;
    return spool_room_suffices(&room, intake->min_free_space) ? 0 : ERR_NOSPACE;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EFBIG ? ERR_NOSPACE : err_from_errno(errno);
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

/* The first error decides; the file is given up at once, so that its space is free again. */
static void keep_error(struct intake *intake, int rc)
{
    if (rc < 0 && intake->error == 0)
        intake->error = rc;
    if (intake->error != 0 && intake->fd >= 0) {
        (void)spool_remove_partial(intake->spool, intake->receipt);
        fd_close(&intake->fd);
    }
}

static void append(struct intake *intake, const void *bytes, size_t length)
{
    if (intake->error != 0)
        return;
    intake->expected += (int64_t)length;
    int rc = write_all(intake->fd, bytes, length);
    if (rc == 0 && intake->expected - intake->started >= STRIDE) {
        (void)sync_file_range(intake->fd, intake->started, intake->expected - intake->started,
                              SYNC_FILE_RANGE_WRITE);
        intake->started = intake->expected;
        rc = check_space(intake);
    }
    keep_error(intake, rc);
}

void intake_prepare(struct intake *intake)
{
    /* A failure here is found again, and told, when there is something to keep. */
    if (intake->spare_fd < 0)
        (void)spool_create_partial(intake->spool, intake->spare, &intake->spare_fd);
}

static int take_file(struct intake *intake)
{
    if (intake->spare_fd >= 0 && clock_wall_ms() - receipt_time(intake->spare) < FRESH_MS) {
        memcpy(intake->receipt, intake->spare, sizeof intake->receipt);
        intake->fd = intake->spare_fd;
        intake->spare_fd = -1;
        return 0;
    }
    drop_spare(intake);
    return spool_create_partial(intake->spool, intake->receipt, &intake->fd);
}

void intake_begin(struct intake *intake, const struct file_meta *meta)
{
    intake_abandon(intake);
    AUTO(text_release) struct text header = TEXT_EMPTY;
    file_meta_encode(meta, &header);
    int rc = check_space(intake);
    if (rc == 0 && overfull_lists(intake->spool, meta->calling_aet))
        rc = ERR_OVERFULL;
    if (rc == 0)
        rc = take_file(intake);
    keep_error(intake, rc);
    CRASH_POINT(ASSOCIATION_FILE_MADE);
    append(intake, header.bytes, header.length);
}

void intake_write(struct intake *intake, const void *bytes, size_t length)
{
    intake->received += (int64_t)length;
    append(intake, bytes, length);
}

bool intake_failed(const struct intake *intake)
{
    return intake->error != 0;
}

int64_t intake_bytes(const struct intake *intake)
{
    return intake->received;
}

static int make_durable(struct intake *intake)
{
    struct stat info;
    if (fstat(intake->fd, &info) != 0)
        return err_from_errno(errno);
    if (info.st_size != intake->expected)
        return ERR_IO;
    CRASH_POINT(ASSOCIATION_DATA_WRITTEN);
    int rc = durable_sync(intake->fd);
    CRASH_POINT(ASSOCIATION_FILE_SYNCED);
    return rc;
}

int intake_finish(struct intake *intake, char *ret_receipt)
{
    if (intake->error == 0)
        keep_error(intake, intake->fd < 0 ? ERR_ABSENT : make_durable(intake));
    int rc = intake->error;
    if (rc == 0) {
        rc = spool_commit_partial(intake->spool, intake->receipt);
        fd_close(&intake->fd); /* not before: its lock keeps a sweep away while the name is still .part */
    }
    if (rc == 0)
        memcpy(ret_receipt, intake->receipt, sizeof intake->receipt);
    intake_abandon(intake);
    return rc;
}

void intake_abandon(struct intake *intake)
{
    if (intake->fd >= 0)
        (void)spool_remove_partial(intake->spool, intake->receipt);
    fd_close(&intake->fd);
    intake->error = 0;
    intake->expected = intake->received = intake->started = 0;
}
