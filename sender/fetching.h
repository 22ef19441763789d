/* fetching - one request to KHEOPS to look at a study again, from WORK to RESULT. */
#ifndef FELUCCA_SENDER_FETCHING_H
#define FELUCCA_SENDER_FETCHING_H

#include "sender/parts.h"

struct fetching;

/* Begins it; work is then its. It ends by itself with worker_finish(), and is then gone. */
void fetching_start(struct sender *sender, struct work *work);
/* Ends it without a result; *fetching is NULL afterwards. */
void fetching_abort(struct fetching **fetching);

#endif
