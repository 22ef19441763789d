#include "common/spool/kept_file.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST = 16 /* bytes of a name */ };

/* In front of each header. */
struct record {
    char mark[4];
    uint32_t length;
    char receipt[RECEIPT_SIZE];
};

static const char mark[4] = {'F', 'h', 'd', 'r'};

void kept_file_append_path(const char *study, struct text *out)
{
    uint8_t digest[SHA256_SIZE];
    sha256(study, strlen(study), digest);
    text_format(out, "%02x/", digest[0]);
    for (size_t i = 1; i <= DIGEST; i++)
        text_format(out, "%02x", digest[i]);
}

/* receipt: "" of a blank one. */
static void append_head(const char *receipt, size_t length, struct text *out)
{
    struct record record = {.length = (uint32_t)length};
    memcpy(record.mark, mark, sizeof mark);
    memcpy(record.receipt, receipt, strlen(receipt));
    text_append_bytes(out, &record, sizeof record);
}

void kept_file_append_record(const char *receipt, const void *bytes, size_t length, struct text *out)
{
    append_head(receipt, length, out);
    text_append_bytes(out, bytes, length);
}

void kept_file_append_blank(const struct kept_record *record, struct text *out)
{
    append_head("", record->length, out);
    for (size_t i = 0; i < record->length; i++)
        text_append_char(out, '\0');
}

/* Whether a record that ends there is followed by another one, or by nothing: then its length can be trusted. */
static bool leads_on(const struct text *file, size_t end)
{
    size_t rest = file->length - end;
    return rest == 0 || (rest >= sizeof mark && memcmp(file->bytes + end, mark, sizeof mark) == 0);
}

/* What a crash left half written is passed over: its length leads into another record. */
bool kept_file_next(const struct text *file, size_t *at, struct kept_record *ret_record)
{
    struct record record;
    while (file->length > *at && file->length - *at > sizeof record) {
        const char *found = memmem(file->bytes + *at, file->length - *at, mark, sizeof mark);
        size_t start = found ? (size_t)(found - file->bytes) : 0, rest = found ? file->length - start : 0;
        if (rest < sizeof record)
            return false;
        memcpy(&record, found, sizeof record);
        *at = start + sizeof mark;
        if (record.receipt[RECEIPT_LENGTH] != '\0' || record.length > rest - sizeof record)
            continue;
        size_t end = start + sizeof record + record.length;
        if (leads_on(file, end))
            *at = end;
        *ret_record = (struct kept_record){
            .bytes = found + sizeof record, .length = record.length, .start = start, .end = end};
        memcpy(ret_record->receipt, record.receipt, sizeof record.receipt);
        return true;
    }
    return false;
}

static int read_all(int fd, struct text *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size > KEPT_FILE_MAX)
        return ERR_IO;
    AUTO(memory_free) char *bytes = memory_new((size_t)status.st_size + 1, 1);
    ssize_t got = read(fd, bytes, (size_t)status.st_size);
    if (got < 0)
        return ERR_IO;
    text_append_bytes(out, bytes, (size_t)got);
    return 0;
}

int kept_file_read(int headers, const char *study, struct text *out)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    kept_file_append_path(study, &path);
    AUTO(fd_close) int fd = openat(headers, text_string(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_from_errno(errno);
    return read_all(fd, out);
}
