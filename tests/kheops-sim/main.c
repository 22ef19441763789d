/* kheops-sim - a simulated KHEOPS: albums, capability tokens, STOW-RS, sharing, introspection, and trouble on
 * order. For tests, the demo and the benchmarks; README.md in this folder tells how to use it. */
#include "common/base/cleanup.h"
#include "tests/kheops-sim/compare.h"
#include "tests/kheops-sim/late.h"
#include "tests/kheops-sim/options.h"
#include "tests/kheops-sim/server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

/* Blocked before any thread begins, so that none is interrupted. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct sim sim = {.max_body = 20000ull << 20, .max_pixels = 2ull << 30, .silence_ms = 120000};
    AUTO(fd_close) int signals = open_signals();
    AUTO(model_destroy) struct model *model = sim.model = model_create();
    AUTO(fault_list_destroy) struct fault_list *faults = sim.faults = fault_list_create();
    AUTO(late_destroy) struct late *late = sim.late = late_create();
    struct options options;
    options_parse(&options, &sim, argc, argv);
    AUTO(recorded_table_destroy) struct recorded_table *answers = sim.answers;
    AUTO(run_release) struct run run = options.run;
    if (run.url)
        return compare_all(&run, answers);
    AUTO(server_destroy) struct server *server = NULL;
    if (server_create(&sim, options.bind, options.port, options.admin_port, &server) != 0) {
        perror("kheops-sim: cannot listen");
        return EXIT_FAILURE;
    }
    options_tell_ports(&options, server_port(server), server_admin_port(server));
    for (;;) {
        struct pollfd fds[] = {{signals, POLLIN, 0}, {server_fd(server), POLLIN, 0}};
        poll(fds, 2, server_turn(server));
        if (fds[0].revents)
            return EXIT_SUCCESS;
    }
}
