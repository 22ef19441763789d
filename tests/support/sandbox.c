#include "tests/support/sandbox.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/files.h"

#include "tests/support/require.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct sandbox {
    char *folder;
    char **paths; /* handed out, released at the end */
    size_t path_count, path_capacity;
};

/* Of this process: it hears of each folder, and sees when we are gone. */
static struct {
    pid_t owner; /* whoever is forked needs one of its own */
    int pipe;    /* our end */
} guardian;

static bool kept(void)
{
    const char *keep = getenv("FELUCCA_KEEP");
    return keep && *keep && strcmp(keep, "0") != 0;
}

/* Processes of the test may still be ending and writing. */
static void remove_at_last(const char *folder)
{
    for (int i = 0; i < 100 && access(folder, F_OK) == 0; i++) {
        folder_remove(folder);
        poll(NULL, 0, 50);
    }
}

/* Runs in a grandchild with a session of its own, so that neither the end of the test nor Check's killing of
 * the test's process group reaches it: reads names of folders, each with its zero, until the pipe ends, then removes
 * what is left of them. */
static void guard(int pipe_end)
{
    AUTO(text_release) struct text folders = TEXT_EMPTY;
    char bytes[1024];
    dup2(pipe_end, 0);
    close_range(1, ~0U, 0);
    for (;;) {
        ssize_t length = read(0, bytes, sizeof bytes);
        if (length > 0)
            text_append_bytes(&folders, bytes, (size_t)length);
        else if (length == 0 || errno != EINTR)
            break;
    }
    for (size_t at = 0; at < folders.length; at += strlen(folders.bytes + at) + 1)
        remove_at_last(folders.bytes + at);
    _exit(0);
}

static void start_guardian(void)
{
    int ends[2];
    require(pipe2(ends, O_CLOEXEC) == 0, "%s", strerror(errno));
    pid_t child = fork();
    require(child >= 0, "%s", strerror(errno));
    if (child == 0) {
        setsid();
        close(ends[1]);
        if (fork() == 0)
            guard(ends[0]);
        _exit(0);
    }
    close(ends[0]);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    guardian.owner = getpid();
    guardian.pipe = ends[1];
}

static void tell_guardian(const char *folder)
{
    if (guardian.owner != getpid())
        start_guardian();
    const ssize_t length = (ssize_t)strlen(folder) + 1;
    require(write(guardian.pipe, folder, (size_t)length) == length, "%s", strerror(errno));
}

struct sandbox *sandbox_create(void)
{
    struct sandbox *sandbox = memory_new(1, sizeof *sandbox);
    const char *base = getenv("TMPDIR");
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    text_format(&folder, "%s/felucca-test-XXXXXX", base && *base ? base : "/tmp");
    sandbox->folder = text_take(&folder);
    require(mkdtemp(sandbox->folder), "cannot make %s: %s", sandbox->folder, strerror(errno));
    if (kept())
        fprintf(stderr, "sandbox kept: %s\n", sandbox->folder);
    else
        tell_guardian(sandbox->folder);
    return sandbox;
}

void sandbox_destroy(struct sandbox **sandbox)
{
    struct sandbox *s = *sandbox;
    if (!s)
        return;
    if (!kept())
        folder_remove(s->folder);
    for (size_t i = 0; i < s->path_count; i++)
        free(s->paths[i]);
    free(s->paths);
    free(s->folder);
    free(s);
    *sandbox = NULL;
}

const char *sandbox_folder(const struct sandbox *sandbox)
{
    return sandbox->folder;
}

static const char *keep_path(struct sandbox *sandbox, const char *format, va_list arguments)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/", sandbox->folder);
    text_format_list(&path, format, arguments);
    sandbox->paths =
        memory_grow(sandbox->paths, &sandbox->path_capacity, sandbox->path_count + 1, sizeof *sandbox->paths);
    return sandbox->paths[sandbox->path_count++] = text_take(&path);
}

const char *sandbox_path(struct sandbox *sandbox, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *path = keep_path(sandbox, format, arguments);
    va_end(arguments);
    return path;
}

const char *sandbox_make_folder(struct sandbox *sandbox, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *path = keep_path(sandbox, format, arguments);
    va_end(arguments);
    folder_make(path);
    return path;
}

const char *sandbox_write(struct sandbox *sandbox, const char *name, const char *content)
{
    const char *path = sandbox_path(sandbox, "%s", name);
    file_write_string(path, content);
    return path;
}
