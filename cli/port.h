/* port - whether a process could listen on a port. */
#ifndef FELUCCA_CLI_PORT_H
#define FELUCCA_CLI_PORT_H

/* Listens on it for a moment, as the receiver does. 0, or an errno: EADDRINUSE, EACCES; EADDRNOTAVAIL also where bind is no
 * address of this host. */
int port_probe(const char *bind, int port);

#endif
