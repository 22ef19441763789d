/* keyring - CURVE keys for the processes of a test, the router's list of them, and the configuration.
 *
 * All processes read one configuration; each finds its own secret key in its environment. */
#ifndef FELUCCA_TESTS_KEYRING_H
#define FELUCCA_TESTS_KEYRING_H

#include "common/base/text.h"
#include "common/wire/bus.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>

enum keyring_holder {
    KEYRING_ROUTER,
    KEYRING_RECEIVER,
    KEYRING_SENDER,
    KEYRING_SHARER,
    KEYRING_OPERATOR,
    KEYRING_STRANGER, /* in no list */
    KEYRING_HOLDERS
};

struct keyring {
    const char *list; /* path of the file of allowed keys */
    struct {
        char public_key[BUS_KEY_SIZE], secret_key[BUS_KEY_SIZE];
        char variable[64];          /* "FELUCCA_TEST_CURVE=…" */
        const char *environment[2]; /* that, for process_options */
    } of[KEYRING_HOLDERS];
};

/* Makes all keys, and the list with all but the stranger's. */
void keyring_make(struct keyring *keyring, struct sandbox *sandbox);

/* Writes the list anew: with or without that holder. */
void keyring_list(const struct keyring *keyring, enum keyring_holder holder, bool listed);

/* Top-level lines: endpoints on that host, ports from first_port on (three), and curve. Appended. */
void keyring_config(const struct keyring *keyring, const char *host, int first_port, struct text *ret_yaml);

#endif
