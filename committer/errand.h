/* errand - one report on its way, in a process of its own that ends with it.
 *
 * The toolkit waits where it waits: so nobody else does, and what a peer does to it costs this report alone. It ends by
 * itself within ERRAND_SECONDS, whatever the peer does, and with its parent. */
#ifndef FELUCCA_COMMITTER_ERRAND_H
#define FELUCCA_COMMITTER_ERRAND_H

#include "committer/report.h"

#include <stdbool.h>

enum { ERRAND_SECONDS = 120 };

struct errand;

/* Starts it; to and report are read by the new process alone. NULL: no process could be made. */
struct errand *errand_start(const struct report_to *to, const struct work_report *report);
/* Ends the process where it still runs. */
void errand_destroy(struct errand **errand);

/* Readable when it has ended. */
int errand_fd(const struct errand *errand);
/* Once that is so: what came of it; ret_reason as report_make(). */
enum report_end errand_take(struct errand *errand, char *ret_reason);

#endif
