/* felucca-console - shows what the command line shows, as web pages. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "console/console.h"

int main(int argc, char **argv)
{
    AUTO(service_stop)
    struct service *service = service_start("console", argc, argv);          /* options, config, log */
    AUTO(console_destroy) struct console *console = console_create(service); /* listens */
    if (!console)
        return EXIT_CONFIG;
    return service_run(service, console_turn, console); /* until SIGTERM */
}
