/* pulse - the sign in the spool that a router works, for the receivers of its cell: they see nothing else of it.
 *
 * A file of one line there, router.pulse: the boot id of the router's kernel, and a number that goes up while its loop turns. It is a
 * hint: what counts is whether it moves while one looks. */
#ifndef FELUCCA_SPOOL_PULSE_H
#define FELUCCA_SPOOL_PULSE_H

#include "common/base/boot.h"
#include "common/spool/spool.h"

#include <stdint.h>

/* A router writes it so often; one that did not for so long does not work. */
enum { PULSE_MS = 2000, PULSE_LIMIT_MS = 15 * 1000 };

struct pulse {
    char boot[BOOT_ID_SIZE];
    int64_t beat;
};

/* What the file system refuses is not told. */
void pulse_write(struct spool *spool, const struct pulse *pulse);
/* A router that ends well says so: nobody waits for it to be missed. */
void pulse_remove(struct spool *spool);
/* 0; ERR_ABSENT: no router, or not one that works; ERR_SYNTAX: none of ours. */
int pulse_read(struct spool *spool, struct pulse *ret_pulse);

#endif
