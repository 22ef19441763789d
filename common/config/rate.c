#include "common/config/rate.h"

#include "common/base/err.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes a second, the largest first for printing. */
static const struct unit {
    const char *name;
    int64_t bytes;
} units[] = {{"GiB/s", INT64_C(1) << 30},
             {"GB/s", 1000000000},
             {"Gbit/s", 125000000},
             {"MiB/s", INT64_C(1) << 20},
             {"MB/s", 1000000},
             {"Mbit/s", 125000},
             {"KiB/s", 1024},
             {"kB/s", 1000},
             {"kbit/s", 125},
             {"B/s", 1}};

enum { UNITS = sizeof units / sizeof *units };

static const struct unit *find_unit(const char *name)
{
    for (size_t i = 0; i < UNITS; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

int config_rate_parse(const char *text, int64_t least, int64_t most, int64_t *ret_rate, struct text *reason)
{
    char *end = NULL;
    errno = 0;
    long long number = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
    const struct unit *unit = end ? find_unit(end + strspn(end, " ")) : NULL;
    if (!unit || errno != 0) {
        text_append(reason, "is not a rate; write one such as 20 MB/s, 500 kB/s or 100 Mbit/s");
        return ERR_SYNTAX;
    }
    if (number > most / unit->bytes || number * unit->bytes < least) {
        text_append(reason, "is out of range; write a rate from ");
        config_rate_print(reason, least);
        text_append(reason, " to ");
        config_rate_print(reason, most);
        return ERR_RANGE;
    }
    *ret_rate = number * unit->bytes;
    return 0;
}

void config_rate_print(struct text *out, int64_t rate)
{
    const struct unit *unit = units;
    while (rate % unit->bytes != 0 || strstr(unit->name, "bit"))
        unit++;
    text_format(out, "%" PRId64 " %s", rate / unit->bytes, unit->name);
}
