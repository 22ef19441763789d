#include "notifier/silence_file.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "router.json"
#define PART_NAME "router.json.part"

enum { FILE_MOST = 64 * 1024, DEPTH_MOST = 4 };

void silence_record_release(struct silence_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->listeners[i].name);
    free(record->listeners);
    *record = (struct silence_record){0};
}

struct silence_listener *silence_record_find(struct silence_record *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++)
        if (strcmp(record->listeners[i].name, name) == 0)
            return &record->listeners[i];
    record->listeners =
        memory_grow(record->listeners, &record->capacity, record->count + 1, sizeof *record->listeners);
    struct silence_listener *listener = &record->listeners[record->count++];
    *listener = (struct silence_listener){.name = memory_string(name)};
    return listener;
}

static int open_folder(const char *state_dir, int *ret_dir)
{
    AUTO(fd_close) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    return durable_folder(state, "notifier", ret_dir);
}

static int read_all(int dir, struct text *ret_text)
{
    AUTO(memory_free) char *bytes = memory_new(1, FILE_MOST);
    AUTO(fd_close) int fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_ABSENT : ERR_IO;
    ssize_t got = read(fd, bytes, FILE_MOST);
    if (got < 0)
        return ERR_IO;
    text_append_bytes(ret_text, bytes, (size_t)got);
    return 0;
}

static void read_listeners(const json_t *list, struct silence_record *record)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t told = json_integer_value(json_object_get(item, "told"));
        const char *name = json_text_or_null(item, "name");
        if (name && told >= SILENCE_UNTOLD && told <= SILENCE_ENDED)
            silence_record_find(record, name)->told = (enum silence_told)told;
    }
}

int silence_file_read(const char *state_dir, struct silence_record *ret_record)
{
    static const struct json_limits limits = {FILE_MOST, DEPTH_MOST, .unique = true};
    AUTO(fd_close) int dir = -1;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(json_release) json_t *json = NULL;
    *ret_record = (struct silence_record){0};
    int code = open_folder(state_dir, &dir);
    if (code == 0)
        code = read_all(dir, &bytes);
    if (code == 0)
        code = json_read(text_string(&bytes), bytes.length, &limits, &json);
    if (code != 0)
        return code;
    ret_record->began_at = json_integer_value(json_object_get(json, "began_at"));
    ret_record->over_at = json_integer_value(json_object_get(json, "over_at"));
    read_listeners(json_object_get(json, "targets"), ret_record);
    return 0;
}

static void append_record(const struct silence_record *record, struct text *out)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < record->count; i++)
        (void)json_array_append_new(targets, json_pack("{s:s, s:i}", "name", record->listeners[i].name,
                                                       "told", (int)record->listeners[i].told));
    AUTO(json_release)
    json_t *json = json_pack("{s:I, s:I, s:o}", "began_at", (json_int_t)record->began_at, "over_at",
                             (json_int_t)record->over_at, "targets", targets);
    json_append(json, out);
}

static int write_part(int dir, const struct text *bytes)
{
    AUTO(fd_close)
    int fd = openat(dir, PART_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    if (write(fd, bytes->bytes, bytes->length) != (ssize_t)bytes->length)
        return errno == ENOSPC ? ERR_NOSPACE : ERR_IO;
    return durable_sync(fd);
}

int silence_file_write(const char *state_dir, const struct silence_record *record)
{
    AUTO(fd_close) int dir = -1;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    int code = open_folder(state_dir, &dir);
    if (code != 0)
        return code;
    if (record->began_at == 0) {
        code = durable_remove(dir, FILE_NAME);
        return code == 0 || code == ERR_ABSENT ? durable_sync(dir) : code;
    }
    append_record(record, &bytes);
    code = write_part(dir, &bytes);
    if (code == 0 && renameat(dir, PART_NAME, dir, FILE_NAME) != 0)
        code = ERR_IO;
    return code == 0 ? durable_sync(dir) : code;
}
