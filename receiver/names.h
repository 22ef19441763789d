/* names - the process beside the receiver that asks the name service for the hosts of sources.
 *
 * The name service may not answer for a long time, so neither the parent nor an association ever asks it: they
 * read what this process has learned last (config_refresh_names()). It asks again and again, so that a name
 * that had no address gets one and one that moved is followed. There is none where no source has a name. */
#ifndef FELUCCA_RECEIVER_NAMES_H
#define FELUCCA_RECEIVER_NAMES_H

#include "common/config/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct names;

struct names *names_create(void);
/* Ends the process. */
void names_destroy(struct names **names);

/* Which names it asks for from now on; config is borrowed until the next call. before as with hints_revive(). */
void names_follow(struct names *names, const struct config *config, void (*before)(void *context),
                  void *context);

/* For the parent: was this child it? It is started again by the next names_revive() after a second. */
bool names_reaped(struct names *names, pid_t pid);
void names_revive(struct names *names, int64_t now_ms, void (*before)(void *context), void *context);

#endif
