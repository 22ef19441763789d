/* change - one change of many jobs that an operator asked for, as the files that make it see it.
 *
 * changes.h tells when it is made. Each verb has a file: change_jobs (retry, drop), change_parked (quarantine
 * retry, quarantine drop), change_reshare. Each of these offers
 *     x_is_sensible()   whether the request can be carried out; else the answer is a refusal;
 *     x_step()          makes the next portion; true when nothing is left;
 *     x_count()         appends to a sentence what came of the change so far. */
#ifndef FELUCCA_ROUTER_CHANGE_H
#define FELUCCA_ROUTER_CHANGE_H

#include "common/base/text.h"
#include "common/condition/condition.h"
#include "common/jobs/history.h"
#include "common/jobs/request.h"
#include "common/wire/bus.h"
#include "common/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct router;

/* retry: what is known so far of the series of a share that is decided again, over some steps. */
struct change_hearing {
    int64_t share_id;            /* 0: of none */
    const struct config *config; /* by the conditions of this one */
    int64_t heard_id;            /* the last instance that was heard */
    int heard;                   /* how many */
    bool witness_heard, over;
    enum condition_verdict verdict; /* the best answer */
    int64_t witness_id;             /* of that opinion, and active then; 0: none */
    struct text doubt;
};

struct change {
    struct jobdb_request row; /* its texts are not set */
    struct control_request request;
    struct control_answer answer; /* what is said of it so far */
    struct bus_peer peer;         /* who waits for the answer; length 0: nobody */
    int64_t told;                 /* monotonic: when that one was told anything last */
    uint32_t missing_tag;         /* reshare: a tag that no row tells, 0: none */
    bool over;                    /* nothing is left to be done */
    bool waits;                   /* for a header that is being read: the loop wakes when it was */
    bool pauses;                  /* this step has done enough: the same is gone on with in the next one */
    int64_t until;                /* monotonic: when a step has done enough */
    struct change_hearing hearing;
    bool header_doubtful; /* reshare: the file is there, and does not tell it either */
    struct change *next;
};

/* The request is emptied: the change owns what it held. */
struct change *change_create(struct control_request *request, int64_t asked_at);
void change_destroy(struct change **change);

/* NULL, or what is wrong with the choice: by numbers, filters or --all. instances: what is chosen are
 * quarantined files, not jobs. Borrowed for ever. */
const char *change_objection(const struct control_request *request, bool instances);

/* What the step was about is not done with: the next step has to begin with it. */
bool change_holds(const struct change *change);
/* Whether a step may begin with something else that needs time. */
bool change_has_time(const struct change *change);

/* How many more may be changed. */
int64_t change_left(const struct change *change);
/* One thing could not be changed; the answer says why. */
void change_skip(struct change *change, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with which one it was: what is skipped for one reason is one line of the answer, with the first. NULL: that is
 * not told. */
void change_skip_like(struct change *change, const char *example, const char *reason);
/* An event of a job, instance or target, "by" the operator, and what else the detail says (NULL: nothing). */
void change_event(struct router *router, const struct change *change, struct jobdb_event *event,
                  const char *detail);
/* Appends how many jobs or files (noun) were changed and how many were not; "nothing matches" at the end of a
 * change that found none. */
void change_append_count(const struct change *change, const char *noun, struct text *out);

#endif
