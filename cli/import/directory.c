#include "cli/import/directory.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dataset.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_SEQUENCE = 0x00041220, FILE_ID = 0x00041500, FILE_ID_MAX = 1024 };

static bool is_component(const char *name, size_t length)
{
    return length > 0 && !memchr(name, '/', length) && !memchr(name, '\0', length) &&
           !(length == 1 && name[0] == '.') && !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* Appends the File ID as a path: its components are divided by backslashes. */
static bool append_file_id(const char *id, size_t length, struct text *path)
{
    while (length > 0 && (id[length - 1] == ' ' || id[length - 1] == '\0'))
        length--;
    for (const char *end = id + length; id <= end;) {
        const char *next = memchr(id, '\\', (size_t)(end - id));
        size_t part = (size_t)((next ? next : end) - id);
        if (!is_component(id, part))
            return false;
        text_append_char(path, '/');
        text_append_bytes(path, id, part);
        id += part + 1;
    }
    return true;
}

/* Names of a medium may be shown in lower case, and are in upper case in the DICOMDIR. */
static void meet_case(struct text *path, size_t folder)
{
    if (access(text_string(path), F_OK) == 0)
        return;
    AUTO(text_release) struct text lower = TEXT_EMPTY;
    text_append_bytes(&lower, path->bytes, path->length);
    for (size_t i = folder; i < lower.length; i++)
        lower.bytes[i] = (char)tolower((unsigned char)lower.bytes[i]);
    if (access(text_string(&lower), F_OK) == 0)
        memcpy(path->bytes + folder, lower.bytes + folder, lower.length - folder);
}

static bool take_record(struct dataset *dataset, const struct item *item, const char *folder, size_t length,
                        bool (*each)(void *context, const char *path), void *context)
{
    char id[FILE_ID_MAX];
    struct element element;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (dataset_find(dataset, item, FILE_ID, &element) == DATASET_ABSENT || element.length > sizeof id ||
        !dataset_copy(dataset, &element, id, element.length))
        return true;
    text_append_bytes(&path, folder, length);
    if (!append_file_id(id, element.length, &path))
        return true;
    meet_case(&path, length);
    return each(context, text_string(&path));
}

int directory_each(const char *path, bool (*each)(void *context, const char *path), void *context,
                   struct text *ret_reason)
{
    AUTO(dataset_destroy) struct dataset *dataset = NULL;
    struct element records;
    int rc = dataset_read(path, &dataset, ret_reason);
    if (rc < 0)
        return rc;
    if (dataset_top(dataset, RECORD_SEQUENCE, &records) != DATASET_FOUND || !element_is_sequence(&records)) {
        text_append(ret_reason, "it has no Directory Record Sequence (0004,1220)");
        return ERR_SYNTAX;
    }
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? path : ".";
    size_t length = slash ? (size_t)(slash - path) : 1;
    struct item item = {.offset = 0};
    while (dataset_next_item(dataset, &records, &item) == DATASET_FOUND) {
        if (!take_record(dataset, &item, folder, length, each, context))
            break;
    }
    if (!dataset_incomplete(dataset))
        return 0;
    text_format(ret_reason, "it breaks off: %s", dataset_incomplete(dataset)->why);
    return ERR_SYNTAX;
}
