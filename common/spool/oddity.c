#include "common/spool/oddity.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/utf8.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SHOWN_MOST = 80, FIELDS = 7, TIMES_MOST = 1000 * 1000 * 1000 };

static const struct {
    const char *name, *sentence;
} kinds[ODDITIES] = {
#define X(name, text, sentence) [ODDITY_##name] = {text, sentence},
    ODDITY_MAP(X)
#undef X
};

const char *oddity_name(enum oddity_kind kind)
{
    return kinds[kind].name;
}

static int open_file(struct spool *spool, enum oddity_kind kind, int flags)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    int dir = spool_incoming(spool);
    text_format(&name, "oddity-%s", kinds[kind].name);
    return dir < 0 ? -1 : openat(dir, text_string(&name), flags | O_NOFOLLOW | O_CLOEXEC, 0640);
}

/* ---- one line, its fields ended by tabs: when, how many, who, whom, from where, what, why ---- */

static void append_field(struct text *line, const char *value)
{
    if (value)
        utf8_append_shown(line, value, strlen(value), SHOWN_MOST);
    text_append_char(line, '\t');
}

static void append_fields(const struct oddity *oddity, int64_t times, struct text *line)
{
    const char *const texts[] = {oddity->calling, oddity->called, oddity->address, oddity->sop_instance,
                                 oddity->because};
    text_format(line, "%lld\t%lld\t", (long long)oddity->at, (long long)times);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        append_field(line, texts[i]);
    text_append_char(line, '\n');
}

/* An empty one is not known. */
static const char *field_or_null(const char *field)
{
    return *field ? field : NULL;
}

/* Whoever wrote it: what could move a cursor, or is no UTF-8, is no text of ours. */
static void make_shown(char *field)
{
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    utf8_append_shown(&shown, field, strlen(field), SHOWN_MOST + 3); /* it may end with "..." */
    if (strcmp(text_string(&shown), field) != 0)
        *field = '\0';
}

static int64_t number_of(const char *field)
{
    int64_t number = strtoll(field, NULL, 10);
    return number > 0 ? number : 0;
}

static bool read_line(int fd, struct oddity_found *ret_found)
{
    char *fields[FIELDS], *at = ret_found->bytes;
    ssize_t length = pread(fd, at, sizeof ret_found->bytes - 1, 0);
    at[length > 0 ? length : 0] = '\0';
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = at;
        at = strchr(at, '\t');
        if (!at)
            return false;
        *at++ = '\0';
        make_shown(fields[i]);
    }
    ret_found->oddity = (struct oddity){.at = number_of(fields[0]),
                                        .times = number_of(fields[1]) % TIMES_MOST,
                                        .calling = fields[2],
                                        .called = fields[3],
                                        .address = fields[4],
                                        .sop_instance = field_or_null(fields[5]),
                                        .because = field_or_null(fields[6])};
    return *at == '\n';
}

void oddity_note(struct spool *spool, enum oddity_kind kind, const struct oddity *oddity)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct oddity_found last;
    AUTO(fd_close) int fd = open_file(spool, kind, O_RDWR | O_CREAT);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return;
    bool goes_on = read_line(fd, &last) && last.oddity.at >= oddity->at - ODDITY_SHOWN_MS;
    append_fields(oddity, goes_on ? last.oddity.times + 1 : 1, &line);
    if (pwrite(fd, line.bytes, line.length, 0) < 0) /* what is left of a longer one is behind its end */
        return;
}

/* ---- for people ---- */

bool oddity_find(struct spool *spool, enum oddity_kind kind, int64_t now, struct oddity_found *ret_found)
{
    AUTO(fd_close) int fd = open_file(spool, kind, O_RDONLY);
    return fd >= 0 && read_line(fd, ret_found) && ret_found->oddity.at >= now - ODDITY_SHOWN_MS;
}

static void append_line(enum oddity_kind kind, const struct oddity *oddity, struct text *lines)
{
    char at[CLOCK_ISO_SIZE];
    text_format(lines, "%s, from %s at %s for %s: %s", clock_local(oddity->at, at), oddity->calling,
                oddity->address, oddity->called, kinds[kind].sentence);
    if (oddity->because)
        text_format(lines, " (%s)", oddity->because);
    if (oddity->sop_instance)
        text_format(lines, "; instance %s", oddity->sop_instance);
    if (oddity->times > 1)
        text_format(lines, "; the last of %lld", (long long)oddity->times);
    text_append(lines, ". Let the sender be corrected.\n");
}

void oddity_append(struct spool *spool, int64_t now, struct text *lines)
{
    struct oddity_found found;
    for (int kind = 0; kind < ODDITIES; kind++) {
        if (oddity_find(spool, (enum oddity_kind)kind, now, &found))
            append_line((enum oddity_kind)kind, &found.oddity, lines);
    }
}
