/* sender - uploads instances from the spool to STOW-RS servers, as the router says.
 *
 * One thread; as many requests at once as sender.slots. It reads the spool and never writes to it, knows no
 * database, and sees the secrets of STOW destinations only. */
#ifndef FELUCCA_SENDER_SENDER_H
#define FELUCCA_SENDER_SENDER_H

#include "common/service/service.h"

struct sender;

/* Opens the spool, connects to the router. NULL, after a line in the log, when the environment is broken. */
struct sender *sender_create(struct service *service);
void sender_destroy(struct sender **sender);

/* One turn of the loop, for service_run(): whether there is work in hand. */
bool sender_turn(void *context);

#endif
