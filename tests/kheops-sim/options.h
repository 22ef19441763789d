/* options - the command line of kheops-sim. */
#ifndef FELUCCA_SIM_OPTIONS_H
#define FELUCCA_SIM_OPTIONS_H

#include "tests/kheops-sim/call.h"
#include "tests/kheops-sim/run.h"

struct options {
    const char *bind, *port_file;
    const char *answers; /* NULL: the table that is built in */
    int port, admin_port;
    struct run run; /* with a url: it asks that KHEOPS, and serves nobody */
};

/* Fills options, whose run is to be released, and the simulator; ends the process after --help (0) and on errors (2). */
void options_parse(struct options *options, struct sim *sim, int argc, char **argv);

/* Prints the ports, and writes them to the port file, which appears complete or not at all. */
void options_tell_ports(const struct options *options, int port, int admin_port);

#endif
