/* guests - who is connected to a server, and who has to go: the oldest of an address, or of all, for a new one, and whoever is
 * late.
 *
 * An address is what guests_network() makes of it. From a shared one many people come, as through a proxy: it may have three
 * quarters of all, each person behind one or several as many as another address. Where it is full, or all is, the oldest of the
 * person with the most goes. A quarter is for what others have: with that, they go before whoever comes from a shared address.
 *
 * Who has to go is shut off at once, and stays here until the server has ended the connection; it does not count any more. Times are
 * monotonic ms. For one thread. */
#ifndef FELUCCA_SERVICE_GUESTS_H
#define FELUCCA_SERVICE_GUESTS_H

#include "common/service/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUESTS_ADDRESS_SIZE = 16, GUESTS_GOING_MOST = POOL_THREADS_MOST };

struct guests;

/* At most so many, at least 4, and so many of one address. */
struct guests *guests_create(size_t most, size_t per_address);
void guests_destroy(struct guests **guests);

/* A new one, which always comes in; address: 16 bytes, IPv4 mapped. Until it is told whose it is, it is its address's. */
void guests_welcome(struct guests *guests, int socket, const unsigned char *address, bool is_shared,
                    int64_t until_ms);
/* Whose it is that brings a request: GUESTS_ADDRESS_SIZE bytes, a person's or those of its address. Where he has too many now another
 * of his goes, the oldest at rest if there is one. */
void guests_name(struct guests *guests, int socket, const unsigned char *person);
/* The connection has ended. */
void guests_forget(struct guests *guests, int socket);

/* It has time until then. */
void guests_allow(struct guests *guests, int socket, int64_t until_ms);
/* What is being done for it, borrowed; NULL: nothing any more. */
void guests_wait(struct guests *guests, int socket, struct pool_job *job);

/* Those whose time is over have to go. How long until the next one's is, -1: nobody is there. */
int64_t guests_end_late(struct guests *guests, int64_t now_ms);
/* What is being done for those who had to go. */
void guests_each_in_vain(struct guests *guests, void (*each)(void *context, struct pool_job *job),
                         void *context);

/* Whom an address counts as: that of version 4 itself, that of version 6 its network of 64 bits, which one host
 * may have for itself. Both have 16 bytes. */
void guests_network(const unsigned char *address, unsigned char *ret_network);

#endif
