#include "receiver/lobby.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "receiver/introduction.h"
#include "receiver/proxy_header.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_SIZE = 6,       /* of every PDU: type, reserved, length; of a TLS record and what is in it */
    ASSOCIATE_RQ = 0x01, /* its type */
    TLS_HEAD = 5,        /* of a record (RFC 8446 section 5.1): type, version, length */
    TLS_HANDSHAKE = 0x16,
    TLS_CLIENT_HELLO = 0x01,
    TLS_RECORD_MOST = 1 << 14,
    ROOM = 4
};

/* In the order in which they entered. */
struct peer {
    int socket;
    struct peer_address address;
    int64_t deadline_ms;
    bool rejected; /* has its answer; stays until it has closed its side */
};

struct lobby {
    struct lobby_host host;
    int64_t patience_ms;
    size_t capacity, count;
    struct peer *peers;
};

struct lobby *lobby_create(size_t peers, int64_t patience_ms, const struct lobby_host *host)
{
    struct lobby *lobby = memory_new(1, sizeof *lobby);
    lobby->host = *host;
    lobby->patience_ms = patience_ms;
    lobby->capacity = peers;
    lobby->peers = memory_new(peers, sizeof *lobby->peers);
    return lobby;
}

void lobby_destroy(struct lobby **lobby)
{
    if (!*lobby)
        return;
    for (size_t i = 0; i < (*lobby)->count; i++)
        fd_close(&(*lobby)->peers[i].socket);
    free((*lobby)->peers);
    free(*lobby);
    *lobby = NULL;
}

/* A check of a load balancer that only connects is nobody's who was silent. */
static void let_go(struct lobby *lobby, struct peer *peer, bool plain)
{
    if (!peer->rejected && !peer->address.checks)
        lobby->host.silent(lobby->host.context, &peer->address, plain);
    fd_close(&peer->socket);
}

static void close_gaps(struct lobby *lobby)
{
    size_t kept = 0;
    for (size_t i = 0; i < lobby->count; i++) {
        if (lobby->peers[i].socket >= 0)
            lobby->peers[kept++] = lobby->peers[i];
    }
    lobby->count = kept;
}

/* Wakes the poll when so many bytes are there, or none will come any more. The kernel makes the socket's buffer
 * large enough for what it is told; what it needs beside the bytes themselves is told, too, then taken back. */
static void want_bytes(int socket, int bytes)
{
    int more = bytes * ROOM;
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &more, sizeof more);
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

/* So a crowd from one address drives out nobody but itself. */
static struct peer *who_gives_way(struct lobby *lobby)
{
    struct peer *first = &lobby->peers[0];
    size_t most = 0;
    for (size_t i = 0; i < lobby->count; i++) {
        size_t same = 0;
        for (size_t k = i; k < lobby->count; k++)
            same += memcmp(lobby->peers[k].address.bytes, lobby->peers[i].address.bytes,
                           sizeof lobby->peers[i].address.bytes) == 0;
        if (same > most) {
            most = same;
            first = &lobby->peers[i];
        }
    }
    return first;
}

void lobby_enter(struct lobby *lobby, int socket, const struct peer_address *address, int64_t now_ms)
{
    if (lobby->count == lobby->capacity) {
        let_go(lobby, who_gives_way(lobby), false);
        close_gaps(lobby);
    }
    want_bytes(socket, address->introduces ? 1 : HEAD_SIZE);
    lobby->peers[lobby->count++] =
        (struct peer){.socket = socket, .address = *address, .deadline_ms = now_ms + lobby->patience_ms};
}

size_t lobby_count(const struct lobby *lobby)
{
    return lobby->count;
}

size_t lobby_poll(const struct lobby *lobby, struct pollfd *ret_polls)
{
    for (size_t i = 0; i < lobby->count; i++)
        ret_polls[i] = (struct pollfd){.fd = lobby->peers[i].socket, .events = POLLIN | POLLRDHUP};
    return lobby->count;
}

int lobby_wait_ms(const struct lobby *lobby, int64_t now_ms)
{
    int64_t wait = INT_MAX;
    for (size_t i = 0; i < lobby->count; i++) {
        int64_t left = lobby->peers[i].deadline_ms - now_ms;
        if (left < wait)
            wait = left > 0 ? left : 0;
    }
    return lobby->count ? (int)wait : -1;
}

enum look { WAITS, ASKS, GONE, PLAIN, MISPLACED };

/* How many bytes have to be there; 0: none that we would want begin so. At least one is. */
static uint64_t whole_request(const unsigned char *head, size_t length)
{
    uint64_t whole = (uint64_t)HEAD_SIZE +
                     ((uint64_t)head[2] << 24 | (uint64_t)head[3] << 16 | (uint64_t)head[4] << 8 | head[5]);
    if (head[0] != ASSOCIATE_RQ)
        return 0;
    if (length < HEAD_SIZE)
        return HEAD_SIZE;
    return whole > LOBBY_REQUEST_MOST ? 0 : whole;
}

