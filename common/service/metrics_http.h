/* metrics_http - serves the metrics of a process; the only user of libmicrohttpd. For metrics.c alone. */
#ifndef FELUCCA_SERVICE_METRICS_HTTP_H
#define FELUCCA_SERVICE_METRICS_HTTP_H

#include "common/service/metrics.h"

struct metrics_http;

/* Listens on a numeric address and a port (0: a free one). 0 or ERR_NETWORK. metrics is borrowed until
 * metrics_http_destroy(), which ends the server's thread. */
int metrics_http_create(struct metrics *metrics, const char *bind, int port,
                        struct metrics_http **ret_server);
void metrics_http_destroy(struct metrics_http **server);

int metrics_http_port(const struct metrics_http *server);

#endif
