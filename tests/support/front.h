/* front - a real program in front of a server (HAProxy, squid, Apache), started for a test.
 *
 * On a free loopback port, in the foreground, with a configuration of its own in the sandbox, never as root: a test that
 * runs as root starts it as nobody. What cannot be started ends the test. */
#ifndef FELUCCA_TESTS_FRONT_H
#define FELUCCA_TESTS_FRONT_H

#include "tests/support/process.h"
#include "tests/support/sandbox.h"

struct front {
    struct process *process;
    const char *folder, *config, *log; /* of the sandbox */
    int port;
};

/* HAProxy in HTTP mode to that port, which ends a request with 504 when nothing comes for so long. */
struct front *front_haproxy(struct sandbox *sandbox, const char *name, int upstream_port,
                            int server_timeout_ms);

/* squid as a forward proxy. credentials: it wants user:sesame, else none; allows: it lets requests pass. */
struct front *front_squid(struct sandbox *sandbox, const char *name, bool credentials, bool allows);

/* Apache with ModSecurity and its core rules to that port. body_limit: the largest body that it takes, bytes; 0: as
 * Debian installs it. */
struct front *front_modsecurity(struct sandbox *sandbox, const char *name, int upstream_port,
                                int64_t body_limit);

void front_destroy(struct front **front);

#endif
