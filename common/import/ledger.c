#include "common/import/ledger.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line: receipt, digest, bytes with zeros in front, blanks between them. */
enum { DIGEST_AT = RECEIPT_LENGTH + 1, BYTES_AT = DIGEST_AT + 2 * SHA256_SIZE + 1, DIGITS = 19 };
enum { LINE = BYTES_AT + DIGITS + 1 };

enum { FLUSH_EVERY = 64 }; /* entries that a power failure may take */

/* Lengths are remembered by a bit each, which others may share. */
enum { LENGTH_BITS = 1 << 20 };

struct entry {
    char receipt[RECEIPT_SIZE];
    uint8_t digest[SHA256_SIZE];
    int64_t bytes;
    size_t next; /* of the same slot, counted from 1; 0: the last one */
};

struct ledger {
    int folder, fd;
    char *name;
    unsigned unflushed;
    struct entry *entries;
    size_t count, capacity;
    size_t *slots; /* the newest entry of each, counted from 1 */
    size_t slot_count;
    uint8_t lengths[LENGTH_BITS / 8];
};

static size_t slot_of(const struct ledger *ledger, const uint8_t *digest)
{
    uint64_t head;
    memcpy(&head, digest, sizeof head);
    return (size_t)(head % ledger->slot_count);
}

static void hang_in(struct ledger *ledger, size_t index)
{
    struct entry *entry = &ledger->entries[index];
    size_t *slot = &ledger->slots[slot_of(ledger, entry->digest)];
    entry->next = *slot;
    *slot = index + 1;
}

static void widen(struct ledger *ledger)
{
    free(ledger->slots);
    ledger->slot_count = ledger->slot_count ? 2 * ledger->slot_count : 1024;
    ledger->slots = memory_new(ledger->slot_count, sizeof *ledger->slots);
    for (size_t i = 0; i < ledger->count; i++)
        hang_in(ledger, i);
}

static size_t length_bit(int64_t bytes)
{
    return (size_t)((uint64_t)bytes % LENGTH_BITS);
}

static void keep(struct ledger *ledger, const struct entry *entry)
{
    ledger->entries =
        memory_grow(ledger->entries, &ledger->capacity, ledger->count + 1, sizeof *ledger->entries);
    ledger->entries[ledger->count++] = *entry;
    if (ledger->count > ledger->slot_count)
        widen(ledger);
    else
        hang_in(ledger, ledger->count - 1);
    size_t bit = length_bit(entry->bytes);
    ledger->lengths[bit / 8] = (uint8_t)(ledger->lengths[bit / 8] | 1u << bit % 8);
}

/* ---- lines ---- */

