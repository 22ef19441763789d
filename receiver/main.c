/* felucca-receiver - takes DICOM instances from the network into the spool. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "receiver/receiver.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    AUTO(service_stop) struct service *service = service_start("receiver", argc, argv);
    AUTO(receiver_destroy) struct receiver *receiver = receiver_create(service);
    if (!receiver)
        return EXIT_FAILURE;
    return receiver_run(receiver);
}
