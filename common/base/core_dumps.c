#include "common/base/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void core_dumps_refuse(void)
{
    /* The limit is for kernels and containers that overrule the flag (fs.suid_dumpable). */
    const struct rlimit none = {0, 0};
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
}
