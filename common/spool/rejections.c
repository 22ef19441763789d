#include "common/spool/rejections.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    MINUTES = 60,
    MINUTE_MS = 60 * 1000,
    KINDS = 12,
    SHOWN = 380,
    COUNT_MOST = 1000 * 1000 * 1000, /* of a minute: whatever the file says */
    TRIES = 10,                      /* for a lock that others hold */
    TRY_MS = 5
};

static const char name[] = "rejections", form[8] = "felucc2";

struct board {
    char form[sizeof form]; /* another one: somebody else's, begun anew */
    struct kind {
        char reason[REJECTIONS_REASON_SIZE]; /* "": nothing was rejected for it yet */
        int64_t last_at;
        char sentence[REJECTIONS_SENTENCE_SIZE];
        struct {
            int64_t minute, count; /* minute: since 1970 */
        } minutes[MINUTES];
    } kinds[KINDS];
};

/* Whoever holds the lock for long is no process of ours that is well: nobody waits for that. */
static bool lock(int fd, int kind)
{
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, kind | LOCK_NB) == 0)
            return true;
        (void)poll(NULL, 0, TRY_MS);
    }
    return false;
}

static void bound(struct kind *kind)
{
    kind->reason[sizeof kind->reason - 1] = '\0';
    kind->sentence[sizeof kind->sentence - 1] = '\0';
    for (size_t m = 0; m < MINUTES; m++) {
        int64_t count = kind->minutes[m].count;
        kind->minutes[m].count = count < 0 ? 0 : count > COUNT_MOST ? COUNT_MOST : count;
    }
}

/* The file's content; zeros where it has none of ours. */
static void read_board(int fd, struct board *board)
{
    if (pread(fd, board, sizeof *board, 0) != (ssize_t)sizeof *board ||
        memcmp(board->form, form, sizeof form) != 0)
        *board = (struct board){.kinds = {{.reason = ""}}};
    memcpy(board->form, form, sizeof form);
    for (size_t i = 0; i < KINDS; i++)
        bound(&board->kinds[i]);
}

/* How many in the last hour. */
static int64_t count_of(const struct kind *kind, int64_t now_ms)
{
    int64_t now = now_ms / MINUTE_MS, count = 0;
    for (size_t m = 0; m < MINUTES; m++) {
        if (kind->minutes[m].minute > now - MINUTES && kind->minutes[m].minute <= now)
            count += kind->minutes[m].count;
    }
    return count;
}

/* Its place, or one that is free, or of which there was nothing for an hour; NULL: all are taken. */
static struct kind *find_kind(struct board *board, const char *reason, int64_t now_ms)
{
    struct kind *free_one = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *kind = &board->kinds[i];
        if (strncmp(kind->reason, reason, sizeof kind->reason - 1) == 0)
            return kind;
        if (!free_one && count_of(kind, now_ms) == 0)
            free_one = kind;
    }
    if (free_one) {
        *free_one = (struct kind){.last_at = 0};
        (void)snprintf(free_one->reason, sizeof free_one->reason, "%s", reason);
    }
    return free_one;
}

static void note(struct board *board, const char *reason, const char *sentence, int64_t times, int64_t now_ms)
{
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    struct kind *kind = find_kind(board, reason, now_ms);
    int64_t minute = now_ms / MINUTE_MS;
    if (!kind)
        return;
    if (kind->minutes[minute % MINUTES].minute != minute)
        kind->minutes[minute % MINUTES].count = 0;
    kind->minutes[minute % MINUTES].minute = minute;
    kind->minutes[minute % MINUTES].count += times;
    kind->last_at = now_ms;
    utf8_append_shown(&shown, sentence, strlen(sentence), SHOWN);
    size_t length = shown.length < sizeof kind->sentence ? shown.length : sizeof kind->sentence - 1;
    while (length < shown.length && length > 0 && ((unsigned char)shown.bytes[length] & 0xc0) == 0x80)
        length--;
    memset(kind->sentence, 0, sizeof kind->sentence);
    memcpy(kind->sentence, text_string(&shown), length);
}

void rejections_note(struct spool *spool, const char *reason, const char *sentence, int64_t times,
                     int64_t now_ms)
{
    int dir = spool_incoming(spool);
    AUTO(fd_close)
    int fd = dir < 0 ? -1 : openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0 || !lock(fd, LOCK_EX))
        return;
    AUTO(memory_free) struct board *board = memory_new(1, sizeof *board);
    read_board(fd, board);
    note(board, reason, sentence, times, now_ms);
    if (pwrite(fd, board, sizeof *board, 0) != (ssize_t)sizeof *board)
        return;
}

/* What is in the file may have been written by anybody who can write there: it is made fit to be shown again. */
static void show(const char *stored, char *ret_shown, size_t size)
{
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    utf8_append_shown(&shown, stored, strlen(stored), SHOWN);
    (void)snprintf(ret_shown, size, "%s", text_string(&shown));
}

void rejections_read(struct spool *spool, int64_t now_ms,
                     void (*each)(void *context, const struct rejections_kind *kind), void *context)
{
    int dir = spool_incoming(spool);
    AUTO(fd_close) int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)lock(fd, LOCK_SH); /* without it, what is read may be half of a note */
    AUTO(memory_free) struct board *board = memory_new(1, sizeof *board);
    read_board(fd, board);
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *kind = &board->kinds[i];
        struct rejections_kind told = {.last_at = kind->last_at, .count = count_of(kind, now_ms)};
        show(kind->reason, told.reason, sizeof told.reason);
        show(kind->sentence, told.sentence, sizeof told.sentence);
        if (*told.reason && told.count > 0)
            each(context, &told);
    }
}
