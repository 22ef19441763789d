#include "receiver/transport.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Whoever sends more than that after our last words is not about to read them. */
enum { SEEN_OUT_MOST = 16 << 20 };

struct transport {
    int socket;
    int64_t idle_ms;
    struct transport_layer layer;
    bool under_way;
    int64_t waited_ms; /* for the peer, since the window of its rate began */
    int64_t came;      /* bytes since then */
    struct text again; /* what was put back */
    size_t given;      /* of it */
};

/* ---- the layer of a plain socket ---- */

static int socket_of(const void *context)
{
    return ((const struct transport *)context)->socket;
}

static ssize_t read_socket(void *context, void *bytes, size_t size)
{
    return recv(socket_of(context), bytes, size, MSG_DONTWAIT);
}

static ssize_t write_socket(void *context, const void *bytes, size_t size)
{
    return send(socket_of(context), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool socket_holds_nothing(void *context)
{
    (void)context;
    return false;
}

/* ---- */

struct transport *transport_create(int socket, int64_t idle_ms, const struct transport_layer *layer)
{
    struct transport *transport = memory_new(1, sizeof *transport);
    transport->socket = socket;
    transport->idle_ms = idle_ms;
    transport->layer =
        layer ? *layer : (struct transport_layer){transport, read_socket, write_socket, socket_holds_nothing,
                                                  NULL,      NULL};
    return transport;
}

void transport_destroy(struct transport **transport)
{
    if (!*transport)
        return;
    fd_close(&(*transport)->socket);
    text_release(&(*transport)->again);
    free(*transport);
    *transport = NULL;
}

int transport_socket(const struct transport *transport)
{
    return transport->socket;
}

void transport_put_back(struct transport *transport, const void *bytes, size_t length)
{
    text_append_bytes(&transport->again, bytes, length);
}

/* What a wait is for. */
static short events_for(const struct transport *transport, short usual)
{
    return transport->layer.wants ? transport->layer.wants(transport->layer.context) : usual;
}

/* 0: nothing is left of what was put back. */
static size_t read_again(struct transport *transport, void *bytes, size_t size)
{
    size_t left = transport->again.length - transport->given, n = left < size ? left : size;
    if (n > 0)
        memcpy(bytes, transport->again.bytes + transport->given, n);
    transport->given += n;
    return n;
}

static bool would_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Waits for an event of the socket; the time that it took is added to *waited_ms. */
static bool wait_socket(const struct transport *transport, short events, int64_t wait_ms, int64_t *waited_ms)
{
    struct pollfd polled = {.fd = transport->socket, .events = events};
    int64_t began_ms = clock_monotonic_ms(), left = wait_ms;
    bool ready = false;
    for (; !ready && left >= 0; left = began_ms + wait_ms - clock_monotonic_ms())
        if (poll(&polled, 1, left > INT_MAX ? INT_MAX : (int)left) > 0)
            ready = true;
        else if (left == 0)
            break;
    *waited_ms += clock_monotonic_ms() - began_ms;
    return ready;
}

static void acknowledge_quickly(const struct transport *transport)
{
    int on = 1;
    (void)setsockopt(transport->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* After a whole window of waiting the peer must have sent enough in it. */
static bool is_too_slow(struct transport *transport)
{
    if (!transport->under_way || transport->waited_ms < transport->idle_ms)
        return false;
    bool slow = transport->came < transport->waited_ms * TRANSPORT_LEAST_RATE / 1000;
    transport->waited_ms = transport->came = 0;
    return slow;
}

ssize_t transport_read(struct transport *transport, void *bytes, size_t size)
{
    int64_t silent_ms = 0;
    size_t again = read_again(transport, bytes, size);
    if (again > 0)
        return (ssize_t)again;
    for (;;) {
        ssize_t n = transport->layer.read(transport->layer.context, bytes, size);
        if (n > 0) {
            transport->came += n;
            acknowledge_quickly(transport);
            return n;
        }
        if (n == 0 || !would_wait())
            return TRANSPORT_CLOSED;
        if (silent_ms >= transport->idle_ms)
            return TRANSPORT_SILENT;
        if (is_too_slow(transport))
            return TRANSPORT_SLOW;
        int64_t before_ms = transport->waited_ms;
        (void)wait_socket(transport, events_for(transport, POLLIN), transport->idle_ms - silent_ms,
                          &transport->waited_ms);
        silent_ms += transport->waited_ms - before_ms;
    }
}

ssize_t transport_write(struct transport *transport, const void *bytes, size_t size)
{
    int64_t waited_ms = 0;
    for (size_t done = 0; done < size;) {
        ssize_t n = transport->layer.write(transport->layer.context, (const char *)bytes + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || !would_wait())
            return TRANSPORT_CLOSED;
        else if (!wait_socket(transport, events_for(transport, POLLOUT), transport->idle_ms - waited_ms,
                              &waited_ms))
            return TRANSPORT_SILENT;
    }
    return (ssize_t)size;
}

bool transport_wait(struct transport *transport, int64_t wait_ms)
{
    int64_t waited_ms = 0;
    return transport_pending(transport) || wait_socket(transport, POLLIN, wait_ms, &waited_ms);
}

bool transport_pending(const struct transport *transport)
{
    return transport->given < transport->again.length || transport->layer.pending(transport->layer.context);
}

static void finish(const struct transport *transport)
{
    if (transport->layer.finish)
        transport->layer.finish(transport->layer.context);
}

void transport_watch(struct transport *transport, bool under_way)
{
    if (under_way && !transport->under_way)
        transport->waited_ms = transport->came = 0;
    transport->under_way = under_way;
    acknowledge_quickly(transport);
}

void transport_say_goodbye(struct transport *transport, const void *bytes, size_t size)
{
    if (transport->layer.write(transport->layer.context, bytes, size) <= 0)
        return;
    finish(transport);
    (void)shutdown(transport->socket, SHUT_WR);
}

void transport_see_out(struct transport *transport, int64_t wait_ms)
{
    char bytes[16384];
    int64_t waited_ms = 0, came = 0;
    finish(transport);
    while (came < SEEN_OUT_MOST && waited_ms <= wait_ms &&
           wait_socket(transport, POLLIN, wait_ms - waited_ms, &waited_ms)) {
        ssize_t n = recv(transport->socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n <= 0)
            return;
        came += n;
    }
}
