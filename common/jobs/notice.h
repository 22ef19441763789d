/* notice - what people are told of: one row for each cause and time, a message for each target, and what was learned of
 * each target.
 *
 * A message is queued, sending or sent. Each is picked by index, in the order of its target, one at a time. */
#ifndef FELUCCA_JOBS_NOTICE_H
#define FELUCCA_JOBS_NOTICE_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

/* One that is not over. */
struct jobdb_notice {
    int64_t id;
    const char *cause, *destination, *album; /* NULL: about none */
    int64_t began_at, count, told, told_at;
};

/* Calls each for every one; the texts are borrowed during the call. */
void jobdb_each_notice(struct jobdb *db, void (*each)(void *context, const struct jobdb_notice *notice),
                       void *context);
/* Returns its id. */
int64_t jobdb_begin_notice(struct jobdb *db, const struct jobdb_notice *notice);
/* Its counts, and when it was told. */
void jobdb_save_notice(struct jobdb *db, const struct jobdb_notice *notice);
void jobdb_end_notice(struct jobdb *db, int64_t id, int64_t now);

/* One message to a target. */
void jobdb_add_message(struct jobdb *db, const struct jobdb_notice *notice, const char *target,
                       enum work_notice_state what, int64_t more, int64_t now);
/* Whether there is, or was, a message of it to the target. */
bool jobdb_is_told(struct jobdb *db, int64_t notice_id, const char *target);
/* Takes the next message of a target into the batch (whose work is set), leases it and tells what it says, which is then
 * yours. False: none waits. */
bool jobdb_pick_message(struct jobdb *db, const char *target, struct jobdb_batch *batch,
                        struct work_notice **ret_notice);
/* The target of a message that this work is, or was; appended. False: there is none. */
bool jobdb_message_target(struct jobdb *db, int64_t id, const char *work, struct text *ret_target);
/* What came of it: taken, or queued again. A message that was sent stays so. */
void jobdb_message_sent(struct jobdb *db, int64_t id, int64_t now);
void jobdb_message_again(struct jobdb *db, int64_t id);

/* A target of notices. */
struct jobdb_recipient {
    const char *name;
    int64_t failures, until; /* in a row; when the next try may be made */
    const char *last_error;  /* NULL: none */
    int64_t last_error_at, sent_at;
    int64_t waiting; /* messages */
};

/* Its failures and times. */
void jobdb_recipient_failed(struct jobdb *db, const char *name, int64_t failures, int64_t until,
                            const char *error, int64_t now);
void jobdb_recipient_took(struct jobdb *db, const char *name, int64_t now);
/* Calls each for every one that something is known of; texts borrowed during the call. 0, or the connection's error. */
int jobdb_each_recipient(struct jobdb *db,
                         void (*each)(void *context, const struct jobdb_recipient *recipient), void *context);

#endif
