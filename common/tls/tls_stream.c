#include "common/tls/tls_stream.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/tls/names.h"
#include "common/tls/tls_server_parts.h"
#include "common/tls/tls_words.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

struct tls_stream {
    int socket;
    BIO_METHOD *method;
    SSL *ssl;
    short wants;
    bool closed, broken; /* the socket is at its end; TLS is, in a way that leaves nothing to say */
    unsigned long error;
    long verdict;
};

/* ---- the socket below, by calls that never wait and never raise a signal ---- */

static int settle_bio(BIO *bio, ssize_t n)
{
    struct tls_stream *stream = BIO_get_data(bio);
    bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
    stream->closed = stream->closed || (n <= 0 && !again);
    return again ? -1 : n <= 0 ? 0 : (int)n;
}

static int read_bio(BIO *bio, char *bytes, int size)
{
    const struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    int n = settle_bio(bio, recv(stream->socket, bytes, (size_t)size, MSG_DONTWAIT));
    if (n < 0)
        BIO_set_retry_read(bio);
    return n;
}

static int write_bio(BIO *bio, const char *bytes, int size)
{
    const struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    int n = settle_bio(bio, send(stream->socket, bytes, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (n < 0)
        BIO_set_retry_write(bio);
    return n;
}

static long control_bio(BIO *bio, int command, long number, void *pointer)
{
    (void)number, (void)pointer;
    if (command == BIO_CTRL_EOF)
        return ((const struct tls_stream *)BIO_get_data(bio))->closed;
    return command == BIO_CTRL_FLUSH;
}

static BIO *make_bio(struct tls_stream *stream)
{
    stream->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "felucca");
    if (!stream->method || BIO_meth_set_read(stream->method, read_bio) != 1 ||
        BIO_meth_set_write(stream->method, write_bio) != 1 ||
        BIO_meth_set_ctrl(stream->method, control_bio) != 1)
        return NULL;
    BIO *bio = BIO_new(stream->method);
    if (bio) {
        BIO_set_data(bio, stream);
        BIO_set_init(bio, 1);
    }
    return bio;
}

struct tls_stream *tls_stream_create(const struct tls_server *server, int socket)
{
    AUTO(tls_stream_destroy) struct tls_stream *stream = memory_new(1, sizeof *stream);
    stream->socket = socket;
    stream->wants = POLLIN;
    stream->ssl = SSL_new(server->context);
    BIO *bio = stream->ssl && tls_server_equip(server, stream->ssl) ? make_bio(stream) : NULL;
    if (!bio)
        return NULL;
    SSL_set_bio(stream->ssl, bio, bio);
    SSL_set_accept_state(stream->ssl);
    struct tls_stream *result = stream;
    stream = NULL;
    return result;
}

void tls_stream_destroy(struct tls_stream **stream)
{
    if (!*stream)
        return;
    SSL_free((*stream)->ssl);
    BIO_meth_free((*stream)->method);
    memory_free(stream);
}

/* -1 with errno EAGAIN where the socket is waited for, 0 at an end. */
static ssize_t settle(struct tls_stream *stream, int result)
{
    int error = SSL_get_error(stream->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        stream->wants = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        errno = EAGAIN;
        return -1;
    }
    stream->broken = stream->broken || error != SSL_ERROR_ZERO_RETURN;
    stream->error = ERR_peek_error();
    ERR_clear_error();
    return 0;
}

bool tls_stream_shake(struct tls_stream *stream, enum tls_end *ret_end)
{
    ERR_clear_error();
    int result = SSL_do_handshake(stream->ssl);
    *ret_end = TLS_DONE;
    if (result == 1)
        return true;
    if (settle(stream, result) < 0)
        return false;
    stream->verdict = SSL_get_verify_result(stream->ssl);
    *ret_end = tls_words_end(stream->error, stream->verdict);
    return true;
}

void tls_stream_explain(const struct tls_stream *stream, struct text *out)
{
    tls_words_explain(stream->error, stream->verdict, out);
}

ssize_t tls_stream_read(void *context, void *bytes, size_t size)
{
    struct tls_stream *stream = context;
    size_t done = 0, n = 0;
    while (!stream->broken && done < size) {
        ERR_clear_error();
        if (SSL_read_ex(stream->ssl, (char *)bytes + done, size - done, &n) != 1)
            break;
        done += n;
    }
    if (done > 0)
        return (ssize_t)done; /* what stopped it will be there again */
    return stream->broken ? 0 : settle(stream, 0);
}

ssize_t tls_stream_write(void *context, const void *bytes, size_t size)
{
    struct tls_stream *stream = context;
    size_t n = 0;
    if (stream->broken)
        return 0;
    ERR_clear_error();
    return SSL_write_ex(stream->ssl, bytes, size, &n) == 1 ? (ssize_t)n : settle(stream, 0);
}

/* A part of a record that came with others is nothing yet. */
bool tls_stream_pending(void *context)
{
    struct tls_stream *stream = context;
    char byte;
    size_t n = 0;
    if (stream->broken || !SSL_has_pending(stream->ssl))
        return false;
    ERR_clear_error();
    return SSL_pending(stream->ssl) > 0 || SSL_peek_ex(stream->ssl, &byte, 1, &n) == 1;
}

short tls_stream_wants(void *context)
{
    return ((const struct tls_stream *)context)->wants;
}

void tls_stream_finish(void *context)
{
    struct tls_stream *stream = context;
    if (stream->broken || !SSL_is_init_finished(stream->ssl) ||
        (SSL_get_shutdown(stream->ssl) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    if (SSL_shutdown(stream->ssl) < 0)
        (void)settle(stream, -1);
}

void tls_stream_forget_key(struct tls_stream *stream)
{
    SSL_certs_clear(stream->ssl);
}

bool tls_stream_peer(const struct tls_stream *stream, struct certificate_name *ret_name)
{
    X509 *certificate = SSL_get1_peer_certificate(stream->ssl);
    if (!certificate || SSL_get_verify_result(stream->ssl) != X509_V_OK) {
        X509_free(certificate);
        return false;
    }
    names_of(certificate, ret_name);
    X509_free(certificate);
    return true;
}

void tls_stream_describe(const struct tls_stream *stream, struct text *out)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(stream->ssl);
    const char *name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
    text_format(out, "%s %s", SSL_get_version(stream->ssl), name ? name : "");
}
