/* options - the command line of kheops-sim. */
#ifndef FELUCCA_SIM_OPTIONS_H
#define FELUCCA_SIM_OPTIONS_H

#include "tests/kheops-sim/call.h"

struct options {
    const char *bind, *port_file;
    int port, admin_port;
};

/* Fills options and the simulator; ends the process after --help (0) and on errors (2). */
void options_parse(struct options *options, struct sim *sim, int argc, char **argv);

/* Prints the ports, and writes them to the port file, which appears complete or not at all. */
void options_tell_ports(const struct options *options, int port, int admin_port);

#endif
