#include "router/headers.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/dicom/kept.h"
#include "common/spool/kept_file.h"
#include "router/shared.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS = 256, SWEEP_MS = 2 * 1000 };

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
    kept_file_append_path(study, &path);
    AUTO(fd_close) int fd = open_to_append(headers, text_string(&path));
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_from_errno(errno);
    if (status.st_size + (off_t)record->length > KEPT_FILE_MAX)
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
    if (headers->dir < 0)
        return;
    kept_file_append_record(receipt, bytes, length, &text);
    if (strcmp(text_string(&headers->study), study) == 0)
        text_clear(&headers->study); /* it is read again */
    int code = append_record(headers, study, &text, now);
    if (code != 0 && !headers->told)
        log_warning(
            "cannot keep a header: what its conditions ask cannot be asked again once its file is gone",
            LOG_S("receipt", receipt), LOG_S("error", err_text(code)));
    headers->told = code != 0;
}

/* The file of a study is read once for all its instances that are asked for in a row. */
static void load(struct headers *headers, const char *study)
{
    if (strcmp(text_string(&headers->study), study) == 0)
        return;
    text_clear(&headers->file);
    text_clear(&headers->study);
    headers->found = 0;
    text_append(&headers->study, study);
    (void)kept_file_read(headers->dir, study, &headers->file);
}

/* Among the records that begin from `at` on and before `end`. */
static bool open_among(struct headers *headers, size_t at, size_t end, const char *receipt, int *ret_fd)
{
    struct kept_record record;
    while (at < end && kept_file_next(&headers->file, &at, &record)) {
        if (strcmp(record.receipt, receipt) != 0 || kept_open(record.bytes, record.length, ret_fd) != 0)
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

/* Of the study's file, which would have to be read. */
static int64_t bytes_to_read(const struct headers *headers, const char *study)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct stat status;
    if (strcmp(text_string(&headers->study), study) == 0)
        return 0;
    kept_file_append_path(study, &path);
    return fstatat(headers->dir, text_string(&path), &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_size : 0;
}

enum headers_found headers_open_within(struct headers *headers, const char *study, const char *receipt,
                                       int64_t *allowance, int *ret_fd)
{
    int64_t bytes = headers->dir >= 0 ? bytes_to_read(headers, study) : 0;
    if (bytes > HEADERS_A_TURN)
        return HEADERS_NONE;
    if (bytes > *allowance)
        return HEADERS_LATER;
    *allowance -= bytes;
    return headers_open(headers, study, receipt, ret_fd) ? HEADERS_FOUND : HEADERS_NONE;
}

/* ---- the end ---- */

/* Writes over the records of the receipt. Whether other ones are left. */
static bool blank_records(int fd, const struct text *file, const char *receipt, int *ret_code)
{
    struct kept_record record;
    bool others = false;
    for (size_t at = 0; kept_file_next(file, &at, &record);) {
        AUTO(text_release) struct text blank = TEXT_EMPTY;
        others |= *record.receipt && strcmp(record.receipt, receipt) != 0;
        if (strcmp(record.receipt, receipt) != 0)
            continue;
        kept_file_append_blank(&record, &blank);
        if (pwrite(fd, blank.bytes, blank.length, (off_t)record.start) != (ssize_t)blank.length)
            *ret_code = err_from_errno(errno);
    }
    return others;
}

static int forget(const struct headers *headers, const char *path, const struct text *file,
                  const char *receipt)
{
    struct stat status;
    int code = 0;
    AUTO(fd_close) int fd = openat(headers->dir, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) != 0)
        return errno == ENOENT ? 0 : err_from_errno(errno);
    bool others = blank_records(fd, file, receipt, &code);
    (void)futimens(fd, (const struct timespec[]){status.st_mtim, status.st_mtim});
    if (fdatasync(fd) != 0 && code == 0)
        code = err_from_errno(errno);
    if (!others && code == 0)
        code = unlinkat(headers->dir, path, 0) == 0 ? 0 : err_from_errno(errno);
    return code;
}

void headers_forget(struct headers *headers, const char *study, const char *receipt)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    if (headers->dir < 0 || !*study)
        return;
    kept_file_append_path(study, &path);
    int code = kept_file_read(headers->dir, study, &file);
    if (code == 0 && file.length > 0)
        code = forget(headers, text_string(&path), &file, receipt);
    if (code != 0)
        log_error("cannot remove a kept header", LOG_S("receipt", receipt), LOG_S("error", err_text(code)));
    text_clear(&headers->study); /* it is read again */
}

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
