/* sharer - puts series into further albums of KHEOPS, as the router says.
 *
 * One thread; as many requests at once as sharer.slots. It touches no image data, knows no database and no
 * spool, and sees the tokens of albums only. */
#ifndef FELUCCA_SHARER_SHARER_H
#define FELUCCA_SHARER_SHARER_H

#include "common/service/service.h"

struct sharer;

/* Connects to the router. NULL, after a line in the log, when the environment is broken. */
struct sharer *sharer_create(struct service *service);
void sharer_destroy(struct sharer **sharer);

/* One turn of the loop, for service_run(): whether there is work in hand. */
bool sharer_turn(void *context);

#endif
