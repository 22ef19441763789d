/* client_certificates - how long the certificates that a sender shows to its destinations are good, as a metric.
 *
 * A renewed file counts with the next connection, so the files are looked at again and again. */
#ifndef FELUCCA_SENDER_CLIENT_CERTIFICATES_H
#define FELUCCA_SENDER_CLIENT_CERTIFICATES_H

#include "common/config/config.h"
#include "common/service/metrics.h"

#include <stdint.h>

struct client_certificates;

struct client_certificates *client_certificates_create(struct metrics *metrics);
void client_certificates_destroy(struct client_certificates **certificates);

/* Once a turn; reads files once a minute, and after another configuration. Monotonic and wall ms. */
void client_certificates_show(struct client_certificates *certificates, const struct config *config,
                              int64_t monotonic, int64_t now);

#endif
