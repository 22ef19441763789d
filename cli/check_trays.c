#include "cli/check_trays.h"

#include "common/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_tray(const struct config_tray *tray, struct findings *findings)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct stat status;
    text_format(&sentence, "tray %s: its folder %s ", tray->name, tray->folder);
    int error = stat(tray->folder, &status) == 0 ? 0 : errno;
    if (error == 0 && !S_ISDIR(status.st_mode))
        error = ENOTDIR;
    if (error != 0 && error != EACCES) {
        text_format(&sentence, "cannot be used: %s", strerror(error));
        findings_add(findings, FINDING_WRONG, text_string(&sentence));
    } else if (error != 0 || access(tray->folder, R_OK | W_OK | X_OK) != 0) {
        text_append(&sentence,
                    "cannot be read and written by this user; the one that runs felucca-tray must");
        findings_add(findings, FINDING_NOTE, text_string(&sentence));
    }
}

void check_trays(const struct config *config, struct findings *findings)
{
    for (size_t i = 0; i < config->tray_count; i++)
        check_tray(&config->trays[i], findings);
}
