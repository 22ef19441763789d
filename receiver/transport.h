/* transport - the bytes of one connection, and how long a peer may take for them.
 *
 * Everything that a peer sends passes here before anything else sees it. Below it is a layer: the socket, or what
 * decrypts (TLS), one over the other. A read takes what is there, or waits for the first byte; it ends a peer
 * that says nothing for idle_ms, and, while a message is under way, one that sends less than LEAST_RATE: so
 * nobody holds an association by dripping. Only time that we spend waiting for the peer counts. Reads re-arm
 * TCP_QUICKACK: many senders write a PDU in two pieces with Nagle's algorithm on and wait for our
 * acknowledgement of the first, which Linux would delay by 40 ms; it forgets this setting soon.
 * Single-threaded; one connection each. */
#ifndef FELUCCA_RECEIVER_TRANSPORT_H
#define FELUCCA_RECEIVER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes a second, over a whole idle_ms of waiting within a message. */
enum { TRANSPORT_LEAST_RATE = 1024 };

/* What a read or write gives in place of a number of bytes. */
enum transport_end {
    TRANSPORT_CLOSED = 0, /* the peer closed its side, or the connection broke */
    TRANSPORT_SILENT = -1,
    TRANSPORT_SLOW = -2
};

/* How bytes come and go. Neither call waits: -1 with errno EAGAIN says that poll() will tell. */
struct transport_layer {
    void *context;
    ssize_t (*read)(void *context, void *bytes, size_t size);
    ssize_t (*write)(void *context, const void *bytes, size_t size);
    /* Whether it holds bytes that poll() does not know of. */
    bool (*pending)(void *context);
    /* What the last call that did not go on waits for, POLLIN or POLLOUT: TLS may have to write before it can read. NULL:
     * what its name says. */
    short (*wants)(void *context);
    /* No more is written: last words of the layer itself, without waiting. NULL: it has none. */
    void (*finish)(void *context);
};

struct transport;

/* The socket is then ours. layer: NULL for the socket as it is. */
struct transport *transport_create(int socket, int64_t idle_ms, const struct transport_layer *layer);
/* Closes the socket. */
void transport_destroy(struct transport **transport);
int transport_socket(const struct transport *transport);

/* What was read from the layer before the transport was made: the next reads give it again. Once. */
void transport_put_back(struct transport *transport, const void *bytes, size_t length);

/* At least one byte, or an end. */
ssize_t transport_read(struct transport *transport, void *bytes, size_t size);
/* All of them: their number, TRANSPORT_CLOSED or TRANSPORT_SILENT. */
ssize_t transport_write(struct transport *transport, const void *bytes, size_t size);
/* Waits until a read would not; false after wait_ms. */
bool transport_wait(struct transport *transport, int64_t wait_ms);
/* Whether a read would not wait, whatever poll() says of the socket. */
bool transport_pending(const struct transport *transport);

/* Whether a message is under way from now on. */
void transport_watch(struct transport *transport, bool under_way);

/* Last words, without waiting for anything: sent whole or not at all. Then the peer has our end of the connection,
 * and up to wait_ms to close its own: bytes of it that are unread when we close would reset the connection,
 * and it would not hear them. */
void transport_say_goodbye(struct transport *transport, const void *bytes, size_t size);
void transport_see_out(struct transport *transport, int64_t wait_ms);

#ifdef __cplusplus
}
#endif

#endif
