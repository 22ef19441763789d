/* felucca-sharer - puts series into further albums of KHEOPS. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "common/worker/process.h"
#include "sharer/sharer.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("sharer", argc, argv); /* options, config, log */
    AUTO(worker_process_destroy)
    struct worker_process *sharer = worker_process_create(service, &sharer_kind); /* connects to the router */
    if (!sharer)
        return EXIT_FAILURE;
    return service_run(service, worker_process_turn, sharer); /* until SIGTERM */
}
