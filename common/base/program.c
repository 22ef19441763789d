#include "common/base/program.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes the path of a program, and tells whether it can be started. */
static bool find_in(const char *folder, size_t folder_length, const char *program, struct text *ret_path)
{
    text_clear(ret_path);
    text_append_bytes(ret_path, folder, folder_length);
    text_append_char(ret_path, '/');
    text_append(ret_path, program);
    return access(text_string(ret_path), X_OK) == 0;
}

bool program_find(const char *program, struct text *ret_path)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self);
    const char *slash = length > 0 ? memrchr(self, '/', (size_t)length) : NULL;
    if (slash && find_in(self, (size_t)(slash - self), program, ret_path))
        return true;
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t folder_length = strcspn(path, ":");
        if (folder_length > 0 && find_in(path, folder_length, program, ret_path))
            return true;
        path += folder_length + (path[folder_length] == ':');
    }
    return false;
}
