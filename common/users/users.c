#include "common/users/users.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/random.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MOST = 1 << 20, SALT_BYTES = 32 };

/* What yescrypt's default costs; nobody's hash. */
#define NOBODY "$y$j9T$nobodynobodynobodynob/$5wzSNMD7zUmUWwmDpPqyAkXrYPPqBXYLwLXTv5xPHB3"

struct users {
    struct users_row *list;
    size_t count, capacity;
};

/* ---- rows ---- */

const char *users_role_name(enum users_role role)
{
    return role == USERS_OPERATOR ? "operator" : "viewer";
}

bool users_role_find(const char *name, enum users_role *ret_role)
{
    for (int role = USERS_VIEWER; role <= USERS_OPERATOR; role++)
        if (strcmp(users_role_name((enum users_role)role), name) == 0) {
            *ret_role = (enum users_role)role;
            return true;
        }
    return false;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool users_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > USERS_NAME_MAX || !is_plain(*name))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_plain(name[i]) && !strchr("._@-", name[i]))
            return false;
    return true;
}

struct users *users_create(void)
{
    return memory_new(1, sizeof(struct users));
}

static void release_row(struct users_row *row)
{
    memory_free(&row->name);
    memory_free(&row->hash);
}

void users_destroy(struct users **users)
{
    if (!*users)
        return;
    for (size_t i = 0; i < (*users)->count; i++)
        release_row(&(*users)->list[i]);
    memory_free(&(*users)->list);
    memory_free(users);
}

size_t users_count(const struct users *users)
{
    return users->count;
}

const struct users_row *users_at(const struct users *users, size_t index)
{
    return index < users->count ? &users->list[index] : NULL;
}

const struct users_row *users_find(const struct users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++)
        if (strcmp(users->list[i].name, name) == 0)
            return &users->list[i];
    return NULL;
}

bool users_remove(struct users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(users->list[i].name, name) != 0)
            continue;
        release_row(&users->list[i]);
        users->count--;
        memmove(&users->list[i], &users->list[i + 1], (users->count - i) * sizeof *users->list);
        return true;
    }
    return false;
}

void users_put(struct users *users, const char *name, enum users_role role, const char *hash)
{
    struct users_row row = {memory_string(name), memory_string(hash), role};
    for (size_t i = 0; i < users->count; i++)
        if (strcmp(users->list[i].name, name) == 0) {
            release_row(&users->list[i]);
            users->list[i] = row;
            return;
        }
    users->list = memory_grow(users->list, &users->capacity, users->count + 1, sizeof *users->list);
    users->list[users->count++] = row;
}

/* ---- reading ---- */

static int say(struct text *reason, const char *path, int code, const char *sentence)
{
    text_format(reason, "%s %s", path, sentence);
    return code;
}

static int say_errno(struct text *reason, const char *path, int error)
{
    text_format(reason, "%s cannot be used: %s", path, err_text(err_from_errno(error)));
    return err_from_errno(error);
}

/* Whether the hash is one that libcrypt can compare with. */
static bool is_hash(const char *hash)
{
    int answer = crypt_checksalt(hash);
    return *hash == '$' && strlen(hash) < CRYPT_OUTPUT_SIZE &&
           (answer == CRYPT_SALT_OK || answer == CRYPT_SALT_METHOD_LEGACY || answer == CRYPT_SALT_TOO_CHEAP);
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct users *users, char *line)
{
    char *role_text = strchr(line, ':'), *hash = role_text ? strchr(role_text + 1, ':') : NULL;
    enum users_role role;
    if (!hash)
        return "is no NAME:ROLE:HASH; felucca console passwd NAME writes one";
    *role_text++ = '\0';
    *hash++ = '\0';
    if (!users_name_is_valid(line))
        return "has no name of at most 64 letters, digits and . _ @ -";
    if (!users_role_find(role_text, &role))
        return "has a role other than viewer and operator";
    if (!is_hash(hash))
        return "has no hash that libcrypt knows; felucca console passwd NAME writes one";
    if (users_find(users, line))
        return "has a name that is there already";
    if (users->count == USERS_MOST)
        return "is one user too many";
    users_put(users, line, role, hash);
    return NULL;
}

static int take_lines(const char *path, struct users *users, char *text, struct text *reason)
{
    unsigned number = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (!*line || *line == '#')
            continue;
        const char *wrong = take_line(users, line);
        if (!wrong)
            continue;
        text_format(reason, "%s:%u %s", path, number, wrong);
        return ERR_SYNTAX;
    }
    return 0;
}

static int read_all(int fd, struct text *out)
{
    char part[4096];
    for (ssize_t got; (got = read(fd, part, sizeof part)) != 0;) {
        if (got < 0)
            return errno;
        text_append_bytes(out, part, (size_t)got);
        if (out->length > FILE_MOST)
            return EFBIG;
    }
    return 0;
}