static uint64_t whole_record(const unsigned char *head, size_t length)
{
    uint64_t body = (uint64_t)head[3] << 8 | head[4];
    if (head[0] != TLS_HANDSHAKE)
        return 0;
    if (length < HEAD_SIZE)
        return HEAD_SIZE;
    bool is_hello = head[1] == 3 && body > 0 && body <= TLS_RECORD_MOST && head[TLS_HEAD] == TLS_CLIENT_HELLO;
    return is_hello ? TLS_HEAD + body : 0;
}

static enum look look_at(const struct peer *peer, bool closed)
{
    unsigned char head[HEAD_SIZE] = {0};
    ssize_t length = recv(peer->socket, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return WAITS;
    if (length <= 0)
        return GONE;
    uint64_t whole =
        peer->address.tls ? whole_record(head, (size_t)length) : whole_request(head, (size_t)length);
    int there = 0;
    if (whole == 0 && proxy_header_begins(head, (size_t)length))
        return MISPLACED;
    if (whole == 0)
        return peer->address.tls ? PLAIN : GONE;
    if (length < HEAD_SIZE)
        return closed ? GONE : WAITS;
    if (ioctl(peer->socket, FIONREAD, &there) == 0 && (uint64_t)there >= whole)
        return ASKS;
    want_bytes(peer->socket, (int)whole);
    return closed ? GONE : WAITS;
}

static void reject(struct peer *peer, enum lobby_answer reason, int64_t now_ms)
{
    /* A-ASSOCIATE-RJ: type 3, length 4; reserved, result 2 (transient), source 3 (presentation), reason. */
    const unsigned char pdu[] = {0x03, 0, 0, 0, 0, 4, 0, 2, 3, (unsigned char)reason};
    peer->rejected = true;
    peer->deadline_ms = now_ms + LOBBY_GOODBYE_MS;
    want_bytes(peer->socket, 1);
    if (send(peer->socket, pdu, sizeof pdu, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof pdu ||
        shutdown(peer->socket, SHUT_WR) != 0)
        fd_close(&peer->socket);
}

/* Bytes that are still in the socket when it is closed would reset the connection, and the peer might never
 * read its answer; so they are taken away until the peer has closed its side. */
static void see_out(struct peer *peer)
{
    char bytes[4096];
    ssize_t length;
    do
        length = recv(peer->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    while (length == (ssize_t)sizeof bytes);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        fd_close(&peer->socket);
}

static void refuse(struct lobby *lobby, struct peer *peer, enum lobby_stranger because)
{
    if (lobby->host.stranger)
        lobby->host.stranger(lobby->host.context, &peer->address, because);
    fd_close(&peer->socket);
}

/* Whether what comes next is the peer's own. */
static bool is_introduced(struct lobby *lobby, struct peer *peer, bool closed)
{
    size_t wanted;
    struct peer_address *address = &peer->address;
    enum introduction introduction = introduction_take(peer->socket, closed, address->bytes, &wanted);
    if (introduction == INTRODUCTION_WAITS) {
        want_bytes(peer->socket, (int)wanted);
    } else if (introduction == INTRODUCTION_WRONG) {
        refuse(lobby, peer, LOBBY_NO_INTRODUCTION);
    } else if (introduction == INTRODUCTION_GONE) {
        let_go(lobby, peer, false);
    } else {
        address->introduces = false;
        address->checks = introduction == INTRODUCTION_CHECK;
        introduction_write(address->bytes, address->text, sizeof address->text);
        want_bytes(peer->socket, HEAD_SIZE);
        if (!address->checks && lobby->host.introduced &&
            !lobby->host.introduced(lobby->host.context, address))
            fd_close(&peer->socket);
    }
    return peer->socket >= 0 && !peer->address.introduces;
}

static void attend(struct lobby *lobby, struct peer *peer, short events, int64_t now_ms)
{
    if (peer->rejected) {
        see_out(peer);
        return;
    }
    bool closed = events & (POLLRDHUP | POLLHUP | POLLERR);
    if (peer->address.introduces && !is_introduced(lobby, peer, closed))
        return;
    enum look look = look_at(peer, closed);
    if (look == GONE || look == PLAIN) {
        let_go(lobby, peer, look == PLAIN);
    } else if (look == MISPLACED) {
        refuse(lobby, peer, peer->address.checks ? LOBBY_NO_INTRODUCTION : LOBBY_NO_PROXY);
    } else if (look == ASKS) {
        want_bytes(peer->socket, 1);
        enum lobby_answer answer = lobby->host.asks(lobby->host.context, peer->socket, &peer->address);
        if (answer == LOBBY_SERVED || peer->address.tls)
            fd_close(&peer->socket);
        else
            reject(peer, answer, now_ms);
    }
}

void lobby_turn(struct lobby *lobby, const struct pollfd *polls, int64_t now_ms)
{
    for (size_t i = 0; i < lobby->count; i++) {
        struct peer *peer = &lobby->peers[i];
        if (polls[i].revents)
            attend(lobby, peer, polls[i].revents, now_ms);
        if (peer->socket >= 0 && now_ms >= peer->deadline_ms)
            let_go(lobby, peer, false);
    }
    close_gaps(lobby);
}
