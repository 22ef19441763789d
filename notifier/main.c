/* felucca-notifier - tells people what needs them: to webhooks, and as mail. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "notifier/notifier.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("notifier", argc, argv); /* options, config, log */
    AUTO(worker_process_destroy)
    struct worker_process *notifier =
        worker_process_create(service, &notifier_kind); /* connects to the router */
    if (!notifier)
        return EXIT_FAILURE;
    return service_run(service, notifier_turn, notifier); /* until SIGTERM */
}
