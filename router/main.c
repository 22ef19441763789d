/* felucca-router - the only writer of the job database: what was received becomes work, answers become
 * states. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "router/router.h"

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("router", argc, argv);       /* options, config, log */
    AUTO(router_destroy) struct router *router = router_create(service); /* lock, database, sockets */
    router_recover(router);                                              /* adopt what a crash left */
    return service_run(service, router_turn, router);                    /* until SIGTERM */
}
