#include "common/wire/proof.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/random.h"
#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appends the name of the file; false: such an endpoint has none. */
static bool append_path(const char *endpoint, struct text *path)
{
    static const char scheme[] = "ipc://";
    if (!string_starts_with(endpoint, scheme))
        return false;
    text_format(path, "%s.secret", endpoint + strlen(scheme));
    return true;
}

static int write_proof(const char *path, mode_t mode, const char *proof)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, mode) != 0)
        return err_from_errno(errno);
    ssize_t written = write(fd, proof, strlen(proof));
    return written == (ssize_t)strlen(proof) ? 0 : written < 0 ? err_from_errno(errno) : ERR_IO;
}

int proof_make(const char *endpoint, bool group, char ret_proof[PROOF_SIZE])
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text fresh = TEXT_EMPTY;
    *ret_proof = '\0';
    if (!append_path(endpoint, &path))
        return 0;
    text_format(&fresh, "%s.new", text_string(&path));
    int code = random_hex(ret_proof, PROOF_SIZE - 1);
    if (code != 0)
        return code;
    (void)unlink(text_string(&fresh));
    code = write_proof(text_string(&fresh), group ? 0640 : 0600, ret_proof);
    if (code == 0 && rename(text_string(&fresh), text_string(&path)) != 0)
        code = err_from_errno(errno);
    if (code != 0)
        (void)unlink(text_string(&fresh));
    return code;
}

/* -1: it cannot be read. */
static int open_proof(const char *endpoint)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (!append_path(endpoint, &path))
        return -1;
    return open(text_string(&path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static size_t read_proof(int fd, char ret_proof[PROOF_SIZE])
{
    ssize_t length = fd < 0 ? -1 : read(fd, ret_proof, PROOF_SIZE - 1);
    ret_proof[length > 0 ? length : 0] = '\0';
    return strlen(ret_proof);
}

int proof_keep(const char *endpoint, char ret_proof[PROOF_SIZE])
{
    AUTO(fd_close) int fd = open_proof(endpoint);
    struct stat state;
    bool own = fd >= 0 && fstat(fd, &state) == 0 && S_ISREG(state.st_mode) && state.st_uid == geteuid() &&
               (state.st_mode & (S_IWGRP | S_IRWXO)) == 0;
    if (own && read_proof(fd, ret_proof) == PROOF_SIZE - 1 &&
        strspn(ret_proof, "0123456789abcdef") == PROOF_SIZE - 1)
        return 0;
    *ret_proof = '\0';
    return ERR_ABSENT;
}

void proof_read(const char *endpoint, char ret_proof[PROOF_SIZE])
{
    AUTO(fd_close) int fd = open_proof(endpoint);
    (void)read_proof(fd, ret_proof);
}

bool proof_holds(const char *proof, const char *shown)
{
    unsigned differ = strlen(shown) != strlen(proof) || !*proof;
    for (size_t i = 0, there = strlen(shown); i < strlen(proof); i++)
        differ |= (unsigned)(unsigned char)proof[i] ^ (unsigned)(unsigned char)(i < there ? shown[i] : 0);
    return differ == 0;
}
