/* web_server - a small HTTP/1.1 server that strangers cannot keep busy; the only user of libmicrohttpd.
 *
 * Whoever owns it waits for web_server_fd() to be readable, at most web_server_wait_ms(), and calls web_server_turn(). The answers
 * are made in that call, or where the rules say so by threads of the server's (pool.h): then one that takes long holds up no
 * other, two of one target are made one after the other where they are for one person, or for nobody who is known, and one asker has
 * all threads but one at most. RFC 9110 and 9112. A request's body is seen where the rules allow one, and then as a whole.
 *
 * The asker is the person, where the rules know who asks, else the address: whoever sits behind one proxy with others, or in one
 * house, takes nothing of theirs.
 *
 * What a peer may do is bounded: how many connections there are, in all and from one address, how long one has for its
 * request and for reading the answer, however busily it drips, and how much memory it takes. A new peer always comes in:
 * the oldest one of its address, or of all, goes for it, and what was to be made for that one is not begun any more. An asker
 * who waits for WEB_WAITING_MOST targets already is answered 503 at once. An address of version 6 is its network, and one that many
 * share has bounds of its own (guests.h). */
#ifndef FELUCCA_SERVICE_WEB_SERVER_H
#define FELUCCA_SERVICE_WEB_SERVER_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEB_WAITING_MOST = 16, WEB_PERSON_SIZE = 16 };

struct web_server;

/* A request, borrowed during the call. */
struct web_request {
    const char *method;
    const char *target; /* path and query as they came, nothing decoded */
    const char *body;   /* "" without one; it may hold NULs, and has one behind it */
    size_t body_length;
    bool body_is_cut;             /* it was longer than the rules allow */
    const unsigned char *address; /* of the peer: 16 bytes, IPv4 mapped */
    const void *connection;
};
/* A header of it, any case, or NULL; borrowed as the request is. One that came twice is its first. */
const char *web_request_header(const struct web_request *request, const char *name);
/* How often it came. */
size_t web_request_header_count(const struct web_request *request, const char *name);

enum { WEB_ANSWER_HEADERS = 12 };

/* An answer, zeroed at first. Names and values of headers are texts of the program or of the answer's room. */
struct web_answer {
    unsigned status;
    struct text body;
    struct {
        const char *name;
        char *value;
    } headers[WEB_ANSWER_HEADERS];
    size_t header_count;
};
void web_answer_release(struct web_answer *answer);
/* name: borrowed for ever; value: copied. There is room for WEB_ANSWER_HEADERS, which is asserted. */
void web_answer_header(struct web_answer *answer, const char *name, const char *value);

struct web_server_rules {
    void *context; /* borrowed until web_server_destroy() */
    void (*answer)(void *context, const struct web_request *request, struct web_answer *ret_answer);
    size_t connections;      /* at most so many, at least 4 … */
    size_t per_address;      /* … and of one address, or network of version 6 */
    size_t connection_bytes; /* for a request's line and headers */
    size_t body_bytes;       /* for its body; 0: nobody takes one, and it is ignored */
    /* How many more this request's may have, of which there is no body yet; NULL: none. In web_server_turn(), beside the threads. */
    size_t (*more_bytes)(void *context, const struct web_request *request);
    /* Who asks, as WEB_PERSON_SIZE bytes that no address is, by the request's headers; false: nobody knows. NULL: of no request. In
     * web_server_turn(), beside the threads. */
    bool (*person)(void *context, const struct web_request *request, unsigned char *ret_person);
    /* Whether many people come from this address, as from a proxy's; NULL: from none. The same. */
    bool (*is_shared)(void *context, const unsigned char *address);
    const char *certificate,
        *key; /* PEM, for TLS 1.2 and 1.3, borrowed during web_server_create(); NULL: none */
    size_t
        threads; /* that make answers, of which the function has to be safe; 0: web_server_turn() makes them */
    int64_t ask_ms;    /* from a connection's beginning to the end of its request's header */
    int64_t answer_ms; /* from there until it has read the answer */
    int64_t rest_ms;   /* from there until the end of its next request's header */
};

/* Listens on a numeric address and a port (0: a free one). 0 or ERR_NETWORK: the address is taken, or certificate and key
 * are none or do not fit. */
int web_server_create(const struct web_server_rules *rules, const char *bind, int port,
                      struct web_server **ret_server);
/* Waits for the answers that are being made. */
void web_server_destroy(struct web_server **server);

int web_server_port(const struct web_server *server);
int web_server_fd(const struct web_server *server);
/* Lets those go whose time is over; before each wait. How long until something is due, -1: nothing is. */
int64_t web_server_wait_ms(struct web_server *server);
void web_server_turn(struct web_server *server);

/* Waits for the answers that its threads are making; none is begun until web_server_go_on(). */
void web_server_rest(struct web_server *server);
void web_server_go_on(struct web_server *server);

#endif
