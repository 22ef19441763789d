/* felucca-committer - reports to the sources that asked for storage commitment. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "committer/committer.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("committer", argc, argv); /* options, config, log */
    AUTO(committer_destroy)
    struct committer *committer = committer_create(service); /* connects to the router */
    if (!committer)
        return EXIT_FAILURE;
    return service_run(service, committer_turn, committer); /* until SIGTERM */
}
