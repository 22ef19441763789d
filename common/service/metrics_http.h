/* metrics_http - serves three pages of a process, in a thread of its own. For metrics.c alone. */
#ifndef FELUCCA_SERVICE_METRICS_HTTP_H
#define FELUCCA_SERVICE_METRICS_HTTP_H

#include "common/base/text.h"

#include <stdbool.h>

/* UNREADY: the process itself is not ready. IDLE: nobody works on what it takes. */
enum page_cell { PAGE_CELL_NONE, PAGE_CELL_READY, PAGE_CELL_UNREADY, PAGE_CELL_IDLE };

/* What the pages show; asked in the server's thread. */
struct metrics_pages {
    void *context;
    void (*print)(void *context, struct text *out);
    bool (*is_healthy)(void *context);
    bool (*is_ready)(void *context);
    enum page_cell (*cell)(void *context);
};

struct metrics_http;

/* Listens on a numeric address and a port (0: a free one). 0 or ERR_NETWORK. The pages' context is borrowed until
 * metrics_http_destroy(), which ends the server's thread. */
int metrics_http_create(const struct metrics_pages *pages, const char *bind, int port,
                        struct metrics_http **ret_server);
void metrics_http_destroy(struct metrics_http **server);

int metrics_http_port(const struct metrics_http *server);

#endif
