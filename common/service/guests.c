#include "common/service/guests.h"

#include "common/base/memory.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { SPARE = 2 /* connections, before a new one comes in */ };

struct guest {
    int socket;
    int64_t until_ms;
    unsigned char network[GUESTS_ADDRESS_SIZE];
    struct pool_job *job; /* NULL: none */
    bool has_to_go;
};

struct guests {
    size_t most, per_address, count;
    struct guest list[]; /* one more than most, in the order in which they came */
};

struct guests *guests_create(size_t most, size_t per_address)
{
    struct guests *guests = memory_new(1, sizeof *guests + (most + 1) * sizeof *guests->list);
    guests->most = most;
    guests->per_address = per_address;
    return guests;
}

void guests_destroy(struct guests **guests)
{
    memory_free(guests);
}

void guests_network(const unsigned char *address, unsigned char *ret_network)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    size_t kept = memcmp(address, mapped, sizeof mapped) == 0 ? GUESTS_ADDRESS_SIZE : 8;
    memcpy(ret_network, address, kept);
    memset(ret_network + kept, 0, GUESTS_ADDRESS_SIZE - kept);
}

/* The server ends it when it sees the end. */
static void send_away(struct guest *guest)
{
    (void)shutdown(guest->socket, SHUT_RDWR);
    guest->has_to_go = true;
}

static void make_room(struct guests *guests, const struct guest *guest)
{
    size_t staying = 0, same = 0;
    struct guest *oldest = NULL, *oldest_same = NULL;
    for (size_t i = 0; i < guests->count; i++) {
        struct guest *other = &guests->list[i];
        bool is_same = memcmp(other->network, guest->network, sizeof guest->network) == 0;
        if (other->has_to_go)
            continue;
        oldest = oldest ? oldest : other;
        oldest_same = oldest_same || !is_same ? oldest_same : other;
        staying++;
        same += is_same;
    }
    if (same >= guests->per_address)
        send_away(oldest_same);
    else if (staying >= guests->most - SPARE)
        send_away(oldest);
}

void guests_welcome(struct guests *guests, int socket, const unsigned char *address, int64_t until_ms)
{
    struct guest guest = {.socket = socket, .until_ms = until_ms};
    guests_network(address, guest.network);
    make_room(guests, &guest);
    if (guests->count <= guests->most)
        guests->list[guests->count++] = guest;
}

void guests_forget(struct guests *guests, int socket)
{
    size_t kept = 0;
    for (size_t i = 0; i < guests->count; i++)
        if (guests->list[i].socket != socket)
            guests->list[kept++] = guests->list[i];
    guests->count = kept;
}

void guests_allow(struct guests *guests, int socket, int64_t until_ms)
{
    for (size_t i = 0; i < guests->count; i++)
        if (guests->list[i].socket == socket)
            guests->list[i].until_ms = until_ms;
}

void guests_wait(struct guests *guests, int socket, struct pool_job *job)
{
    for (size_t i = 0; i < guests->count; i++)
        if (guests->list[i].socket == socket)
            guests->list[i].job = job;
}

int64_t guests_end_late(struct guests *guests, int64_t now_ms)
{
    int64_t next_ms = -1;
    for (size_t i = 0; i < guests->count; i++) {
        struct guest *guest = &guests->list[i];
        int64_t left_ms = guest->until_ms - now_ms;
        if (guest->has_to_go)
            continue;
        if (left_ms <= 0)
            send_away(guest);
        else if (next_ms < 0 || left_ms < next_ms)
            next_ms = left_ms;
    }
    return next_ms;
}

void guests_each_in_vain(struct guests *guests, void (*each)(void *context, struct pool_job *job),
                         void *context)
{
    for (size_t i = 0; i < guests->count; i++)
        if (guests->list[i].has_to_go && guests->list[i].job)
            each(context, guests->list[i].job);
}
