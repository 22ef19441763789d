/* study_files - the instances of a study, as conditions are asked of them when they are there already: by their files, while
 * these are in the spool, else by their kept headers (router/headers.h). They are read as the service's user reads them,
 * also while the router is down. */
#ifndef FELUCCA_CLI_STUDY_FILES_H
#define FELUCCA_CLI_STUDY_FILES_H

#include "cli/condition_file.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"

/* One instance. All is borrowed during the call. */
struct study_file {
    const char *series, *sop_instance, *receipt;
    const char *source;          /* what was read: "file" or "kept header" */
    struct condition_file *file; /* NULL: nothing could be read, */
    const char *missing;         /* because */
};

/* Calls each for every instance of the study, and of the series (NULL: all), by series. EXIT_OK; EXIT_NO: there is none, or
 * this user may not read them, which has been said in the name of the command. */
int study_files_each(const char *command, const struct config *config, struct jobdb *db, const char *study,
                     const char *series, void (*each)(void *context, const struct study_file *file),
                     void *context);

/* ---- what is the same of many instances ---- */

/* Answers on instances by series: those that are the same are one, with how many instances have it. Starts zeroed. */
struct study_answers {
    struct study_answer {
        char *series, *text;
        int64_t instances;
    } * list;
    size_t count, capacity;
};

void study_answers_add(struct study_answers *answers, const char *series, const char *text);
void study_answers_release(struct study_answers *answers);

/* Appends "12 instances". */
void study_answers_append_count(int64_t instances, struct text *out);

#endif
