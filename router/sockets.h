/* sockets - the router's three sockets, and who may open them.
 *
 * Whoever may open one may change things: with the control socket as an operator, with the work socket by calling
 * work done that nobody did. So each has a folder of its own, and a process can be shown the one that it needs. They
 * are for the user of the state folder, and for its group only where the group may write there anyway. */
#ifndef FELUCCA_ROUTER_SOCKETS_H
#define FELUCCA_ROUTER_SOCKETS_H

struct router;

/* Makes the secret that workers show (wire/proof.h), and opens all of them, with the folders of those that are below
 * state_dir. Exits when the environment is broken. */
void sockets_open(struct router *router);

#endif
