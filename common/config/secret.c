#include "common/config/secret.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 64 * 1024 };

/* A template is a row of pieces. */
enum kind { LITERAL, VARIABLE, FILE_CONTENT };

struct piece {
    enum kind kind;
    const char *text; /* the literal, the variable's name or the path; borrowed from the template */
    size_t length;
};

static bool is_name(const char *text, size_t length)
{
    if (length == 0 || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

/* Takes the reference that begins at *cursor with "${". Its content is never shown: it may be a secret
 * that was pasted wrongly. */
static int take_reference(const char **cursor, struct piece *ret_piece, struct text *reason)
{
    const char *start = *cursor + strlen("${");
    const char *end = strchr(start, '}');
    if (!end) {
        text_append(reason, "\"${\" is not closed by \"}\" (write \"$${\" for these characters themselves)");
        return ERR_SYNTAX;
    }
    *cursor = end + 1;
    if (string_starts_with(start, "env:") && is_name(start + 4, (size_t)(end - start) - 4)) {
        *ret_piece = (struct piece){VARIABLE, start + 4, (size_t)(end - start) - 4};
        return 1;
    }
    if (string_starts_with(start, "file:") && end > start + 5) {
        *ret_piece = (struct piece){FILE_CONTENT, start + 5, (size_t)(end - start) - 5};
        return 1;
    }
    text_append(reason, "\"${\" must begin ${env:NAME} or ${file:PATH} (write \"$${\" for these characters "
                        "themselves)");
    return ERR_SYNTAX;
}

/* The next piece of a template: 1, 0 at its end, or ERR_SYNTAX. */
static int next_piece(const char **cursor, struct piece *ret_piece, struct text *reason)
{
    const char *start = *cursor;
    if (!*start)
        return 0;
    if (string_starts_with(start, "$${")) {
        *ret_piece = (struct piece){LITERAL, start + 1, 2};
        *cursor = start + 3;
        return 1;
    }
    if (string_starts_with(start, "${"))
        return take_reference(cursor, ret_piece, reason);
    const char *end = start + 1;
    while (*end && !string_starts_with(end, "${") && !string_starts_with(end, "$${"))
        end++;
    *ret_piece = (struct piece){LITERAL, start, (size_t)(end - start)};
    *cursor = end;
    return 1;
}

/* Appends without leaving a copy behind in memory that was given back. */
static void append_secret(struct text *out, const char *bytes, size_t length)
{
    if (out->length + length + 1 > out->capacity) {
        struct text grown = TEXT_EMPTY;
        grown.bytes = memory_grow(NULL, &grown.capacity, 2 * out->length + length + 1, 1);
        text_append_bytes(&grown, text_string(out), out->length);
        secret_wipe(out);
        *out = grown;
    }
    text_append_bytes(out, bytes, length);
}

static int resolve_variable(const struct piece *piece, struct text *out, struct text *reason)
{
    AUTO(memory_free) char *name = memory_string_n(piece->text, piece->length);
    const char *value = getenv(name);
    if (!value || !*value) {
        text_format(reason, "the environment variable %s is %s", name, value ? "empty" : "not set");
        return ERR_ABSENT;
    }
    append_secret(out, value, strlen(value));
    return 0;
}

static int open_file(const char *path, int *ret_fd, struct text *reason)
{
    struct stat status;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int code = errno == ENOENT || errno == ENOTDIR ? ERR_ABSENT : ERR_DENIED;
        text_format(reason, "the file %s cannot be read: %s", path, strerror(errno));
        return code;
    }
    if (!S_ISREG(status.st_mode)) {
        text_format(reason, "%s is not a file", path);
        return ERR_DENIED;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

/* Reads at most FILE_MOST + 1 bytes. */
static ssize_t read_whole(int fd, char *buffer)
{
    ssize_t length = 0;
    while (length <= FILE_MOST) {
        ssize_t got = read(fd, buffer + length, (size_t)(FILE_MOST + 1 - length));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += got;
    }
    return length;
}

/* The last line's end is no part of a secret, whichever editor wrote it. */
static size_t without_newline(const char *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    return length;
}

static int take_content(const char *path, ssize_t length, const char *buffer, struct text *out,
                        struct text *reason)
{
    if (length < 0) {
        text_format(reason, "the file %s cannot be read: %s", path, strerror(errno));
        return ERR_DENIED;
    }
    if (length > FILE_MOST || memchr(buffer, '\0', (size_t)length)) {
        text_format(reason, "the file %s %s", path,
                    length > FILE_MOST ? "is larger than 64 KiB"
                                       : "is not a text file (it holds a NUL byte)");
        return ERR_SYNTAX;
    }
    size_t kept = without_newline(buffer, (size_t)length);
    if (kept == 0) {
        text_format(reason, "the file %s is empty", path);
        return ERR_ABSENT;
    }
    append_secret(out, buffer, kept);
    return 0;
}

static int resolve_file(const struct piece *piece, struct text *out, struct text *reason)
{
    AUTO(memory_free) char *path = memory_string_n(piece->text, piece->length);
    AUTO(fd_close) int fd = -1;
    int code = open_file(path, &fd, reason);
    if (code != 0)
        return code;
    char buffer[FILE_MOST + 1];
    ssize_t length = read_whole(fd, buffer);
    code = take_content(path, length, buffer, out, reason);
    explicit_bzero(buffer,
                   length < 0 ? sizeof buffer : (size_t)length); /* no more: a token has a few bytes */
    return code;
}

int secret_check(const char *template, struct text *ret_reason)
{
    struct piece piece;
    int code;
    do
        code = next_piece(&template, &piece, ret_reason);
    while (code > 0);
    return code;
}

bool secret_is_literal(const char *template)
{
    return !strstr(template, "${");
}

int secret_resolve(const char *template, struct text *ret_text, struct text *ret_reason)
{
    AUTO(secret_wipe) struct text resolved = TEXT_EMPTY;
    struct piece piece;
    int more;
    while ((more = next_piece(&template, &piece, ret_reason)) > 0) {
        int code = 0;
        if (piece.kind == VARIABLE)
            code = resolve_variable(&piece, &resolved, ret_reason);
        else if (piece.kind == FILE_CONTENT)
            code = resolve_file(&piece, &resolved, ret_reason);
        else
            append_secret(&resolved, piece.text, piece.length);
        if (code != 0)
            return code;
    }
    if (more == 0)
        append_secret(ret_text, text_string(&resolved), resolved.length);
    return more;
}

bool secret_is_exposed(const char *template, struct text *ret_path)
{
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    struct piece piece;
    while (next_piece(&template, &piece, &ignored) > 0) {
        struct stat status;
        AUTO(memory_free) char *path = memory_string_n(piece.text, piece.length);
        if (piece.kind != FILE_CONTENT || stat(path, &status) != 0 ||
            (status.st_mode & (S_IRWXO | S_IWGRP)) == 0)
            continue;
        text_append(ret_path, path);
        return true;
    }
    return false;
}

int secret_anchor(const char *template, const char *folder, struct text *ret_template)
{
    struct text ignored = TEXT_EMPTY;
    const char *cursor = template, *start = template;
    struct piece piece;
    int more;
    AUTO(secret_wipe) struct text anchored = TEXT_EMPTY;
    while ((more = next_piece(&cursor, &piece, &ignored)) > 0) {
        if (piece.kind == FILE_CONTENT && piece.text[0] != '/') {
            append_secret(&anchored, "${file:", strlen("${file:"));
            append_secret(&anchored, folder, strlen(folder));
            append_secret(&anchored, "/", 1);
            append_secret(&anchored, piece.text, piece.length);
            append_secret(&anchored, "}", 1);
        } else {
            append_secret(&anchored, start, (size_t)(cursor - start));
        }
        start = cursor;
    }
    text_release(&ignored);
    if (more == 0)
        append_secret(ret_template, text_string(&anchored), anchored.length);
    return more;
}

void secret_wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    text_release(text);
}
