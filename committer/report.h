/* report - one N-EVENT-REPORT of Storage Commitment over an association of its own (PS3.4 section J.3.3): the only file
 * that knows DCMTK here.
 *
 * Felucca proposes the association as SCP of the class (role selection, PS3.7 section D.3.3.4), under the AE title of the
 * node that was asked. It blocks for as long as the peer lets it, within bounded times; whoever calls it sees to that. No C++ type
 * and no exception crosses this header, and DCMTK's own log is silent. */
#ifndef FELUCCA_COMMITTER_REPORT_H
#define FELUCCA_COMMITTER_REPORT_H

#include "common/wire/work_report.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where it goes. */
struct report_to {
    const char *host;
    int port;
    const char *calling_aet, *called_aet; /* the node's, and the source's */
};

enum report_end {
    REPORT_TAKEN,    /* acknowledged */
    REPORT_UNWANTED, /* answered: its source knows nothing of the transaction */
    REPORT_NOT_TAKEN
};

enum { REPORT_REASON_SIZE = 240 };

/* Once in a process: loads DCMTK's dictionary. 0, or ERR_ABSENT when there is none. */
int report_prepare(void);

struct report_listener {
    void *context;
    /* There is a connection, and nothing was read from it yet. */
    void (*connected)(void *context);
    /* What came of it, once, with a sentence ("" where it was taken). */
    void (*tell)(void *context, enum report_end end, const char *reason);
};

/* Makes it. An association that was made is released after the listener was told: what its source has answered counts,
 * whatever it does then. */
void report_make(const struct report_to *to, const struct work_report *report,
                 const struct report_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
