/* turned_away - the connections that the listener refuses, on their way to the file that `felucca status` reads
 * (common/spool/rejections.h): gathered in memory, and written once a second, so that a flood of them costs the
 * listener no file work for each. */
#ifndef FELUCCA_RECEIVER_TURNED_AWAY_H
#define FELUCCA_RECEIVER_TURNED_AWAY_H

#include "common/spool/spool.h"

#include <stdint.h>

struct turned_away;

struct turned_away *turned_away_create(void);
void turned_away_destroy(struct turned_away **away);

/* One more. reason: a word of ours, that lives as long as the program; the address and the sentence are of the last one. */
void turned_away_note(struct turned_away *away, const char *reason, const char *address, const char *because);

/* Writes what has come since the last time. */
void turned_away_write(struct turned_away *away, struct spool *spool, int64_t now_ms);

#endif
