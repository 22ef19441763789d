/* acts - the buttons of a row: what an operator may want done with it. For viewers there is none that changes anything. */
#ifndef FELUCCA_CONSOLE_ACTS_H
#define FELUCCA_CONSOLE_ACTS_H

#include "common/base/json.h"
#include "console/who.h"

/* What a button is about; NULL: not said. anyway, now, from_kheops: "yes". */
struct acts_about {
    const char *study, *destination, *album, *state, *since, *reason, *calling_aet, *source, *anyway, *now,
        *from_kheops;
    const char *called_aet, *job_kind, *http_status,
        *line; /* line: "yes", it is a line of trouble and nothing beside */
};

/* Adds one to the list "acts" of the object, which is there afterwards for everybody: { action, label, is_harm, fields:
 * [{ name, value }] }. A reason is cut to what a request takes. */
void acts_add(json_t *object, const struct who *who, const char *verb, const char *label,
              const struct acts_about *about);

/* The same, with a field in which one of these is chosen: options, a list of { value, title, is_set }, is then its own. said
 * stands before it. */
void acts_add_choice(json_t *object, const struct who *who, const char *verb, const char *label,
                     const struct acts_about *about, const char *said, const char *name, json_t *options);

/* The same, for viewers, too: has the condition of an album asked why it got the study, or did not. */
void acts_add_why(json_t *object, const char *label, const struct acts_about *about);

/* "acts" for a row of targets: hold, or release. */
void acts_add_hold(json_t *target, const struct who *who);
/* The same for the reports of a source on storage commitment. */
void acts_add_hold_source(json_t *row, const struct who *who, const char *aet, bool is_held);
/* What may be done with a line of failed or undecided jobs, which has its "state". */
void acts_add_line(json_t *row, const struct who *who);
/* What may be done with a line of files in quarantine: of all studies (NULL), or of one. */
void acts_add_quarantine(json_t *row, const struct who *who, const char *study);

#endif
