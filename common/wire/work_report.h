/* work_report - what a source that asked for storage commitment is told: a part of WORK (work.h), and plain C for the bridge
 * that tells it. */
#ifndef FELUCCA_WIRE_WORK_REPORT_H
#define FELUCCA_WIRE_WORK_REPORT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of the instances that a source asked to be committed (PS3.4 section J.3.3). */
struct work_reported {
    char sop_class[65], sop_instance[65];
    int reason; /* 0: committed; else the Failure Reason (0008,1197) */
};

struct work_report {
    char *transaction; /* UID */
    char *called;      /* AE title of the node that was asked, which reports */
    char *address;     /* that it was asked from; "": not known */
    struct work_reported *list;
    size_t count;
};

void work_report_destroy(struct work_report **report);

#ifdef __cplusplus
}
#endif

#endif
