/* progress - how far a long command is, on stderr where that is a terminal: one line, written over. */
#ifndef FELUCCA_CLI_IMPORT_PROGRESS_H
#define FELUCCA_CLI_IMPORT_PROGRESS_H

#include <stdint.h>

/* Starts zeroed. */
struct progress {
    int64_t all_files, all_bytes; /* that there will be; 0: nobody knows */
    int64_t files, bytes;         /* that are done */
    int64_t began, shown;         /* monotonic ms */
    int drawn;                    /* 1: a line stands there */
};

/* Now, or a moment later: at most four times a second. note: in place of the time that is left, or NULL. */
void progress_show(struct progress *progress, const char *note);
/* Takes the line away. */
void progress_clear(struct progress *progress);

#endif