static bool parse_digest(const char *hex, uint8_t *ret_digest)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        const char *high = memchr(digits, hex[2 * i], 16), *low = memchr(digits, hex[2 * i + 1], 16);
        if (!high || !low)
            return false;
        ret_digest[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

static bool parse_line(const char *line, struct entry *ret_entry)
{
    char digits[DIGITS + 1];
    *ret_entry = (struct entry){.bytes = 0};
    memcpy(ret_entry->receipt, line, RECEIPT_LENGTH);
    memcpy(digits, line + BYTES_AT, DIGITS);
    digits[DIGITS] = '\0';
    if (!receipt_is_valid(ret_entry->receipt) || !parse_digest(line + DIGEST_AT, ret_entry->digest) ||
        strspn(digits, "0123456789") != DIGITS)
        return false;
    ret_entry->bytes = strtoll(digits, NULL, 10);
    return line[LINE - 1] == '\n';
}

static void append_line(const struct entry *entry, struct text *line)
{
    text_format(line, "%s ", entry->receipt);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        text_format(line, "%02x", entry->digest[i]);
    text_format(line, " %0*" PRId64 "\n", DIGITS, entry->bytes);
}

/* From *at on, which is moved behind what was read. ERR_SYNTAX: at a line that is none. */
static int read_portion(struct ledger *ledger, off_t *at)
{
    char lines[512 * LINE];
    struct entry entry;
    ssize_t n = pread(ledger->fd, lines, sizeof lines, *at);
    if (n < LINE)
        return n < 0 ? err_from_errno(errno) : ERR_IO;
    for (ssize_t line = 0; line + LINE <= n; line += LINE, *at += LINE) {
        if (!parse_line(lines + line, &entry))
            return ERR_SYNTAX;
        keep(ledger, &entry);
    }
    return 0;
}

/* What a failure of power may leave of bytes that were not flushed: less than a line, and nothing but zeros from there on. */
static bool ends_in_zeros(int fd, off_t at)
{
    char bytes[4096];
    size_t before = 0; /* the zeros */
    bool is_zero = false;
    ssize_t n;
    for (; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n) {
        for (ssize_t i = 0; i < n; i++) {
            if (is_zero && bytes[i] != '\0')
                return false;
            is_zero = bytes[i] == '\0';
            before += !is_zero;
        }
    }
    return n == 0 && is_zero && before < LINE;
}

/* A last line that is not whole is one of a process that died: it is written over, and so are zeros at the end. */
static int read_lines(struct ledger *ledger)
{
    struct stat status;
    off_t at = 0;
    int code = fstat(ledger->fd, &status) == 0 ? 0 : err_from_errno(errno);
    while (code == 0 && at + LINE <= status.st_size)
        code = read_portion(ledger, &at);
    if (code == ERR_SYNTAX)
        code = ends_in_zeros(ledger->fd, at) ? 0 : ERR_DAMAGED;
    if (code == 0 && (ftruncate(ledger->fd, at) != 0 || lseek(ledger->fd, at, SEEK_SET) != at))
        code = err_from_errno(errno);
    return code;
}

/* ---- the file ---- */

/* A ledger that was shortened meanwhile has its name no more. */
static bool has_its_name(const struct ledger *ledger)
{
    struct stat own, named;
    return fstat(ledger->fd, &own) == 0 &&
           fstatat(ledger->folder, ledger->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

static int open_in(struct ledger *ledger, const char *state_dir)
{
    AUTO(fd_close) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        return err_from_errno(errno);
    int rc = durable_folder(state, "imports", &ledger->folder);
    if (rc < 0)
        return rc;
    ledger->fd = openat(ledger->folder, ledger->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (ledger->fd < 0)
        return err_from_errno(errno);
    if (flock(ledger->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? ERR_LOCKED : err_from_errno(errno);
    return has_its_name(ledger) ? durable_sync(ledger->folder) : ERR_LOCKED;
}

int ledger_open(const char *state_dir, const char *source, struct ledger **ret_ledger,
                struct text *ret_reason)
{
    AUTO(ledger_close) struct ledger *ledger = memory_new(1, sizeof *ledger);
    AUTO(text_release) struct text name = TEXT_EMPTY;
    text_format(&name, "%s.list", source);
    ledger->fd = ledger->folder = -1;
    ledger->name = memory_string(text_string(&name));
    widen(ledger);
    int rc = open_in(ledger, state_dir);
    if (rc == 0)
        rc = read_lines(ledger);
    if (rc == 0) {
        *ret_ledger = ledger;
        ledger = NULL;
    } else if (rc == ERR_LOCKED) {
        text_format(ret_reason, "another import of source %s is running, or a tray of that name", source);
    } else if (rc == ERR_DAMAGED) {
        text_format(ret_reason,
                    "%s/imports/%s is damaged: move it away, and what it listed may be sent a second time",
                    state_dir, text_string(&name));
    } else {
        text_format(ret_reason, "%s/imports/%s: %s", state_dir, text_string(&name), err_text(rc));
    }
    return rc;
}

void ledger_close(struct ledger **ledger)
{
    if (!*ledger)
        return;
    if ((*ledger)->unflushed > 0)
        (void)durable_sync((*ledger)->fd);
    fd_close(&(*ledger)->fd);
    fd_close(&(*ledger)->folder);
    free((*ledger)->name);
    free((*ledger)->entries);
    free((*ledger)->slots);
    free(*ledger);
    *ledger = NULL;
}

bool ledger_has_length(const struct ledger *ledger, int64_t bytes)
{
    size_t bit = length_bit(bytes);
    return (ledger->lengths[bit / 8] >> bit % 8 & 1) != 0;
}

bool ledger_find(const struct ledger *ledger, const uint8_t digest[SHA256_SIZE], int64_t bytes,
                 bool (*each)(void *context, const char *receipt), void *context)
{
    for (size_t next = ledger->slots[slot_of(ledger, digest)]; next; next = ledger->entries[next - 1].next) {
        const struct entry *entry = &ledger->entries[next - 1];
        if (entry->bytes == bytes && memcmp(entry->digest, digest, SHA256_SIZE) == 0 &&
            each(context, entry->receipt))
            return true;
    }
    return false;
}

int ledger_add(struct ledger *ledger, const char *receipt, const uint8_t digest[SHA256_SIZE], int64_t bytes)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct entry entry = {.bytes = bytes};
    memcpy(entry.receipt, receipt, RECEIPT_SIZE);
    memcpy(entry.digest, digest, SHA256_SIZE);
    append_line(&entry, &line);
    off_t at = lseek(ledger->fd, 0, SEEK_CUR);
    if (write(ledger->fd, line.bytes, line.length) != (ssize_t)line.length) {
        int rc = errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
        (void)!ftruncate(ledger->fd, at);
        (void)lseek(ledger->fd, at, SEEK_SET);
        return rc;
    }
    keep(ledger, &entry);
    if (++ledger->unflushed < FLUSH_EVERY)
        return 0;
    ledger->unflushed = 0;
    return durable_sync(ledger->fd);
}

/* ---- shorter ---- */

static int write_newest(const struct ledger *ledger, size_t most, int fd)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    for (size_t i = ledger->count - most; i < ledger->count; i++)
        append_line(&ledger->entries[i], &lines);
    for (size_t at = 0; at < lines.length;) {
        ssize_t n = write(fd, lines.bytes + at, lines.length - at);
        if (n < 0 && errno != EINTR)
            return err_from_errno(errno);
        at += n > 0 ? (size_t)n : 0;
    }
    return durable_sync(fd);
}

static void forget_oldest(struct ledger *ledger, size_t most)
{
    memmove(ledger->entries, ledger->entries + (ledger->count - most), most * sizeof *ledger->entries);
    ledger->count = most;
    memset(ledger->lengths, 0, sizeof ledger->lengths);
    ledger->slot_count /= 2;
    widen(ledger);
    for (size_t i = 0; i < most; i++) {
        size_t bit = length_bit(ledger->entries[i].bytes);
        ledger->lengths[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

int ledger_shorten(struct ledger *ledger, size_t most)
{
    AUTO(text_release) struct text fresh = TEXT_EMPTY;
    if (ledger->count <= 2 * most)
        return 0;
    text_format(&fresh, "%s.new", ledger->name);
    AUTO(fd_close)
    int fd = openat(ledger->folder, text_string(&fresh), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    0640);
    if (fd < 0)
        return err_from_errno(errno);
    int rc = flock(fd, LOCK_EX | LOCK_NB) == 0 ? write_newest(ledger, most, fd) : ERR_LOCKED;
    if (rc == 0 && renameat(ledger->folder, text_string(&fresh), ledger->folder, ledger->name) != 0)
        rc = err_from_errno(errno);
    if (rc < 0)
        return rc;
    fd_close(&ledger->fd);
    ledger->fd = fd;
    fd = -1;
    ledger->unflushed = 0;
    forget_oldest(ledger, most);
    return durable_sync(ledger->folder);
}
