/* felucca-sender - uploads instances from the spool to their destinations. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "sender/sender.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("sender", argc, argv);       /* options, config, log */
    AUTO(sender_destroy) struct sender *sender = sender_create(service); /* spool, router */
    if (!sender)
        return EXIT_FAILURE;
    return service_run(service, sender_turn, sender); /* until SIGTERM */
}
