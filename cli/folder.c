#include "cli/folder.h"

#include "common/base/err.h"
#include "common/base/memory.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool folder_is_one(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

int folder_walk_files(const char *path, bool (*each)(void *context, const char *path), void *context)
{
    char *root = memory_string(path);
    char *const roots[] = {root, NULL};
    int code = 0;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
    if (!walk)
        code = ERR_IO;
    for (FTSENT *entry; walk && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            code = ERR_IO;
        else if (entry->fts_info == FTS_F && !each(context, entry->fts_path))
            break;
    }
    if (walk)
        (void)fts_close(walk);
    free(root);
    return code;
}
