#include "common/service/guests.h"

#include "common/base/memory.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { SPARE = 2 /* connections, before a new one comes in */ };

struct guest {
    int socket;
    int64_t until_ms;
    unsigned char network[GUESTS_ADDRESS_SIZE], person[GUESTS_ADDRESS_SIZE];
    bool is_shared;
    struct pool_job *job; /* NULL: none */
    bool has_to_go;
};

struct guests {
    size_t most, per_address, count;
    struct guest list[]; /* most, and GUESTS_GOING_MOST; in the order in which they came */
};

struct guests *guests_create(size_t most, size_t per_address)
{
    struct guests *guests = memory_new(1, sizeof *guests + (most + GUESTS_GOING_MOST) * sizeof *guests->list);
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

static bool is_same_address(const struct guest *a, const struct guest *b)
{
    return a->is_shared == b->is_shared && memcmp(a->network, b->network, sizeof a->network) == 0;
}

/* Behind whichever shared address; whoever has no name is his address. */
static bool is_same_person(const struct guest *a, const struct guest *b)
{
    return a->is_shared == b->is_shared && memcmp(a->person, b->person, sizeof a->person) == 0;
}

static bool is_stranger(const struct guest *a, const struct guest *b)
{
    (void)b;
    return !a->is_shared;
}

static bool is_anybody(const struct guest *a, const struct guest *b)
{
    (void)a;
    (void)b;
    return true;
}

/* Whom else its person has. */
static bool is_another(const struct guest *a, const struct guest *b)
{
    return a != b && is_same_person(a, b);
}

static bool is_another_at_rest(const struct guest *a, const struct guest *b)
{
    return is_another(a, b) && !a->job;
}

typedef bool guest_is_so(const struct guest *other, const struct guest *guest);

/* How many stay that are so, seen from guest. ret_oldest: of these, or NULL; it may be NULL. */
static size_t count(struct guests *guests, const struct guest *guest, guest_is_so *is_so,
                    struct guest **ret_oldest)
{
    size_t staying = 0;
    for (size_t i = 0; i < guests->count; i++) {
        struct guest *other = &guests->list[i];
        if (other->has_to_go || !is_so(other, guest))
            continue;
        if (staying++ == 0 && ret_oldest)
            *ret_oldest = other;
    }
    return staying;
}

/* Of those that are so: the oldest of the person who has the most, here and elsewhere. */
static struct guest *oldest_of_most(struct guests *guests, const struct guest *guest, guest_is_so *is_so)
{
    struct guest *found = NULL;
    size_t most = 0;
    for (size_t i = 0; i < guests->count; i++) {
        struct guest *other = &guests->list[i];
        if (other->has_to_go || !is_so(other, guest))
            continue;
        size_t has = count(guests, other, is_same_person, NULL);
        if (has > most)
            found = other;
        most = has > most ? has : most;
    }
    return found;
}

/* SPARE places are nobody's: with them strangers have their quarter. */
static void make_room(struct guests *guests, const struct guest *guest)
{
    size_t quarter = guests->most / 4;
    struct guest *oldest_same = NULL, *oldest_stranger = NULL;
    size_t staying = count(guests, guest, is_anybody, NULL);
    size_t same = count(guests, guest, is_same_address, &oldest_same);
    size_t strangers = count(guests, guest, is_stranger, &oldest_stranger);
    if (guest->is_shared && same >= guests->most - quarter)
        send_away(oldest_of_most(guests, guest, is_same_address));
    else if (!guest->is_shared && same >= guests->per_address)
        send_away(oldest_same);
    else if (staying >= guests->most - SPARE)
        send_away(strangers > 0 && strangers + SPARE >= quarter ? oldest_stranger
                                                                : oldest_of_most(guests, guest, is_anybody));
}

void guests_welcome(struct guests *guests, int socket, const unsigned char *address, bool is_shared,
                    int64_t until_ms)
{
    struct guest guest = {.socket = socket, .is_shared = is_shared, .until_ms = until_ms};
    guests_network(address, guest.network);
    memcpy(guest.person, guest.network, sizeof guest.person);
    make_room(guests, &guest);
    if (guests->count < guests->most + GUESTS_GOING_MOST)
        guests->list[guests->count++] = guest;
}

void guests_name(struct guests *guests, int socket, const unsigned char *person)
{
    struct guest *guest = NULL, *leaving = NULL;
    for (size_t i = 0; i < guests->count; i++)
        if (guests->list[i].socket == socket)
            guest = &guests->list[i];
    if (!guest)
        return;
    memcpy(guest->person, person, sizeof guest->person);
    if (!guest->is_shared || count(guests, guest, is_same_person, NULL) <= guests->per_address)
        return;
    if (count(guests, guest, is_another_at_rest, &leaving) == 0)
        (void)count(guests, guest, is_another, &leaving);
    if (leaving)
        send_away(leaving);
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
