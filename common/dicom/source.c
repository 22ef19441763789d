#include "common/dicom/source.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    HEAD = 32 << 10,   /* most headers end within it */
    WINDOW = 16 << 10, /* behind it */
    DEFLATED = 16 << 10
};

/* What of the file is in memory. */
struct window {
    unsigned char *bytes;
    uint64_t offset;
    size_t length, room;
};

struct source {
    int fd;
    uint64_t size; /* of the file */
    bool failed;
    struct window head, rest;
    /* Of a deflate stream: */
    bool deflated, ended;
    uint64_t start, taken; /* where it begins in the file; bytes of it that were read */
    z_stream stream;
    unsigned char input[DEFLATED];
    unsigned char *inflated;
    size_t inflated_length, inflated_room;
    const char *trouble;
};

static int tell_failure(int error, struct text *ret_reason)
{
    text_format(ret_reason, "cannot be opened: %s", strerror(error));
    return err_from_errno(error);
}

int source_open(const char *path, struct source **ret_source, struct text *ret_reason)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? tell_failure(errno, ret_reason) : source_take(fd, ret_source, ret_reason);
}

int source_take(int open_fd, struct source **ret_source, struct text *ret_reason)
{
    AUTO(fd_close) int fd = open_fd;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return tell_failure(errno, ret_reason);
    if (!S_ISREG(status.st_mode)) {
        text_append(ret_reason, "is not a regular file");
        return ERR_IO;
    }
    struct source *source = memory_new(1, sizeof *source);
    source->size = (uint64_t)status.st_size;
    source->fd = fd;
    fd = -1;
    source->head.room = source->size < HEAD ? (size_t)source->size + 1 : HEAD;
    source->rest.room = WINDOW;
    *ret_source = source;
    return 0;
}

void source_close(struct source **source)
{
    if (!*source)
        return;
    if ((*source)->deflated)
        (void)inflateEnd(&(*source)->stream);
    fd_close(&(*source)->fd);
    free((*source)->head.bytes);
    free((*source)->rest.bytes);
    free((*source)->inflated);
    free(*source);
    *source = NULL;
}

bool source_failed(const struct source *source)
{
    return source->failed;
}

const char *source_trouble(const struct source *source)
{
    return source->trouble;
}

/* ---- the file ---- */

/* length bytes must be there: the size says so. */
static bool read_fully(struct source *source, uint64_t offset, void *buffer, size_t length)
{
    size_t done = 0;
    while (done < length && !source->failed) {
        ssize_t got = pread(source->fd, (char *)buffer + done, length - done, (off_t)(offset + done));
        if (got <= 0 && !(got < 0 && errno == EINTR))
            source->failed = true;
        else if (got > 0)
            done += (size_t)got;
    }
    return !source->failed;
}

/* offset is before the end of the file. */
static bool fill(struct source *source, struct window *window, uint64_t offset)
{
    uint64_t left = source->size - offset;
    if (!window->bytes)
        window->bytes = memory_new(window->room, 1);
    window->offset = offset;
    window->length = left < window->room ? (size_t)left : window->room;
    if (read_fully(source, offset, window->bytes, window->length))
        return true;
    window->length = 0;
    return false;
}

static bool holds(const struct window *window, uint64_t offset, uint64_t end)
{
    return offset >= window->offset && end <= window->offset + window->length;
}

static const unsigned char *file_at(struct source *source, uint64_t offset, size_t length, size_t *ret_length)
{
    *ret_length = 0;
    if (source->failed || offset >= source->size)
        return NULL;
    uint64_t end = source->size - offset < length ? source->size : offset + length;
    struct window *window = end <= source->head.room ? &source->head : &source->rest;
    if (!holds(window, offset, end) && !fill(source, window, window == &source->head ? 0 : offset))
        return NULL;
    *ret_length = (size_t)(end - offset);
    return window->bytes + (offset - window->offset);
}

/* ---- a deflate stream ---- */

void source_inflate(struct source *source, uint64_t offset)
{
    source->deflated = inflateInit2(&source->stream, -MAX_WBITS) == Z_OK;
    source->start = offset;
    if (!source->deflated)
        source->trouble = "nothing can be inflated";
}

static void end_stream(struct source *source, const char *trouble)
{
    source->ended = true;
    source->trouble = trouble;
}

/* Makes the next input ready, if there is one. */
static void take_input(struct source *source)
{
    uint64_t left = source->size - source->start - source->taken;
    size_t length = left < sizeof source->input ? (size_t)left : sizeof source->input;
    if (source->stream.avail_in > 0 ||
        !read_fully(source, source->start + source->taken, source->input, length))
        return;
    source->taken += length;
    source->stream.next_in = source->input;
    source->stream.avail_in = (uInt)length;
}

static bool make_room(struct source *source)
{
    size_t room = source->inflated_room ? source->inflated_room * 2 : 4 * DEFLATED;
    unsigned char *grown = realloc(source->inflated, room);
    if (!grown)
        return false;
    source->inflated = grown;
    source->inflated_room = room;
    return true;
}

/* One step: a bit more comes out, or the stream has ended. */
static void inflate_more(struct source *source)
{
    z_stream *stream = &source->stream;
    if (source->inflated_length == SOURCE_INFLATED_MAX) {
        end_stream(source, "it inflates to more than 64 MiB");
        return;
    }
    if (source->inflated_length == source->inflated_room && !make_room(source)) {
        end_stream(source, "what it inflates to does not fit into memory");
        return;
    }
    size_t room = source->inflated_room - source->inflated_length;
    take_input(source);
    stream->next_out = source->inflated + source->inflated_length;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_NO_FLUSH);
    source->inflated_length += room - stream->avail_out;
    if (result == Z_STREAM_END)
        source->ended = true;
    else if (result == Z_BUF_ERROR && stream->avail_in == 0) /* there is no more of it, and not a byte came */
        end_stream(source, "its deflate stream is cut");
    else if (result != Z_OK && result != Z_BUF_ERROR)
        end_stream(source, "its deflate stream is broken");
}

static bool inflate_to(struct source *source, uint64_t length)
{
    while (source->inflated_length < length && !source->ended && !source->failed)
        inflate_more(source);
    return source->inflated_length >= length;
}

/* ---- either ---- */

static bool is_inflated(const struct source *source, uint64_t offset)
{
    return source->deflated && offset >= source->start;
}

const unsigned char *source_at(struct source *source, uint64_t offset, size_t length, size_t *ret_length)
{
    if (!is_inflated(source, offset))
        return file_at(source, offset, length, ret_length);
    uint64_t at = offset - source->start;
    (void)inflate_to(source, at + length);
    *ret_length = 0;
    if (at >= source->inflated_length)
        return NULL;
    size_t left = source->inflated_length - (size_t)at;
    *ret_length = left < length ? left : length;
    return source->inflated + at;
}

bool source_reaches(struct source *source, uint64_t end)
{
    if (!is_inflated(source, end))
        return end <= source->size;
    return inflate_to(source, end - source->start);
}

bool source_copy(struct source *source, uint64_t offset, void *buffer, size_t length)
{
    size_t got = 0;
    if (!source_reaches(source, offset + length))
        return false;
    if (!is_inflated(source, offset) && length > SOURCE_ASKED_MAX)
        return read_fully(source, offset, buffer, length);
    const unsigned char *bytes = source_at(source, offset, length, &got);
    if (got < length)
        return false;
    if (length > 0) /* bytes may be NULL then, which memcpy() must never get */
        memcpy(buffer, bytes, length);
    return true;
}
