/* felucca-sharer - puts series into further albums of KHEOPS. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "sharer/sharer.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("sharer", argc, argv);       /* options, config, log */
    AUTO(sharer_destroy) struct sharer *sharer = sharer_create(service); /* connects to the router */
    if (!sharer)
        return EXIT_FAILURE;
    return service_run(service, sharer_turn, sharer); /* until SIGTERM */
}
