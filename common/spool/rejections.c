#include "common/spool/rejections.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { MINUTES = 60, MINUTE_MS = 60 * 1000, KINDS = 10, SHOWN = 380 };

static const char name[] = "rejections", form[8] = "felucc1";

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

/* The file's content; zeros where it has none of ours. */
static void read_board(int fd, struct board *board)
{
    if (read(fd, board, sizeof *board) != (ssize_t)sizeof *board ||
        memcmp(board->form, form, sizeof form) != 0)
        *board = (struct board){.kinds = {{.reason = ""}}};
    memcpy(board->form, form, sizeof form);
}

/* Its place; NULL: all are taken. */
static struct kind *find_kind(struct board *board, const char *reason)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *kind = &board->kinds[i];
        if (*kind->reason && strncmp(kind->reason, reason, sizeof kind->reason) != 0)
            continue;
        (void)snprintf(kind->reason, sizeof kind->reason, "%s", reason);
        return kind;
    }
    return NULL;
}

static void note(struct board *board, const char *reason, const char *sentence, int64_t now_ms)
{
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    struct kind *kind = find_kind(board, reason);
    int64_t minute = now_ms / MINUTE_MS;
    if (!kind)
        return;
    if (kind->minutes[minute % MINUTES].minute != minute)
        kind->minutes[minute % MINUTES].count = 0;
    kind->minutes[minute % MINUTES].minute = minute;
    kind->minutes[minute % MINUTES].count++;
    kind->last_at = now_ms;
    utf8_append_shown(&shown, sentence, strlen(sentence), SHOWN);
    size_t length = shown.length < sizeof kind->sentence ? shown.length : sizeof kind->sentence - 1;
    while (length < shown.length && length > 0 && ((unsigned char)shown.bytes[length] & 0xc0) == 0x80)
        length--;
    memset(kind->sentence, 0, sizeof kind->sentence);
    memcpy(kind->sentence, text_string(&shown), length);
}

void rejections_note(struct spool *spool, const char *reason, const char *sentence, int64_t now_ms,
                     bool patient)
{
    int dir = spool_incoming(spool);
    AUTO(fd_close)
    int fd = dir < 0 ? -1 : openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0 || flock(fd, patient ? LOCK_EX : LOCK_EX | LOCK_NB) != 0)
        return;
    AUTO(memory_free) struct board *board = memory_new(1, sizeof *board);
    read_board(fd, board);
    note(board, reason, sentence, now_ms);
    /* Opened anew, to begin at its start: an association's process may not move in a file. */
    AUTO(fd_close) int out = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (out < 0 || write(out, board, sizeof *board) != (ssize_t)sizeof *board)
        return;
}

void rejections_read(struct spool *spool, int64_t now_ms,
                     void (*each)(void *context, const struct rejections_kind *kind), void *context)
{
    int dir = spool_incoming(spool);
    AUTO(fd_close) int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_SH) != 0)
        return;
    AUTO(memory_free) struct board *board = memory_new(1, sizeof *board);
    read_board(fd, board);
    for (size_t i = 0; i < KINDS && *board->kinds[i].reason; i++) {
        const struct kind *kind = &board->kinds[i];
        struct rejections_kind told = {.last_at = kind->last_at};
        (void)snprintf(told.reason, sizeof told.reason, "%.*s", (int)sizeof kind->reason - 1, kind->reason);
        (void)snprintf(told.sentence, sizeof told.sentence, "%.*s", (int)sizeof kind->sentence - 1,
                       kind->sentence);
        for (size_t m = 0; m < MINUTES; m++)
            if (kind->minutes[m].minute > now_ms / MINUTE_MS - MINUTES &&
                kind->minutes[m].minute <= now_ms / MINUTE_MS)
                told.count += kind->minutes[m].count;
        if (told.count > 0)
            each(context, &told);
    }
}
