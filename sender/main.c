/* felucca-sender - uploads instances from the spool to their destinations. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "common/worker/process.h"
#include "sender/sender.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("sender", argc, argv); /* options, config, log */
    AUTO(worker_process_destroy)
    struct worker_process *sender = worker_process_create(service, &sender_kind); /* spool, router */
    if (!sender)
        return EXIT_FAILURE;
    return service_run(service, worker_process_turn, sender); /* until SIGTERM */
}
