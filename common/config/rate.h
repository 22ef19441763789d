/* rate - bytes a second, as people write them: "20 MB/s", "500kB/s", "100 Mbit/s", "8MiB/s". */
#ifndef FELUCCA_CONFIG_RATE_H
#define FELUCCA_CONFIG_RATE_H

#include "common/base/text.h"

#include <stdint.h>

/* 0, or ERR_SYNTAX or ERR_RANGE with "is not ...; write ..." appended. */
int config_rate_parse(const char *text, int64_t least, int64_t most, int64_t *ret_rate, struct text *reason);

/* In the largest unit in which it is a whole number; appended. */
void config_rate_print(struct text *out, int64_t rate);

#endif
