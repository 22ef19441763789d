/* console - the process that shows in a browser what the command line shows.
 *
 * A few threads answer requests, each with a connection to the job database of its own, so that a question that takes its 2 s
 * holds up nobody who asks for something else; the process's turns take requests in and send answers out. It changes nothing,
 * and when it is slow or gone nothing else notices. */
#ifndef FELUCCA_CONSOLE_CONSOLE_H
#define FELUCCA_CONSOLE_CONSOLE_H

#include "common/service/service.h"

#include <stdbool.h>

struct console;

/* Listens. NULL: the configuration has no console, its address cannot be taken, or nobody could sign in although the
 * configuration says so, which is logged. */
struct console *console_create(struct service *service);
void console_destroy(struct console **console);

/* One turn, for service_run(). */
bool console_turn(void *context);

#endif
