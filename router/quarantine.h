/* quarantine - bounds what lies in quarantine/: by age (quarantine_retention), and by a share of the disk for each source.
 *
 * A source, that is a calling AE title, whose files take more than its share is refused (A700) until an operator made
 * room: it alone, before it fills the disk for all (common/spool/overfull.h). Nothing is deleted for that. */
#ifndef FELUCCA_ROUTER_QUARANTINE_H
#define FELUCCA_ROUTER_QUARANTINE_H

#include <stddef.h>

struct quarantine;
struct router;

struct quarantine *quarantine_create(void);
void quarantine_destroy(struct quarantine **quarantine);

void quarantine_turn(struct router *router);

/* How many sources are refused now. */
size_t quarantine_overfull(const struct quarantine *quarantine);

#endif
