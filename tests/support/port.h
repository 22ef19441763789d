/* port - TCP ports on the loopback address. */
#ifndef FELUCCA_TESTS_PORT_H
#define FELUCCA_TESTS_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* A port that nobody listens on, and that no other test of this machine is given while this process lives; nor are the nine
 * behind it, where the processes of one configuration serve their metrics. */
int port_free(void);

/* The first of count such ports in a row, at most 10. */
int port_free_run(int count);

/* Whether somebody accepts connections there now. */
bool port_accepts(int port);

/* Waits until somebody does, at most limit_ms. */
bool port_wait(int port, int64_t limit_ms);

/* Waits until nobody does any more, at most limit_ms. */
bool port_wait_closed(int port, int64_t limit_ms);

/* A connected socket, is then yours to close; ends the test when nobody accepts. */
int port_connect(int port);

#endif
