#include "common/spool/standby.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_MOST = 2048 };

static const char file_name[] = "cell.standby", fresh[] = "cell.standby.new";

const char *standby_life_text(enum standby_life life)
{
    static const char *const texts[] = {
#define X(name, text) text,
        STANDBY_LIFE_MAP(X)
#undef X
    };
    return texts[life];
}

void standby_begin(struct standby *standby, const char *name, int64_t now)
{
    *standby = (struct standby){.since = now, .at = now};
    if (gethostname(standby->host, sizeof standby->host - 1) != 0)
        standby->host[0] = '\0';
    (void)snprintf(standby->name, sizeof standby->name, "%s", name ? name : standby->host);
    boot_id(standby->boot);
}

json_t *standby_to_json(const struct standby *standby)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:s}", "name", json_from_text(standby->name), "host",
                     json_from_text(standby->host), "since", json_from_time(standby->since), "shared",
                     standby->shared, "owner_lives", standby_life_text(standby->owner_lives));
}

json_t *standby_owner_to_json(const struct owner *owner)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:b}", "cell", owner->cell, "name",
                     json_from_text(owner->name), "host", json_from_text(owner->host), "generation",
                     (json_int_t)owner->generation, "since", json_from_time(owner->since), "beat_at",
                     json_from_time(owner->beat_at), "released", owner->released);
}

void standby_write(int dir, const struct standby *standby)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(fd_close) int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    json_t *line = standby_to_json(standby);
    if (line) {
        (void)json_object_set_new(line, "boot", json_string(standby->boot));
        (void)json_object_set_new(line, "since_ms", json_integer(standby->since));
        (void)json_object_set_new(line, "at_ms", json_integer(standby->at));
    }
    json_append_line(line, &bytes);
    if (fd >= 0 && write(fd, text_string(&bytes), bytes.length) == (ssize_t)bytes.length)
        (void)renameat(dir, fresh, dir, file_name);
}

void standby_remove(int dir)
{
    (void)unlinkat(dir, file_name, 0);
}

static enum standby_life parse_life(const char *text)
{
    return strcmp(text, standby_life_text(STANDBY_LIVES)) == 0   ? STANDBY_LIVES
           : strcmp(text, standby_life_text(STANDBY_STILL)) == 0 ? STANDBY_STILL
                                                                 : STANDBY_UNKNOWN;
}

int standby_read(int dir, int64_t now, struct standby *ret_standby)
{
    static const struct json_limits limits = {.bytes = BYTES_MOST, .depth = 2, .unique = true};
    char bytes[BYTES_MOST];
    AUTO(json_release) json_t *line = NULL;
    AUTO(fd_close) int fd = openat(dir, file_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
    if (length < 0)
        return err_from_errno(errno);
    if (json_read(bytes, (size_t)length, &limits, &line) != 0)
        return ERR_ABSENT;
    struct standby standby = {.since = json_integer_value(json_object_get(line, "since_ms")),
                              .at = json_integer_value(json_object_get(line, "at_ms")),
                              .shared = json_is_true(json_object_get(line, "shared")),
                              .owner_lives = parse_life(json_text(line, "owner_lives"))};
    (void)snprintf(standby.name, sizeof standby.name, "%s", json_text(line, "name"));
    (void)snprintf(standby.host, sizeof standby.host, "%s", json_text(line, "host"));
    (void)snprintf(standby.boot, sizeof standby.boot, "%s", json_text(line, "boot"));
    int64_t age = now > standby.at ? now - standby.at : standby.at - now;
    if (age > STANDBY_OLD_MS)
        return ERR_ABSENT;
    *ret_standby = standby;
    return 0;
}
