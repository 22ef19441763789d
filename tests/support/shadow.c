#include "tests/support/shadow.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/require.h"
#include "tests/support/shadow_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct shadow {
    const char *own, *folder; /* of the sandbox */
    char *words[SHADOW_WORDS];
};

static char *word(const char *variable, const char *value)
{
    struct text whole = TEXT_EMPTY;
    text_format(&whole, "%s=%s", variable, value);
    return text_take(&whole);
}

/* Empty folders for what is recorded. */
static void make_room(const struct shadow *shadow)
{
    static const char *const names[] = {"data", "held"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s/%s", shadow->own, names[i]);
        folder_remove(text_string(&path));
        folder_make(text_string(&path));
    }
}

struct shadow *shadow_create(struct sandbox *sandbox, const char *folder)
{
    struct shadow *shadow = memory_new(1, sizeof *shadow);
    shadow->own = sandbox_make_folder(sandbox, "shadow");
    shadow->folder = folder;
    make_room(shadow);
    shadow->words[0] = word("LD_PRELOAD", FELUCCA_TESTS_BIN "/libinject.so");
    shadow->words[1] = word("ASAN_OPTIONS", "verify_asan_link_order=0");
    shadow->words[2] = word(SHADOW_VARIABLE, shadow->own);
    shadow->words[3] = word(SHADOW_OF_VARIABLE, shadow->folder);
    return shadow;
}

void shadow_destroy(struct shadow **shadow)
{
    if (!*shadow)
        return;
    for (size_t i = 0; i < SHADOW_WORDS; i++)
        free((*shadow)->words[i]);
    free(*shadow);
    *shadow = NULL;
}

void shadow_words(const struct shadow *shadow, const char *ret_words[SHADOW_WORDS])
{
    for (size_t i = 0; i < SHADOW_WORDS; i++)
        ret_words[i] = shadow->words[i];
}

/* ---- the power fails ---- */

static void flush(const struct shadow *shadow, const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "%s: %s", path, strerror(errno));
    shadow_record_flush(shadow->own, shadow->folder, fd);
}

static void restore_file(const struct shadow *shadow, const char *inode, const char *path)
{
    AUTO(text_release) struct text data = TEXT_EMPTY, content = TEXT_EMPTY;
    text_format(&data, "%s/before/%s", shadow->own, inode);
    if (file_exists(text_string(&data)))
        file_read(text_string(&data), &content);
    file_write(path, content.bytes, content.length);
    flush(shadow, path); /* what is left is durable */
}

/* Makes what one line of the names says. */
static void restore_line(const struct shadow *shadow, char *line)
{
    char *space = strchr(line + 2, ' ');
    if (*line == 'd') {
        folder_make(line + 2);
        return;
    }
    require(*line == 'f' && space, "%s is not understood", line);
    *space = '\0';
    restore_file(shadow, line + 2, space + 1);
}

static void restore(const struct shadow *shadow)
{
    AUTO(text_release) struct text names = TEXT_EMPTY, data = TEXT_EMPTY, before = TEXT_EMPTY;
    text_format(&names, "%s/names", shadow->own);
    text_format(&data, "%s/data", shadow->own);
    text_format(&before, "%s/before", shadow->own);
    require(rename(text_string(&data), text_string(&before)) == 0, "%s", strerror(errno));
    make_room(shadow);
    folder_remove(shadow->folder);
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    file_read(text_string(&names), &lines);
    for (char *line = lines.bytes, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        restore_line(shadow, line);
    }
    flush(shadow, shadow->folder);
    folder_remove(text_string(&before));
}

void shadow_lose_power(struct shadow *shadow, struct pipeline *pipeline)
{
    int lock = shadow_record_lock(shadow->own);
    pipeline_kill_all(pipeline);
    restore(shadow);
    shadow_record_unlock(lock);
}
