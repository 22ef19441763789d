/* misses - albums whose source does not hold series after series, although KHEOPS calls both tokens good.
 *
 * "Series Not Found" for one series may be that series' own trouble. For several in a row, with no success in
 * between, it is the album's: the source token is of another album, or its maker lost it. A share only goes
 * out after KHEOPS has confirmed an instance of its series, so "not there yet" is seldom the reason.
 *
 * Kept in memory only: after a restart a few more shares are tried first. Bounded by the number of albums. */
#ifndef FELUCCA_SHARER_MISSES_H
#define FELUCCA_SHARER_MISSES_H

#include <stdbool.h>

enum { MISSES_MANY = 3 };

struct misses;

struct misses *misses_create(void);
void misses_destroy(struct misses **misses);

/* KHEOPS did not find the series. Whether that is so for MISSES_MANY different ones now, or more. */
bool misses_add(struct misses *misses, const char *destination, const char *album, const char *series);

/* A series was shared into the album. */
void misses_clear(struct misses *misses, const char *destination, const char *album);

#endif
