/* certificates - those of ours that the configuration names, and whether each ends soon: before a peer or a server says so. */
#ifndef FELUCCA_TLS_CERTIFICATES_H
#define FELUCCA_TLS_CERTIFICATES_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/tls/certificate.h"

#include <stdbool.h>
#include <stdint.h>

enum { CERTIFICATE_EXPIRY_DAYS = 14 /* before its end somebody is told */ };

/* One that we show to others; all borrowed from the configuration. */
struct certificate_use {
    const char *destination; /* whose client_cert it is; NULL: a process's own, on its TLS port */
    const char *process;     /* "receiver", "console"; NULL: see destination */
    const char *path, *key_path;
};

/* Calls each for all of them, the receiver's first, then the console's. */
void certificates_each(const struct config *config,
                       void (*each)(void *context, const struct certificate_use *use), void *context);

/* "receiver", "console", or "destination main": how metrics and JSON call it; appended. */
void certificate_append_name(const struct certificate_use *use, struct text *out);

/* Whether it ends within CERTIFICATE_EXPIRY_DAYS, has ended, or is not good yet; then a sentence that says what to do is
 * appended. now: wall ms. */
bool certificate_tell_end(const struct certificate_use *use, const struct certificate_facts *facts,
                          int64_t now, struct text *out);

#endif
