/* show - questions about one thing in the job database: a study, a series, an instance, a job; and what a page tells of
 * many of them.
 *
 * Every answer is a list of rows, and every row a list of named fields: numbers, texts, or nothing. Names
 * that end in "_at" or "_until" are times in wall milliseconds. show.c says which fields there are. */
#ifndef FELUCCA_JOBS_SHOW_H
#define FELUCCA_JOBS_SHOW_H

#include "common/jobs/jobdb.h"

#include <stddef.h>
#include <stdint.h>

#define JOBDB_QUESTION_MAP(X) /* name, what a, b and n are; the answer */                                         \
    X(NEXT_STUDY)             /* a, b: the first name from a to below b that is a Study Instance UID */           \
    X(NEXT_SERIES)            /* the same of a Series Instance UID */                                             \
    X(NEXT_SERIES_APART)      /* the same, of series that no destination took */                                  \
    X(NEXT_SERIES_PARKED)     /* the same, of quarantined instances */                                            \
    X(NEXT_SOP_INSTANCE)      /* the same of a SOP Instance UID */                                                \
    X(NEXT_RECEIPT)           /* the same of a receipt */                                                         \
    X(ENDING_STUDIES)         /* a: Study Instance UIDs that end so, at most n */                                 \
    X(ENDING_SERIES)          /* the same of Series Instance UIDs */                                              \
    X(ENDING_SOP_INSTANCES)   /* the same of SOP Instance UIDs */                                                 \
    X(RECEIPT_OF_DELIVERY)    /* n: its id */                                                                     \
    X(RECEIPT_OF_INSTANCE)    /* n: its id */                                                                     \
    X(SERIES_OF_SHARE)        /* n: its id */                                                                     \
    X(SERIES_OF_INQUIRY)      /* n: its id */                                                                     \
    X(STUDY_OF_FETCH)         /* n: its id */                                                                     \
    X(INQUIRIES)              /* a: of the study; b: of one series of it */                                       \
    X(FETCHES)                /* a: of the study */                                                               \
    X(STUDY_OF_SERIES)        /* a: the series */                                                                 \
    X(STUDIES_OF_HASH)        /* a: the hash; its studies, newest first, at most n, -1: all */                    \
    X(RECEIPTS)               /* a: a SOP Instance UID; its receipts, newest first, at most n, -1: all */         \
    X(INSTANCE)               /* a: a receipt */                                                                  \
    X(DELIVERIES)             /* n: of the instance */                                                            \
    X(SHARES)          /* a, b: of the study, and of the series unless NULL; n: the instance that asks */         \
    X(INSTANCE_EVENTS) /* n: of the instance */                                                                   \
    X(SHARE_EVENTS)    /* n: of the share */                                                                      \
    X(SERIES_SUMS)     /* a, b: of the study, and the series unless NULL; one row a series */                     \
    X(DELIVERY_SUMS)   /* a, b: as above; one row a series, destination and state */                              \
    X(UNFINISHED)      /* a, b: as above; at most n deliveries, the failed first */                               \
    X(INSTANCES)       /* a, b: of the study, and of the series unless NULL; by series */                         \
    X(HOME)            /* a, b: destination, origin; the id of the album that everything went to so far */        \
    X(STUDY_REASONS)   /* a: of the study; failed deliveries and shares with one reason, counted */               \
    X(STUDY_MARKS) /* a: of the study; finished deliveries and shares of one moment, counted, the newest first */ \
    X(STUDY_TIMES) /* a: of the study; at most n: when how many were received, decided, put back or ended */      \
    X(STUDY_EVENTS)      /* a: of the study; events that are alike, counted, the newest first */                  \
    X(FAILED_GROUPS)     /* failed jobs with one reason, counted, the most first */                               \
    X(UNDECIDED_GROUPS)  /* the same of undecided ones */                                                         \
    X(QUARANTINE_GROUPS) /* the same of quarantined files, for a sender each */                                   \
    X(STUDY_QUARANTINE)  /* a: of the study; quarantined files with one reason, counted */                        \
    X(JOURNAL)           /* n: events below this id, at most 100, the newest first */                             \
    X(REQUESTS)          /* what operators asked for, at most 50, the newest first */                             \
    X(PACE)              /* n: since then; sums of five minutes over all targets */                               \
    X(RECEIVED)          /* a: since this receipt; the same of what was received */                               \
    X(SENDERS)           /* n: of the instances behind this id; who sent, and what became of it */                \
    X(CONDITION_DAYS)    /* a: the first day; what each condition has said on each day */                         \
    X(LAST_INSTANCE)     /* the id of the newest one */

enum jobdb_question {
#define X(name) JOBDB_ASK_##name,
    JOBDB_QUESTION_MAP(X)
#undef X
};

struct jobdb_field {
    const char *name; /* all borrowed during the call */
    enum { JOBDB_NOTHING, JOBDB_NUMBER, JOBDB_TEXT } kind;
    int64_t number;
    const char *text;
};

/* Calls each for every row of the answer. 0, or the connection's error. */
int jobdb_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n,
              void (*each)(void *context, const struct jobdb_field *fields, size_t count), void *context);

/* Everything read between these two is of one moment. Keep it short: the WAL cannot shrink meanwhile. */
void jobdb_snapshot_begin(struct jobdb *db);
void jobdb_snapshot_end(struct jobdb *db);

#endif
