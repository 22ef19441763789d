/* tries - who tried to sign in and could not, so that nobody tries many passwords.
 *
 * Of one address (of version 6: its network of 64 bits) and of one name TRIES_MOST within TRIES_MS; then it waits until the first
 * of these is so old. Of the name there is a hash alone, and one that is nobody's counts as well: people type passwords
 * there. TRIES_KEPT are kept; the oldest goes for a new one. Times are monotonic ms. */
#ifndef FELUCCA_CONSOLE_TRIES_H
#define FELUCCA_CONSOLE_TRIES_H

#include <stdint.h>

enum { TRIES_MOST = 10, TRIES_MS = 5 * 60 * 1000, TRIES_KEPT = 4096 };

struct tries;

struct tries *tries_create(void);
void tries_destroy(struct tries **tries);

/* 0: he may try; or how many ms are left until then. address: 16 bytes, IPv4 mapped. */
int64_t tries_wait_ms(const struct tries *tries, const unsigned char *address, const char *name, int64_t now);
/* This one failed. */
void tries_add(struct tries *tries, const unsigned char *address, const char *name, int64_t now);

#endif
