/* front_door - the configuration of a HAProxy in front of several cells, as text.
 *
 * TCP mode. A caller goes by its calling AE title, always to the same cell while that is there: a study that is split over
 * associations stays in one cell. Some called titles may have cells of their own. Whether a cell is there is asked by an
 * association for verification, or at its readiness page. */
#ifndef FELUCCA_CLI_FRONT_DOOR_H
#define FELUCCA_CLI_FRONT_DOOR_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct front_door_cell {
    const char *name, *host, *port;
};

/* A called AE title, and the names of the cells that serve it, with commas between them. */
struct front_door_route {
    const char *title, *cells;
};

struct front_door {
    const struct front_door_cell *cells;
    size_t cell_count;
    const struct front_door_route *routes;
    size_t route_count;
    const char *bind;             /* "*:11112" */
    const char *called, *calling; /* titles of the association for verification */
    const char *ready_port;       /* NULL: it asks for an association */
    bool proxy;                   /* cells are told the caller's address (receiver.proxies) */
};

/* What the command line may hold: a name of a cell, an AE title (PS3.5 section 6.2), "HOST:PORT" (cut at its last colon). */
bool front_door_is_name(const char *text);
bool front_door_is_title(const char *text);
bool front_door_split(char *text, const char **ret_host, const char **ret_port);

/* NULL, or the first name in routes that no cell has; borrowed until the end of routes' texts, not NUL-terminated there. */
const char *front_door_unknown(const struct front_door *door);

/* The A-ASSOCIATE-RQ (PS3.8 section 9.3.2) of a check, as hex digits. */
void front_door_append_request(const struct front_door *door, struct text *out);
void front_door_append(const struct front_door *door, struct text *out);

#endif
