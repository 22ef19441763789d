#include "router/headers.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/dicom/kept.h"
#include "router/shared.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS = 256, DIGEST = 16 /* bytes of a name */, STUDY_MAX = 64 << 20, SWEEP_MS = 2 * 1000 };

/* In front of each header in a file. */
struct record {
    char mark[4];
    uint32_t length;
    char receipt[RECEIPT_SIZE];
};

static const char mark[4] = {'F', 'h', 'd', 'r'};

struct headers {
    int dir;           /* of headers/; -1: it cannot be used */
    bool told;         /* that something cannot be kept */
    int next_folder;   /* to be swept */
    int64_t sweep_at;  /* monotonic */
    struct text study; /* whose file was read last, */
    struct text file;  /* and its bytes */
};

struct headers *headers_create(const char *state_dir)
{
    struct headers *headers = memory_new(1, sizeof *headers);
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/headers", state_dir);
    if (mkdir(text_string(&path), 0700) != 0 && errno != EEXIST)
        log_error("cannot make the folder of kept headers, keeping none", LOG_S("folder", text_string(&path)),
                  LOG_S("error", err_text(err_from_errno(errno))));
    headers->dir = open(text_string(&path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return headers;
}

void headers_destroy(struct headers **headers)
{
    if (!*headers)
        return;
    fd_close(&(*headers)->dir);
    text_release(&(*headers)->study);
    text_release(&(*headers)->file);
    memory_free(headers);
}

/* ---- a study's file ---- */

static void append_path(const char *study, struct text *out)
{
    uint8_t digest[SHA256_SIZE];
    sha256(study, strlen(study), digest);
    text_format(out, "%02x/", digest[0]);
    for (size_t i = 1; i <= DIGEST; i++)
        text_format(out, "%02x", digest[i]);
}

static int open_to_append(const struct headers *headers, const char *path)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW };
    int fd = openat(headers->dir, path, FLAGS, 0600);
    if (fd < 0 && errno == ENOENT) {
        AUTO(text_release) struct text folder = TEXT_EMPTY;
        text_append_bytes(&folder, path, 2);
        if (mkdirat(headers->dir, text_string(&folder), 0700) == 0)
            fd = openat(headers->dir, path, FLAGS, 0600);
    }
    return fd;
}

static int append_record(const struct headers *headers, const char *study, const struct text *record)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_path(study, &path);
    AUTO(fd_close) int fd = open_to_append(headers, text_string(&path));
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t wrote = write(fd, record->bytes, record->length);
    if (wrote == (ssize_t)record->length)
        return 0;
    return wrote < 0 ? err_from_errno(errno) : ERR_NOSPACE;
}

void headers_keep(struct headers *headers, const char *study, const char *receipt, const void *bytes,
                  size_t length)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    struct record record = {.length = (uint32_t)length};
    if (headers->dir < 0)
        return;
    memcpy(record.mark, mark, sizeof mark);
    memcpy(record.receipt, receipt, RECEIPT_LENGTH);
    text_append_bytes(&text, &record, sizeof record);
    text_append_bytes(&text, bytes, length);
    text_clear(&headers->study);
    int code = append_record(headers, study, &text);
    if (code != 0 && !headers->told)
        log_warning(
            "cannot keep a header: what its conditions ask cannot be asked again once its file is gone",
            LOG_S("receipt", receipt), LOG_S("error", err_text(code)));
    headers->told = code != 0;
}

static void read_file(int fd, struct text *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size > STUDY_MAX)
        return;
    AUTO(memory_free) char *bytes = memory_new((size_t)status.st_size + 1, 1);
    ssize_t got = read(fd, bytes, (size_t)status.st_size);
    if (got > 0)
        text_append_bytes(out, bytes, (size_t)got);
}

/* The file of a study is read once for all its instances that are asked for in a row. */
static void load(struct headers *headers, const char *study)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (strcmp(text_string(&headers->study), study) == 0)
        return;
    append_path(study, &path);
    text_clear(&headers->file);
    text_clear(&headers->study);
    text_append(&headers->study, study);
    AUTO(fd_close) int fd = openat(headers->dir, text_string(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        read_file(fd, &headers->file);
}

/* The next record from *at on, which is moved behind it; NULL: none. What a crash left half written is passed over. */
static const char *next_record(const struct text *file, size_t *at, struct record *ret_record)
{
    while (file->length - *at > sizeof *ret_record) {
        const char *found = memmem(file->bytes + *at, file->length - *at, mark, sizeof mark);
        size_t rest = found ? file->length - (size_t)(found - file->bytes) : 0;
        if (rest < sizeof *ret_record)
            return NULL;
        memcpy(ret_record, found, sizeof *ret_record);
        *at = (size_t)(found - file->bytes) + sizeof mark;
        if (ret_record->receipt[RECEIPT_LENGTH] == '\0' && ret_record->length <= rest - sizeof *ret_record)
            return found + sizeof *ret_record;
    }
    return NULL;
}

bool headers_open(struct headers *headers, const char *study, const char *receipt, int *ret_fd)
{
    struct record record;
    size_t at = 0;
    if (headers->dir < 0 || !study)
        return false;
    load(headers, study);
    /* No length is trusted to lead to the next one: of a record that is half there it leads into that. */
    for (const char *bytes; (bytes = next_record(&headers->file, &at, &record));) {
        if (strcmp(record.receipt, receipt) == 0 && kept_open(bytes, record.length, ret_fd) == 0)
            return true;
    }
    return false;
}

/* ---- the end ---- */

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

/* Removes the files that were last written before then (wall ms). How many. */
static size_t sweep(struct headers *headers, int number, int64_t before)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    size_t count = 0;
    struct dirent *entry;
    text_format(&name, "%02x", (unsigned)number);
    int fd = openat(headers->dir, text_string(&name), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    AUTO(close_folder) DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    while (folder && (entry = readdir(folder))) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        int64_t written = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
        count += written < before && durable_remove(fd, entry->d_name) == 0;
    }
    if (count > 0)
        text_clear(&headers->study);
    return count;
}

void headers_turn(struct router *router)
{
    struct headers *headers = router->headers;
    int64_t retention = router->config->retention_headers_ms;
    if (headers->dir < 0 || router->monotonic < headers->sweep_at)
        return;
    headers->sweep_at = router->monotonic + SWEEP_MS;
    int folders = retention > 0 ? 1 : FOLDERS;
    for (int i = 0; i < folders; i++) {
        (void)sweep(headers, headers->next_folder,
                    retention > 0 ? router->expires_by - retention : INT64_MAX);
        headers->next_folder = (headers->next_folder + 1) % FOLDERS;
    }
}

bool headers_give_way(struct headers *headers)
{
    for (int i = 0; headers->dir >= 0 && i < FOLDERS; i++) {
        if (sweep(headers, i, INT64_MAX) == 0)
            continue;
        log_warning("the spool's disk is short, removing kept headers before their time");
        return true;
    }
    return false;
}
