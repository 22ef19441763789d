#include "router/give_up.h"

#include "common/base/log.h"

#include <stdlib.h>
#include <sysexits.h>

_Noreturn void give_up(const char *doing, const char *why)
{
    log_error(doing, LOG_S("error", why));
    exit(EX_TEMPFAIL);
}
