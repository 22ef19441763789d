/* job_groups - jobs that are alike, counted: of one kind, state, destination, album, study, sender, and with one
 * reason. In the order in which the first of each came. */
#ifndef FELUCCA_CLI_JOB_GROUPS_H
#define FELUCCA_CLI_JOB_GROUPS_H

#include "common/jobs/read.h"

#include <stddef.h>
#include <stdint.h>

struct job_group {
    char *kind, *state, *destination;
    char *album, *study, *calling_aet, *reason; /* NULL where the jobs have none */
    int64_t count;
    int64_t latest; /* when the last one was received; wall ms */
};

struct job_groups;

struct job_groups *job_groups_create(void);
void job_groups_destroy(struct job_groups **groups);

void job_groups_add(struct job_groups *groups, const struct jobdb_job_row *job);

size_t job_groups_count(const struct job_groups *groups);
/* Borrowed until the next job is added. */
const struct job_group *job_groups_at(const struct job_groups *groups, size_t which);

#endif
