#include "cli/import/progress.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"

#include <stdio.h>
#include <unistd.h>

enum { EVERY_MS = 250, SOON_MS = 3000, BAR = 20 };

static int64_t share_of(const struct progress *progress, int64_t whole)
{
    return progress->bytes < progress->all_bytes ? whole * progress->bytes / progress->all_bytes : whole;
}

/* "[########            ] 1,234 of 5,678 files" */
static void append_bar(const struct progress *progress, struct text *line)
{
    text_append_char(line, '[');
    for (int i = 0; i < BAR; i++)
        text_append_char(line, i < share_of(progress, BAR) ? '#' : ' ');
    text_append(line, "] ");
    text_append_count(line, progress->files);
    text_append(line, " of ");
    text_append_count(line, progress->all_files);
    text_append(line, " files");
}

static void append_time_left(const struct progress *progress, int64_t now, struct text *line)
{
    int64_t spent = now - progress->began, done = share_of(progress, 1000);
    if (spent < SOON_MS || done == 0 || done == 1000)
        return;
    text_append(line, ", about ");
    text_append_duration(line, spent * (1000 - done) / done);
    text_append(line, " left");
}

void progress_show(struct progress *progress, const char *note)
{
    int64_t now = clock_monotonic_ms();
    AUTO(text_release) struct text line = TEXT_EMPTY;
    if (progress->began == 0)
        progress->began = now;
    if (now - progress->shown < EVERY_MS || !isatty(STDERR_FILENO))
        return;
    progress->shown = now;
    progress->drawn = 1;
    text_append_char(&line, '\r');
    if (progress->all_bytes > 0) {
        append_bar(progress, &line);
    } else {
        text_append_count(&line, progress->files);
        text_append(&line, " files");
    }
    if (note)
        text_format(&line, ", %s", note);
    else if (progress->all_bytes > 0)
        append_time_left(progress, now, &line);
    text_append(&line, "\033[K");
    (void)fputs(text_string(&line), stderr);
    (void)fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        (void)fputs("\r\033[K", stderr);
    progress->drawn = 0;
}
