/* sharing - one share on its way: the PUT, introspection of both tokens when it is refused, the RESULT.
 *
 * What a request needs of the configuration is looked up when it is made, so a reload in between does no
 * harm. */
#ifndef FELUCCA_SHARER_SHARING_H
#define FELUCCA_SHARER_SHARING_H

#include "sharer/parts.h"

/* Begins work, which is then the sharing's. It ends itself with worker_finish(). */
void sharing_start(struct sharer *sharer, struct work *work);

/* Ends it without a result; *sharing is NULL afterwards. */
void sharing_abort(struct sharing **sharing);

#endif
