/* server - the HTTP side of the simulator: with request.h the only one that knows libmicrohttpd.
 *
 * Two ports on the loopback address: KHEOPS itself, which can go away and come back, and a second one that
 * always answers /sim/… and the page. One thread a connection. */
#ifndef FELUCCA_SIM_SERVER_H
#define FELUCCA_SIM_SERVER_H

#include "tests/kheops-sim/call.h"

/* Starts both; port 0 takes a free one. 0, or ERR_NETWORK. sim is borrowed until server_destroy(). */
int server_create(struct sim *sim, const char *bind, int port, int admin_port, struct server **ret_server);
void server_destroy(struct server **server);

int server_port(const struct server *server);
int server_admin_port(const struct server *server);

/* Refuses connections, ends those that are open, and with back_in_ms > 0 comes back by itself.
 * Or comes back. */
int server_go_away(struct server *server, int64_t back_in_ms);
int server_come_back(struct server *server);
bool server_is_away(struct server *server);

/* Does what is due by the clock; returns how long to wait until it is wanted again, -1: for ever. fd is
 * readable when something changed. */
int server_turn(struct server *server);
int server_fd(const struct server *server);

/* Readable while connections have to end; for those that wait for something else. */
int server_leaving_fd(const struct server *server);

#endif