static void wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    text_release(text);
}

int users_read(const char *path, struct users **ret_users, struct text *reason)
{
    AUTO(users_destroy) struct users *users = users_create();
    AUTO(wipe) struct text content = TEXT_EMPTY;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return say_errno(reason, path, errno);
    if (!S_ISREG(status.st_mode))
        return say(reason, path, ERR_SYNTAX, "is no file");
    if (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
        return say(reason, path, ERR_DENIED,
                   "may be read or changed by others of this machine; chmod 0600 helps");
    int error = read_all(fd, &content);
    if (error == EFBIG)
        return say(reason, path, ERR_RANGE, "is larger than 1 MiB");
    if (error != 0)
        return say_errno(reason, path, error);
    if (content.length > 0 && memchr(content.bytes, '\0', content.length))
        return say(reason, path, ERR_SYNTAX, "is no text");
    int code = content.length > 0 ? take_lines(path, users, content.bytes, reason) : 0;
    if (code != 0)
        return code;
    *ret_users = users;
    users = NULL;
    return 0;
}

/* ---- writing ---- */

static int write_all(int fd, const struct text *content)
{
    for (size_t done = 0; done < content->length;) {
        ssize_t written = write(fd, content->bytes + done, content->length - done);
        if (written < 0)
            return errno;
        done += (size_t)written;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* The owner of the old file, or of what is beside it; who may not give a file away keeps it. */
static int give_away(int fd, int dir, const char *name, const char *like)
{
    struct stat status;
    if (fstatat(dir, name, &status, 0) != 0 && stat(like, &status) != 0)
        return 0;
    return geteuid() != 0 || fchown(fd, status.st_uid, status.st_gid) == 0 ? 0 : errno;
}

static int replace(int dir, const char *name, const char *like, const struct text *content)
{
    AUTO(text_release) struct text new_name = TEXT_EMPTY;
    text_format(&new_name, ".%s.new", name);
    (void)unlinkat(dir, text_string(&new_name), 0);
    AUTO(fd_close)
    int fd = openat(dir, text_string(&new_name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    int error = give_away(fd, dir, name, like);
    if (error == 0)
        error = write_all(fd, content);
    if (error == 0 && renameat(dir, text_string(&new_name), dir, name) != 0)
        error = errno;
    if (error != 0)
        (void)unlinkat(dir, text_string(&new_name), 0);
    return error == 0 && fsync(dir) != 0 ? errno : error;
}

int users_write(const struct users *users, const char *path, const char *like, struct text *reason)
{
    AUTO(wipe) struct text content = TEXT_EMPTY;
    const char *slash = strrchr(path, '/');
    AUTO(memory_free)
    char *folder = !slash          ? memory_string(".")
                   : slash == path ? memory_string("/")
                                   : memory_string_n(path, (size_t)(slash - path));
    AUTO(fd_close) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return say_errno(reason, folder, errno);
    for (size_t i = 0; i < users->count; i++)
        text_format(&content, "%s:%s:%s\n", users->list[i].name, users_role_name(users->list[i].role),
                    users->list[i].hash);
    int error = replace(dir, slash ? slash + 1 : path, like, &content);
    return error == 0 ? 0 : say_errno(reason, path, error);
}

/* ---- passwords ---- */

int users_hash(const char *password, char **ret_hash)
{
    size_t length = strlen(password);
    char random[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    AUTO(memory_free) struct crypt_data *data = memory_new(1, sizeof *data);
    if (length < USERS_PASSWORD_LEAST || length > USERS_PASSWORD_MAX)
        return ERR_RANGE;
    if (random_bytes(random, sizeof random) != 0 ||
        !crypt_gensalt_rn("$y$", 0, random, sizeof random, setting, sizeof setting))
        return ERR_IO;
    const char *hash = crypt_rn(password, setting, data, (int)sizeof *data);
    if (hash)
        *ret_hash = memory_string(hash);
    explicit_bzero(data, sizeof *data);
    return hash ? 0 : ERR_IO;
}

/* Takes as long whatever differs. */
static bool is_same(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    unsigned char difference = a_length != b_length;
    for (size_t i = 0; i < a_length && i < b_length; i++)
        difference |= (unsigned char)((unsigned char)a[i] ^ (unsigned char)b[i]);
    return difference == 0;
}

bool users_verify(const struct users_row *row, const char *password)
{
    AUTO(memory_free) struct crypt_data *data = memory_new(1, sizeof *data);
    const char *wanted = row ? row->hash : NOBODY;
    if (strlen(password) > USERS_PASSWORD_MAX)
        return false;
    const char *hash = crypt_rn(password, wanted, data, (int)sizeof *data);
    bool same = hash && is_same(hash, wanted);
    explicit_bzero(data, sizeof *data);
    return same && row;
}
