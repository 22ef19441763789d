#include "router/pulsing.h"

#include "common/spool/pulse.h"
#include "router/shared.h"

void pulsing_turn(struct router *router)
{
    if (!router->recovered || (router->pulse > 0 && router->monotonic - router->pulse_at < PULSE_MS))
        return;
    struct pulse pulse = {.beat = ++router->pulse};
    boot_id(pulse.boot);
    pulse_write(router->spool, &pulse);
    router->pulse_at = router->monotonic;
}

void pulsing_end(struct router *router)
{
    if (router->pulse > 0)
        pulse_remove(router->spool);
}
