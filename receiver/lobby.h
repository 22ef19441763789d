/* lobby - peers that have connected and not yet asked for an association.
 *
 * Whoever connects waits here, outside the association limit, until its whole A-ASSOCIATE-RQ has come, or, on the TLS port,
 * the whole record that its ClientHello begins with; a request that is longer than LOBBY_REQUEST_MOST is nobody's. A peer that stays silent is let go after its patience is over;
 * when the lobby is full, the one who has waited longest gives way, of those from the address that has most. A peer that asks while there is no room gets
 * an A-ASSOCIATE-RJ, transient, and time to read it. Nothing here blocks. Single-threaded. */
#ifndef FELUCCA_RECEIVER_LOBBY_H
#define FELUCCA_RECEIVER_LOBBY_H

#include "common/spool/file_meta.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOBBY_REQUEST_MOST = 256 * 1024 };
enum { LOBBY_PEERS = 128, LOBBY_PATIENCE_MS = 10000, LOBBY_GOODBYE_MS = 2000 };

/* Where a connection comes from: accept()'s address, IPv4 mapped, and as text; and whether to the TLS port. */
struct peer_address {
    unsigned char bytes[16];
    char text[FILE_META_ADDRESS_SIZE];
    bool tls;
    bool
        introduces; /* it is a load balancer's of ours, which has to say first whom it speaks for (introduction.h) */
    bool checks; /* and it said that it is its own connection: a check */
};

/* What becomes of a peer that asks: it is served by somebody with a copy of the socket, or rejected with this
 * reason (PS3.8 section 9.3.4, service provider, presentation related); on the TLS port its connection is closed. */
enum lobby_answer { LOBBY_SERVED = 0, LOBBY_CONGESTED = 1, LOBBY_LIMIT = 2 };

/* Why a peer that spoke of a load balancer, or should have, is let go. */
enum lobby_stranger {
    LOBBY_NO_INTRODUCTION, /* one of ours, without a header that we take */
    LOBBY_NO_PROXY         /* a header, and it is none of ours */
};

struct lobby_host {
    void *context;
    enum lobby_answer (*asks)(void *context, int socket, const struct peer_address *address);
    /* A peer was let go without having asked for anything that we understand. plain: on the TLS port, it said something
     * else than TLS. */
    void (*silent)(void *context, const struct peer_address *address, bool plain);
    /* It came through a load balancer, and this is its own address: whether it is admitted, else it is let go. NULL: all
     * are. */
    bool (*introduced)(void *context, const struct peer_address *address);
    /* NULL: nobody wants to know. */
    void (*stranger)(void *context, const struct peer_address *address, enum lobby_stranger because);
};

struct lobby;

struct lobby *lobby_create(size_t peers, int64_t patience_ms, const struct lobby_host *host);
/* Closes every socket. */
void lobby_destroy(struct lobby **lobby);

/* Takes an accepted socket. */
void lobby_enter(struct lobby *lobby, int socket, const struct peer_address *address, int64_t now_ms);

size_t lobby_count(const struct lobby *lobby);

/* Fills in what to poll for; returns how many (at most lobby_count()). */
size_t lobby_poll(const struct lobby *lobby, struct pollfd *ret_polls);
/* How long that poll may last at most; -1: as long as it likes. */
int lobby_wait_ms(const struct lobby *lobby, int64_t now_ms);
/* After the poll, with the same array, before anybody else enters. */
void lobby_turn(struct lobby *lobby, const struct pollfd *polls, int64_t now_ms);

#endif
