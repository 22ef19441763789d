#include "common/spool/deposit.h"

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

struct deposit {
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

struct deposit *deposit_create(struct spool *spool, int64_t min_free_space)
{
    struct deposit *deposit = memory_new(1, sizeof *deposit);
    deposit->spool = spool;
    deposit->min_free_space = min_free_space;
    deposit->fd = deposit->spare_fd = -1;
    return deposit;
}

static void drop_spare(struct deposit *deposit)
{
    if (deposit->spare_fd >= 0)
        (void)spool_remove_partial(deposit->spool, deposit->spare);
    fd_close(&deposit->spare_fd);
}

void deposit_destroy(struct deposit **deposit)
{
    if (!*deposit)
        return;
    deposit_abandon(*deposit);
    drop_spare(*deposit);
    free(*deposit);
    *deposit = NULL;
}

static int check_space(struct deposit *deposit)
{
    struct spool_room room;
    int rc = spool_room(deposit->spool, &room);
    if (rc < 0)
        return rc;
    return spool_room_suffices(&room, deposit->min_free_space) ? 0 : ERR_NOSPACE;
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
static void keep_error(struct deposit *deposit, int rc)
{
    if (rc < 0 && deposit->error == 0)
        deposit->error = rc;
    if (deposit->error != 0 && deposit->fd >= 0) {
        (void)spool_remove_partial(deposit->spool, deposit->receipt);
        fd_close(&deposit->fd);
    }
}

static void append(struct deposit *deposit, const void *bytes, size_t length)
{
    if (deposit->error != 0)
        return;
    deposit->expected += (int64_t)length;
    int rc = write_all(deposit->fd, bytes, length);
    if (rc == 0 && deposit->expected - deposit->started >= STRIDE) {
        (void)sync_file_range(deposit->fd, deposit->started, deposit->expected - deposit->started,
                              SYNC_FILE_RANGE_WRITE);
        deposit->started = deposit->expected;
        rc = check_space(deposit);
    }
    keep_error(deposit, rc);
}

void deposit_prepare(struct deposit *deposit)
{
    /* A failure here is found again, and told, when there is something to keep. */
    if (deposit->spare_fd < 0)
        (void)spool_create_partial(deposit->spool, deposit->spare, &deposit->spare_fd);
}

static int take_file(struct deposit *deposit)
{
    if (deposit->spare_fd >= 0 && clock_wall_ms() - receipt_time(deposit->spare) < FRESH_MS) {
        memcpy(deposit->receipt, deposit->spare, sizeof deposit->receipt);
        deposit->fd = deposit->spare_fd;
        deposit->spare_fd = -1;
        return 0;
    }
    drop_spare(deposit);
    return spool_create_partial(deposit->spool, deposit->receipt, &deposit->fd);
}

void deposit_begin(struct deposit *deposit, const struct file_meta *meta)
{
    deposit_abandon(deposit);
    AUTO(text_release) struct text header = TEXT_EMPTY;
    file_meta_encode(meta, &header);
    int rc = check_space(deposit);
    if (rc == 0 && overfull_lists(deposit->spool, meta->calling_aet))
        rc = ERR_OVERFULL;
    if (rc == 0)
        rc = take_file(deposit);
    keep_error(deposit, rc);
    CRASH_POINT(ASSOCIATION_FILE_MADE);
    append(deposit, header.bytes, header.length);
}

void deposit_write(struct deposit *deposit, const void *bytes, size_t length)
{
    deposit->received += (int64_t)length;
    append(deposit, bytes, length);
}

const char *deposit_receipt(const struct deposit *deposit)
{
    return deposit->fd >= 0 ? deposit->receipt : "";
}

bool deposit_failed(const struct deposit *deposit)
{
    return deposit->error != 0;
}

int64_t deposit_bytes(const struct deposit *deposit)
{
    return deposit->received;
}

static int make_durable(struct deposit *deposit)
{
    struct stat info;
    if (fstat(deposit->fd, &info) != 0)
        return err_from_errno(errno);
    if (info.st_size != deposit->expected)
        return ERR_IO;
    CRASH_POINT(ASSOCIATION_DATA_WRITTEN);
    int rc = durable_sync(deposit->fd);
    CRASH_POINT(ASSOCIATION_FILE_SYNCED);
    return rc;
}

int deposit_finish(struct deposit *deposit, char *ret_receipt)
{
    if (deposit->error == 0)
        keep_error(deposit, deposit->fd < 0 ? ERR_ABSENT : make_durable(deposit));
    int rc = deposit->error;
    if (rc == 0) {
        rc = spool_commit_partial(deposit->spool, deposit->receipt);
        fd_close(&deposit->fd); /* not before: its lock keeps a sweep away while the name is still .part */
    }
    if (rc == 0)
        memcpy(ret_receipt, deposit->receipt, sizeof deposit->receipt);
    deposit_abandon(deposit);
    return rc;
}

void deposit_abandon(struct deposit *deposit)
{
    if (deposit->fd >= 0)
        (void)spool_remove_partial(deposit->spool, deposit->receipt);
    fd_close(&deposit->fd);
    deposit->error = 0;
    deposit->expected = deposit->received = deposit->started = 0;
}
