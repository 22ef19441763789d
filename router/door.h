/* door - who was turned away at the router's tcp:// sockets: it is counted at once and logged once in a
 * while.
 *
 * A stranger can try as often as it likes, and must not fill the log. */
#ifndef FELUCCA_ROUTER_DOOR_H
#define FELUCCA_ROUTER_DOOR_H

#include "common/wire/bus.h"
#include "common/service/metrics.h"

struct door;

struct door *door_create(struct metrics *metrics);
void door_destroy(struct door **door);

/* Counts and logs whom the bus has turned away. socket: "hints", "work" or "control", borrowed for ever; bus
 * may be NULL. now_ms is of the monotonic clock. */
void door_look(struct door *door, struct bus *bus, const char *socket, int64_t now_ms);

/* Lets in the keys that the new configuration lists. A wrong list is logged and changes nothing. */
void door_read_keys(struct bus *bus, const char *socket, const struct config *config);

#endif
