/* service_options - the command line of a process, which is the same for all. For service.c, and for the manual
 * pages. */
#ifndef FELUCCA_SERVICE_SERVICE_OPTIONS_H
#define FELUCCA_SERVICE_SERVICE_OPTIONS_H

#include "common/base/log.h"
#include "common/base/text.h"

#include <stdbool.h>

struct service_options {
    const char *config; /* NULL: found by config_load(); borrowed from argv */
    bool has_level, has_format;
    enum log_level level;
    enum log_format format;
    bool check, help, version;
};

/* 0, or ERR_SYNTAX with a sentence appended to ret_reason. */
int service_options_parse(int argc, char **argv, struct service_options *ret_options,
                          struct text *ret_reason);

/* What --help says, appended. */
void service_options_help(const char *process, struct text *out);

#endif
