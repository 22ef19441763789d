/* door - who was turned away at the router's tcp:// sockets: counted at once, logged once in a while.
 *
 * A stranger can try as often as it likes; it must not fill the log. One thread, the router's. */
#ifndef FELUCCA_ROUTER_DOOR_H
#define FELUCCA_ROUTER_DOOR_H

#include "common/wire/bus.h"
#include "common/service/metrics.h"

struct door;

struct door *door_create(struct metrics *metrics);
void door_destroy(struct door **door);

/* Takes what the bus has turned away. socket: "hints", "work" or "control", borrowed for ever; bus may be
 * NULL. */
void door_look(struct door *door, struct bus *bus, const char *socket, int64_t now_ms);

/* Lets the keys in that the new configuration's list has; a wrong list is logged and changes nothing. */
void door_read_keys(struct bus *bus, const char *socket, const struct config *config);

#endif
