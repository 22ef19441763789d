#include "cli/present.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND_MOST = 4096, WORDS_MOST = 64 };

struct command_line {
    char bytes[COMMAND_MOST];
    const char *words[WORDS_MOST + 1]; /* NULL ends them */
};

static bool read_command(const char *proc, const char *pid, struct command_line *ret_command)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s/cmdline", proc, pid);
    AUTO(fd_close) int fd = open(text_string(&path), O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, ret_command->bytes, COMMAND_MOST - 1);
    size_t count = 0;
    if (length <= 0)
        return false;
    ret_command->bytes[length] = '\0';
    for (const char *word = ret_command->bytes; word < ret_command->bytes + length && count < WORDS_MOST;
         word += strlen(word) + 1)
        ret_command->words[count++] = word;
    ret_command->words[count] = NULL;
    return count > 0;
}

/* What its --config says; NULL: nothing, so it looks where we look. */
static const char *config_of(const struct command_line *command)
{
    for (const char *const *word = command->words; *word; word++) {
        if (strcmp(*word, "--config") == 0)
            return word[1];
        if (string_starts_with(*word, "--config="))
            return *word + strlen("--config=");
    }
    return NULL;
}

static bool is_same_file(const char *a, const char *b)
{
    AUTO(memory_free) char *real_a = realpath(a, NULL);
    AUTO(memory_free) char *real_b = realpath(b, NULL);
    return real_a && real_b ? strcmp(real_a, real_b) == 0 : strcmp(a, b) == 0;
}

/* Its namespace of processes. False: this user may not know. */
static bool read_namespace(const char *proc, const char *pid, char ret_name[64])
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s/ns/pid", proc, pid);
    ssize_t length = readlink(text_string(&path), ret_name, 63);
    ret_name[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* As in a container of this machine. Not by what it sees of the file system: a unit of systemd, and a container of the same pod,
 * has mounts of its own and runs here all the same. */
static bool is_elsewhere(const char *proc, const char *pid)
{
    char own[64], its[64];
    return read_namespace(proc, "self", own) && read_namespace(proc, pid, its) && strcmp(own, its) != 0;
}

/* A relative path is one of its own folder. */
static bool is_ours(const char *proc, const char *pid, const struct command_line *command,
                    const char *config_path)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    const char *config = config_of(command);
    if (!config)
        return true;
    if (*config != '/')
        text_format(&path, "%s/%s/cwd/", proc, pid);
    text_append(&path, config);
    return is_same_file(text_string(&path), config_path);
}

static void take(const char *proc, const char *pid, const char *config_path, struct present *present)
{
    struct command_line command;
    if (!read_command(proc, pid, &command))
        return;
    const char *slash = strrchr(command.words[0], '/');
    const char *program = slash ? slash + 1 : command.words[0];
    bool named = string_starts_with(program, "felucca-");
    const struct processes_row *row = named ? processes_find(program + strlen("felucca-")) : NULL;
    bool up = false;
    for (const char *const *word = command.words + 1; strcmp(program, "felucca") == 0 && *word; word++)
        up = up || strcmp(*word, "up") == 0;
    if ((!row && !up) || is_elsewhere(proc, pid) || !is_ours(proc, pid, &command, config_path))
        return;
    present->supervisor = present->supervisor || up;
    if (row)
        present->processes[row - processes_table()] = true;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

void present_look(const char *proc, const char *config_path, struct present *ret_present)
{
    *ret_present = (struct present){.supervisor = false};
    AUTO(close_dir) DIR *dir = opendir(proc);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (isdigit((unsigned char)entry->d_name[0]))
            take(proc, entry->d_name, config_path, ret_present);
}

bool present_any(const struct present *present)
{
    bool any = present->supervisor;
    for (int i = 0; i < PROCESSES; i++)
        any = any || present->processes[i];
    return any;
}
