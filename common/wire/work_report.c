#include "common/wire/work_report.h"

#include <stdlib.h>

void work_report_destroy(struct work_report **report)
{
    if (!*report)
        return;
    free((*report)->transaction);
    free((*report)->called);
    free((*report)->address);
    free((*report)->list);
    free(*report);
    *report = NULL;
}
