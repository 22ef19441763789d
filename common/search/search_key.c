#include "common/search/search_key.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char name[] = "search.key", part[] = "search.key.part";

static int open_folder(const char *state_dir, int *ret_dir)
{
    *ret_dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_dir < 0 ? err_from_errno(errno) : 0;
}

/* The whole file, which is as long as a key. */
static int read_key(int dir, struct search_key *ret_key)
{
    uint8_t bytes[SEARCH_KEY_SIZE + 1];
    AUTO(fd_close) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    if (got < 0)
        return err_from_errno(errno);
    if (got != SEARCH_KEY_SIZE)
        return ERR_SYNTAX;
    for (size_t i = 0; i < SEARCH_KEY_SIZE; i++)
        ret_key->bytes[i] = bytes[i];
    return 0;
}

/* What a crash left of it goes: it might be of another mode. */
static int write_key(int dir, const struct search_key *key)
{
    (void)durable_remove(dir, part);
    AUTO(fd_close) int fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t wrote = write(fd, key->bytes, sizeof key->bytes);
    if (wrote != (ssize_t)sizeof key->bytes)
        return wrote < 0 ? err_from_errno(errno) : ERR_NOSPACE;
    int code = durable_sync(fd);
    if (code == 0)
        code = durable_rename(dir, part, dir, name);
    return code == 0 ? durable_sync(dir) : code;
}

int search_key_read(const char *state_dir, struct search_key *ret_key)
{
    AUTO(fd_close) int dir = -1;
    int code = open_folder(state_dir, &dir);
    return code == 0 ? read_key(dir, ret_key) : code;
}

int search_key_ensure(const char *state_dir, struct search_key *ret_key, bool *ret_made)
{
    AUTO(fd_close) int dir = -1;
    struct search_key key;
    int code = open_folder(state_dir, &dir);
    *ret_made = false;
    if (code == 0)
        code = read_key(dir, ret_key);
    if (code != ERR_ABSENT)
        return code;
    code = random_bytes(key.bytes, sizeof key.bytes);
    if (code == 0)
        code = write_key(dir, &key);
    if (code != 0)
        return code;
    *ret_key = key;
    *ret_made = true;
    return 0;
}
