#include "cli/check_folder.h"

#include "common/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void append_above(const char *folder, struct text *out)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    while (length > 0 && folder[length - 1] != '/')
        length--;
    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (length > 0)
        text_append_bytes(out, folder, length);
    else
        text_append_char(out, '.');
}

/* A process makes the folder, and none above it (spool_create()). */
static void check_above(const char *state_dir, struct findings *findings)
{
    AUTO(text_release) struct text above = TEXT_EMPTY;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    append_above(state_dir, &above);
    if (access(text_string(&above), W_OK | X_OK) == 0)
        return;
    int error = errno;
    text_format(&sentence, "state_dir %s is not there, and ", state_dir);
    if (error == EACCES)
        text_format(
            &sentence,
            "this user may not make it in %s: another user that runs Felucca must, or make it for that one",
            text_string(&above));
    else
        text_format(&sentence, "cannot be made in %s: %s", text_string(&above), strerror(error));
    findings_add(findings, error == EACCES ? FINDING_NOTE : FINDING_WRONG, text_string(&sentence));
}

void check_folder(const char *state_dir, int error, struct findings *findings)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (error == ENOENT) {
        check_above(state_dir, findings);
    } else if (error != EACCES) {
        text_format(&sentence, "state_dir %s cannot be used: %s", state_dir, strerror(error));
        findings_add(findings, FINDING_WRONG, text_string(&sentence));
    }
}
