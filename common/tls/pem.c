#include "common/tls/pem.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 20 };

static void release_bio(BIO **bio)
{
    BIO_free_all(*bio);
    *bio = NULL;
}

void pem_release_certificates(STACK_OF(X509) * *list)
{
    sk_X509_pop_free(*list, X509_free);
    *list = NULL;
}

void pem_release_revocations(STACK_OF(X509_CRL) * *list)
{
    sk_X509_CRL_pop_free(*list, X509_CRL_free);
    *list = NULL;
}

void pem_release_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

static int say_errno(const char *path, struct text *reason)
{
    int code = err_from_errno(errno);
    text_format(reason, "%s cannot be read: %s", path, strerror(errno));
    return code;
}

/* A file that is no regular one, such as a pipe, must not hold up who reads it. */
static int read_file(const char *path, char *bytes, size_t *ret_length, struct text *reason)
{
    AUTO(fd_close) int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t length = 0;
    if (file < 0)
        return say_errno(path, reason);
    for (ssize_t got; length < FILE_MOST; length += (size_t)got) {
        got = read(file, bytes + length, FILE_MOST - length);
        if (got < 0)
            return say_errno(path, reason);
        if (got == 0)
            break;
    }
    *ret_length = length;
    if (length < FILE_MOST)
        return 0;
    text_format(reason, "%s is longer than 1 MiB", path);
    return ERR_SYNTAX;
}

/* Calls take with its content; a copy of that is left nowhere. */
static int with_file(const char *path,
                     int (*take)(const char *path, BIO *content, void *ret, struct text *reason), void *ret,
                     struct text *reason)
{
    size_t length = 0;
    char *bytes = memory_new(FILE_MOST, 1);
    int code = read_file(path, bytes, &length, reason);
    AUTO(release_bio) BIO *content = code == 0 ? BIO_new_mem_buf(bytes, (int)length) : NULL;
    if (content)
        code = take(path, content, ret, reason);
    ERR_clear_error();
    explicit_bzero(bytes, length);
    memory_free(&bytes);
    return code;
}

static int take_certificates(const char *path, BIO *content, void *ret, struct text *reason)
{
    AUTO(pem_release_certificates) STACK_OF(X509) *list = sk_X509_new_null();
    for (X509 *next; (next = PEM_read_bio_X509(content, NULL, NULL, NULL));)
        (void)sk_X509_push(list, next);
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || sk_X509_num(list) == 0) {
        text_format(reason,
                    sk_X509_num(list) == 0 ? "%s holds no certificate in PEM form"
                                           : "%s holds a certificate that cannot be read",
                    path);
        return ERR_SYNTAX;
    }
    *(STACK_OF(X509) **)ret = list;
    list = NULL;
    return 0;
}

static int take_revocations(const char *path, BIO *content, void *ret, struct text *reason)
{
    AUTO(pem_release_revocations) STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();
    for (X509_CRL *next; (next = PEM_read_bio_X509_CRL(content, NULL, NULL, NULL));)
        (void)sk_X509_CRL_push(list, next);
    if (sk_X509_CRL_num(list) == 0) {
        text_format(reason, "%s holds no revocation list in PEM form", path);
        return ERR_SYNTAX;
    }
    *(STACK_OF(X509_CRL) **)ret = list;
    list = NULL;
    return 0;
}

static int no_passphrase(char *buffer, int size, int writes, void *context)
{
    (void)buffer, (void)size, (void)writes;
    *(bool *)context = true;
    return -1;
}

static int take_key(const char *path, BIO *content, void *ret, struct text *reason)
{
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(content, NULL, no_passphrase, &asked);
    if (!key) {
        text_format(reason,
                    asked ? "%s needs a passphrase, which nobody can give here; write it without one "
                            "(openssl pkey), readable for the service alone"
                          : "%s holds no private key in PEM form",
                    path);
        return ERR_SYNTAX;
    }
    *(EVP_PKEY **)ret = key;
    return 0;
}

int pem_certificates(const char *path, STACK_OF(X509) * *ret_list, struct text *reason)
{
    return with_file(path, take_certificates, ret_list, reason);
}

int pem_revocations(const char *path, STACK_OF(X509_CRL) * *ret_list, struct text *reason)
{
    return with_file(path, take_revocations, ret_list, reason);
}

int pem_key(const char *path, EVP_PKEY **ret_key, struct text *reason)
{
    return with_file(path, take_key, ret_key, reason);
}

int pem_key_of_text(const char *name, const char *text, EVP_PKEY **ret_key, struct text *reason)
{
    AUTO(release_bio) BIO *content = BIO_new_mem_buf(text, -1);
    int code = content ? take_key(name, content, ret_key, reason) : ERR_NOMEM;
    ERR_clear_error();
    return code;
}
