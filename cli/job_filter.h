/* job_filter - which jobs a command is about, by the options that `felucca jobs` and those that change jobs
 * share. */
#ifndef FELUCCA_CLI_JOB_FILTER_H
#define FELUCCA_CLI_JOB_FILTER_H

#include "cli/command.h"
#include "common/jobs/read.h"

enum {
    JOB_FILTER_STATE = 's',
    JOB_FILTER_DESTINATION,
    JOB_FILTER_ALBUM,
    JOB_FILTER_STUDY,
    JOB_FILTER_SERIES,
    JOB_FILTER_SINCE,
    JOB_FILTER_LIMIT,
    JOB_FILTER_UNTIL,
    JOB_FILTER_FROM
};

#define JOB_FILTER_STATES \
    "queued deferred sending sent failed undecided excluded waiting sharing shared fetching fetched asking answered dropped"

/* Rows of a command's table of options, after a row for --state, whose words differ. study: what --study takes. */
#define JOB_FILTER_OPTIONS(study)                                                           \
    {"destination", "NAME", "@destination", "of this destination", JOB_FILTER_DESTINATION}, \
        {"album", "NAME", "@album", "shares to this album", JOB_FILTER_ALBUM},              \
        {"study", "UID", NULL, study, JOB_FILTER_STUDY},                                    \
        {"series", "UID", NULL, "of this series", JOB_FILTER_SERIES},                       \
        {"since", "WHEN", NULL,                                                             \
         "received since: 2h, 7d, 10:00, today, yesterday,\n"                               \
         "2026-01-31, 2026-01-31T08:15",                                                    \
         JOB_FILTER_SINCE},                                                                 \
    {                                                                                       \
        "limit", "N", NULL, "at most so many of each kind", JOB_FILTER_LIMIT                \
    }

/* And those that only lists have. */
#define JOB_FILTER_LIST_OPTIONS                                                           \
    {"until", "WHEN", NULL, "received before then, in the same forms", JOB_FILTER_UNTIL}, \
    {                                                                                     \
        "from", "AET", NULL, "sent by this calling AE title", JOB_FILTER_FROM             \
    }

/* Takes one option into the filter, which borrows the value; other keys change nothing. False: the value is
 * wrong, which has been said. */
bool job_filter_take(struct jobdb_filter *filter, const char *command, int key, const char *value);

/* Whether the database knows the destination and album of the filter; if not, says which names are near. */
bool job_filter_check_names(const struct jobdb_filter *filter, const char *command, struct jobdb *db);

#endif
