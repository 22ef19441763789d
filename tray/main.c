/* felucca-tray - takes the DICOM files that somebody puts into folders. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tray/trays.h"

int main(int argc, char **argv)
{
    AUTO(service_stop) struct service *service = service_start("tray", argc, argv); /* options, config, log */
    AUTO(trays_destroy) struct trays *trays = trays_create(service);                /* a thread for each */
    return service_run(service, trays_turn, trays);                                 /* until SIGTERM */
}
