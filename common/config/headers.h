/* headers - the HTTP headers of a destination, as people paste them.
 *
 * Either KARNAK's form, <key>Authorization</key><value>Bearer ...</value>, any number of times, or plain
 * "Name: value" lines. Values are secret templates and never shown. */
#ifndef FELUCCA_CONFIG_HEADERS_H
#define FELUCCA_CONFIG_HEADERS_H

#include "common/base/text.h"
#include "common/config/config.h"

/* 0 with *ret_headers and *ret_count, which are then yours (config_headers_release()); or ERR_SYNTAX with
 * what is wrong and what would be right appended to reason. */
int config_headers_parse(const char *text, struct config_header **ret_headers, size_t *ret_count,
                         struct text *reason);
/* Overwrites the values, then releases everything. */
void config_headers_release(struct config_header **headers, size_t count);

/* The value of a header, any case; NULL without it. Borrowed. */
const char *config_headers_find(const struct config_header *headers, size_t count, const char *name);

#endif
