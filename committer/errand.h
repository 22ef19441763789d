/* errand - one report on its way, in a process of its own that ends with it.
 *
 * The toolkit waits where it waits: so nobody else does, and what a peer does to it costs this report alone. It ends by
 * itself within ERRAND_SECONDS, whatever the peer does, and with its parent. */
#ifndef FELUCCA_COMMITTER_ERRAND_H
#define FELUCCA_COMMITTER_ERRAND_H

#include "committer/report.h"

#include <stdbool.h>

enum { ERRAND_SECONDS = 120, ERRAND_RELEASE_SECONDS = 5 };

struct errand;

/* Starts it; to and report are read by the new process alone, which is confined (confinement.h) unless told otherwise. NULL: no
 * process could be made. */
struct errand *errand_start(const struct report_to *to, const struct work_report *report, bool confined);
/* Ends the process where it still runs. */
void errand_destroy(struct errand **errand);

/* Hangs up (POLLHUP) when it has ended. That it becomes readable before says nothing: the association of a report that was
 * answered is still released, for ERRAND_RELEASE_SECONDS at most, and until then its source may take no other one. */
int errand_fd(const struct errand *errand);
/* Once that is so: what came of it, and why (REPORT_REASON_SIZE bytes). */
enum report_end errand_take(struct errand *errand, char *ret_reason);

#endif
