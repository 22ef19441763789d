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
    struct text file;  /* and its bytes, */
    size_t found;      /* and where the last one that was asked for ends */
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

/* Its time is told by the clock that judges what has expired, whatever the kernel's says meanwhile. */
static void date(int fd, int64_t at)
{
    const struct timespec time = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (at % 1000) * 1000000};
    (void)futimens(fd, (const struct timespec[]){time, time});
}

static int append_record(const struct headers *headers, const char *study, const struct text *record,
                         int64_t now)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct stat status;
    append_path(study, &path);
    AUTO(fd_close) int fd = open_to_append(headers, text_string(&path));
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_from_errno(errno);
    if (status.st_size + (off_t)record->length > STUDY_MAX)
        return ERR_RANGE; /* more of a study is not kept, rather than all of it lost for questions */
    ssize_t wrote = write(fd, record->bytes, record->length);
    date(fd, now);
    if (wrote == (ssize_t)record->length)
        return 0;
    return wrote < 0 ? err_from_errno(errno) : ERR_NOSPACE;
}

void headers_keep(struct headers *headers, const char *study, const char *receipt, const void *bytes,
                  size_t length, int64_t now)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    struct record record = {.length = (uint32_t)length};
    if (headers->dir < 0)
        return;
    memcpy(record.mark, mark, sizeof mark);
    memcpy(record.receipt, receipt, RECEIPT_LENGTH);
    text_append_bytes(&text, &record, sizeof record);
    text_append_bytes(&text, bytes, length);
    if (strcmp(text_string(&headers->study), study) == 0)
        text_clear(&headers->study); /* it is read again */
    int code = append_record(headers, study, &text, now);
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
    headers->found = 0;
    text_append(&headers->study, study);
    AUTO(fd_close) int fd = openat(headers->dir, text_string(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        read_file(fd, &headers->file);
}

/* Whether a record that ends there is followed by another one, or by nothing: then its length can be trusted. */
static bool leads_on(const struct text *file, size_t end)
{
    size_t rest = file->length - end;
    return rest == 0 || (rest >= sizeof mark && memcmp(file->bytes + end, mark, sizeof mark) == 0);
}

/* The next record from *at on, which is moved to where the one behind it may be; NULL: none. What a crash left half written
 * is passed over: its length leads into another record. */
static const char *next_record(const struct text *file, size_t *at, struct record *ret_record)
{
    while (file->length - *at > sizeof *ret_record) {
        const char *found = memmem(file->bytes + *at, file->length - *at, mark, sizeof mark);
        size_t start = found ? (size_t)(found - file->bytes) : 0, rest = found ? file->length - start : 0;
        if (rest < sizeof *ret_record)
            return NULL;
        memcpy(ret_record, found, sizeof *ret_record);
        *at = start + sizeof mark;
        if (ret_record->receipt[RECEIPT_LENGTH] != '\0' || ret_record->length > rest - sizeof *ret_record)
            continue;
        size_t end = start + sizeof *ret_record + ret_record->length;
        if (leads_on(file, end))
            *at = end;
        return found + sizeof *ret_record;
    }
    return NULL;
}

/* Among the records that begin from `at` on and before `end`. */
static bool open_among(struct headers *headers, size_t at, size_t end, const char *receipt, int *ret_fd)
{
    struct record record;
    for (const char *bytes; at < end && (bytes = next_record(&headers->file, &at, &record));) {
        if (strcmp(record.receipt, receipt) != 0 || kept_open(bytes, record.length, ret_fd) != 0)
            continue;
        headers->found = at;
        return true;
    }
    return false;
}

/* They are asked for about as they came: the search begins behind the last one. */
bool headers_open(struct headers *headers, const char *study, const char *receipt, int *ret_fd)
{
    if (headers->dir < 0 || !study)
        return false;
    load(headers, study);
    size_t from = headers->found;
    return open_among(headers, from, headers->file.length, receipt, ret_fd) ||
           open_among(headers, 0, from, receipt, ret_fd);
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
    if (fd >= 0 && !folder)
        (void)close(fd);
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
