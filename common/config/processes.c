#include "common/config/processes.h"

#include <stddef.h>
#include <string.h>

const struct processes_row *processes_table(void)
{
    static const struct processes_row table[] = {
#define X(NAME, name, count, port, stop, traits, summary, description) \
    {name, PROCESS_##count, port, PROCESS_STOPS_##stop, traits, summary, description},
        PROCESS_MAP(X)
#undef X
    };
    return table;
}

const struct processes_row *processes_find(const char *name)
{
    for (int i = 0; i < PROCESSES; i++)
        if (strcmp(processes_table()[i].name, name) == 0)
            return &processes_table()[i];
    return NULL;
}
