#include "common/spool/owner.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "cell.owner", taken[] = "cell.generation.";

/* ---- one line ---- */

static void owner_append(const struct owner *owner, struct text *out)
{
    json_t *line =
        json_pack("{s:s, s:o, s:o, s:I, s:s, s:o, s:I, s:o, s:s, s:b}", "cell", owner->cell, "name",
                  json_from_text(owner->name), "host", json_from_text(owner->host), "generation",
                  (json_int_t)owner->generation, "boot", owner->boot, "since", json_from_time(owner->since),
                  "beat", (json_int_t)owner->beat, "beat_at", json_from_time(owner->beat_at), "session",
                  owner->session, "released", owner->released);
    if (line) {
        (void)json_object_set_new(line, "since_ms", json_integer(owner->since));
        (void)json_object_set_new(line, "beat_at_ms", json_integer(owner->beat_at));
    }
    json_append(line, out);
    json_release(&line);
    while (out->length < OWNER_BYTES - 1)
        text_append_char(out, ' ');
    text_append_char(out, '\n');
}

static void take_text(const json_t *line, const char *key, char *ret_text, size_t size)
{
    (void)snprintf(ret_text, size, "%s", json_text(line, key));
}

static int64_t take_number(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

static int parse(const char *bytes, size_t length, struct owner *ret_owner)
{
    static const struct json_limits limits = {.bytes = OWNER_BYTES, .depth = 2, .unique = true};
    AUTO(json_release) json_t *line = NULL;
    if (json_read(bytes, length, &limits, &line) != 0)
        return ERR_SYNTAX;
    struct owner owner = {.generation = take_number(line, "generation"),
                          .beat = take_number(line, "beat"),
                          .since = take_number(line, "since_ms"),
                          .beat_at = take_number(line, "beat_at_ms"),
                          .released = json_is_true(json_object_get(line, "released"))};
    take_text(line, "cell", owner.cell, sizeof owner.cell);
    take_text(line, "session", owner.session, sizeof owner.session);
    take_text(line, "name", owner.name, sizeof owner.name);
    take_text(line, "host", owner.host, sizeof owner.host);
    take_text(line, "boot", owner.boot, sizeof owner.boot);
    bool whole = strlen(owner.cell) == OWNER_ID_SIZE - 1 && strlen(owner.session) == OWNER_ID_SIZE - 1 &&
                 owner.generation > 0;
    if (whole)
        *ret_owner = owner;
    return whole ? 0 : ERR_SYNTAX;
}

int owner_read(int dir, struct owner *ret_owner)
{
    char bytes[OWNER_BYTES + 1];
    AUTO(fd_close) int fd = openat(dir, file_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t length = pread(fd, bytes, sizeof bytes, 0);
    if (length < 0)
        return err_from_errno(errno);
    return length == OWNER_BYTES ? parse(bytes, (size_t)length, ret_owner) : ERR_SYNTAX;
}

int owner_verify(int dir, const struct owner *owner)
{
    struct owner seen;
    int code = owner_read(dir, &seen);
    if (code == ERR_ABSENT || code == ERR_SYNTAX)
        return ERR_LOCKED;
    if (code != 0)
        return code;
    return strcmp(seen.session, owner->session) == 0 ? 0 : ERR_LOCKED;
}

/* ---- generations ---- */

static void generation_name(int64_t generation, char *name, size_t size)
{
    (void)snprintf(name, size, "%s%" PRId64, taken, generation);
}

/* 0: it is no name of one. */
static int64_t generation_of(const char *name)
{
    int64_t generation = 0;
    int length = 0;
    if (!string_starts_with(name, taken) ||
        sscanf(name + sizeof taken - 1, "%18" SCNd64 "%n", &generation, &length) != 1)
        return 0;
    return name[sizeof taken - 1 + (size_t)length] == '\0' && generation > 0 ? generation : 0;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* The highest that was taken. Those up to `forget` are removed. */
static int64_t look_at_generations(int dir, int64_t forget)
{
    AUTO(fd_close) int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(close_dir) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    int64_t highest = 0;
    if (!stream)
        return 0;
    fd = -1;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        int64_t generation = generation_of(entry->d_name);
        highest = generation > highest ? generation : highest;
        if (generation > 0 && generation <= forget)
            (void)unlinkat(dir, entry->d_name, 0);
    }
    return highest;
}

int owner_next(int dir, const char *name, int64_t now, struct owner *ret_owner)
{
    struct owner before, next = {.since = now, .beat_at = now, .beat = 1};
    bool known = owner_read(dir, &before) == 0;
    int64_t highest = look_at_generations(dir, 0);
    next.generation = 1 + (known && before.generation > highest ? before.generation : highest);
    if (gethostname(next.host, sizeof next.host - 1) != 0)
        next.host[0] = '\0';
    (void)snprintf(next.name, sizeof next.name, "%s", name ? name : next.host);
    boot_id(next.boot);
    if (random_hex(next.session, OWNER_ID_SIZE - 1) != 0 || random_hex(next.cell, OWNER_ID_SIZE - 1) != 0)
        return ERR_IO;
    if (known)
        memcpy(next.cell, before.cell, sizeof next.cell);
    *ret_owner = next;
    return 0;
}

/* ---- taking and keeping it ---- */

static int take_generation(int dir, int64_t generation)
{
    char name[sizeof taken + 24];
    generation_name(generation, name, sizeof name);
    AUTO(fd_close) int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    return fd < 0 ? err_from_errno(errno) : 0;
}

/* A file of its own, whole on the disk before anybody can see it. */
static int write_new(int dir, const struct owner *owner, const char *name, int *ret_fd)
{
    AUTO(fd_close) int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    int code = owner_beat(fd, owner, true);
    if (code != 0)
        return code;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int owner_claim(int dir, const struct owner *owner, int *ret_fd)
{
    char fresh[sizeof file_name + OWNER_ID_SIZE];
    AUTO(fd_close) int fd = -1;
    (void)snprintf(fresh, sizeof fresh, "%s.%s", file_name, owner->session);
    int code = take_generation(dir, owner->generation);
    if (code == 0)
        code = write_new(dir, owner, fresh, &fd);
    if (code == 0 && renameat(dir, fresh, dir, file_name) != 0)
        code = err_from_errno(errno);
    if (code == 0)
        code = durable_sync(dir);
    if (code != 0) {
        (void)unlinkat(dir, fresh, 0);
        return code;
    }
    (void)look_at_generations(dir, owner->generation - OWNER_GENERATIONS);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int owner_beat(int fd, const struct owner *owner, bool durable)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    owner_append(owner, &bytes);
    if (bytes.length != OWNER_BYTES)
        return ERR_RANGE;
    ssize_t length = pwrite(fd, bytes.bytes, bytes.length, 0);
    if (length < 0)
        return err_from_errno(errno);
    if (length != OWNER_BYTES)
        return ERR_NOSPACE;
    return durable ? durable_sync(fd) : 0;
}
