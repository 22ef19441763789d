#include "common/base/exposed.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool has_mode(const char *path, mode_t any)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & any) != 0;
}

bool exposed_to_all(const char *path)
{
    AUTO(memory_free) char *absolute = realpath(path, NULL);
    if (!absolute || !has_mode(absolute, S_IROTH | S_IWOTH))
        return false;
    for (char *slash; (slash = strrchr(absolute, '/')) && slash != absolute;) {
        *slash = '\0';
        if (!has_mode(absolute, S_IXOTH))
            return false;
    }
    return true;
}
