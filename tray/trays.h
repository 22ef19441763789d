/* trays - all trays of the configuration, and what is told of them: metrics, and a report each for `felucca status`. */
#ifndef FELUCCA_TRAY_TRAYS_H
#define FELUCCA_TRAY_TRAYS_H

#include "common/service/service.h"

#include <stdbool.h>

struct trays;

/* Starts them. A new configuration ends them and starts anew. The service is borrowed. */
struct trays *trays_create(struct service *service);
/* Waits until what is in hand has ended. A tray whose file system hangs cannot: then the process ends here. */
void trays_destroy(struct trays **trays);

/* Waits for a signal, at most a second, and tells. False: all have ended. */
bool trays_turn(void *trays);

#endif
