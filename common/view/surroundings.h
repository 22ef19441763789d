/* surroundings - what the job database cannot tell of the whole: whether the router runs, how full the disk is,
 * who keeps the database's log from shrinking,
 * and whom receivers turned away. */
#ifndef FELUCCA_VIEW_SURROUNDINGS_H
#define FELUCCA_VIEW_SURROUNDINGS_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/wal.h"
#include "common/spool/owner.h"
#include "common/spool/rejections.h"
#include "common/spool/spool.h"
#include "common/spool/standby.h"

enum { SURROUNDINGS_REJECTIONS = 10 };

struct surroundings {
    struct spool_room room; /* of the spool; -1: unknown */
    json_t *resting;        /* workers that lack something (common/spool/resting.h); empty without a router */
    struct text overfull;   /* calling AE titles that are refused, a line each (common/spool/overfull.h) */
    struct text unconfined; /* what the kernel refuses of the sandbox (common/spool/unconfined.h) */
    struct text oddities;   /* the last ones of the peers, a line each (common/spool/oddity.h) */
    json_t *oddities_json;
    struct text trays;           /* those whose files are not taken, a line each (trays_seen.h) */
    json_t *trays_json;          /* all of them; NULL: the configuration has none */
    int router;                  /* 1: it runs, 0: it does not, -1: unknown */
    bool has_owner, has_standby; /* of the state folder; a router that waits for it */
    struct owner owner;
    struct standby standby;
    struct jobdb_wal wal;
    struct rejections_kind rejections[SURROUNDINGS_REJECTIONS]; /* of the last hour */
    size_t rejection_count;
};

void surroundings_release(struct surroundings *surroundings);

/* Of one that is zeroed: release it. While this process has not opened the job database (common/jobs/wal.h says why). */
void surroundings_look(const struct config *config, struct surroundings *ret_surroundings);
/* The same while other threads of this process may have it open. */
void surroundings_look_beside(const struct config *config, struct jobdb_wal_watch *watch,
                              struct surroundings *ret_surroundings);

/* How many received files the router has not taken in yet; 0 where the spool cannot be read. */
int64_t surroundings_incoming(const struct config *config);

enum surroundings_trouble {
    SURROUNDINGS_STANDBY, /* a router waits for the state folder; the first line of `felucca status` */
    SURROUNDINGS_SHARED, /* and that is nothing that passes: two hosts have it, or who has it does not live */
    SURROUNDINGS_ROUTER, /* it does not run */
    SURROUNDINGS_DISK,   /* it is too full to receive */
    SURROUNDINGS_OVERFULL, /* sources are refused, since they fill the quarantine */
    SURROUNDINGS_WORKER,   /* a worker lacks something: a line for each */
    SURROUNDINGS_READER,   /* somebody keeps the database's log from shrinking */
    SURROUNDINGS_PROXY, /* the environment names a proxy, and the configuration does not say whether it is used */
    SURROUNDINGS_TRAY,       /* a tray's files are not taken: a line for each */
    SURROUNDINGS_UNCONFINED, /* the kernel refuses some of the sandbox */
    SURROUNDINGS_TROUBLES
};

/* Whether there is that trouble; then a sentence, with what to do about it, is appended: of workers one line each, with line
 * ends between them. */
bool surroundings_tell(const struct surroundings *surroundings, const struct config *config,
                       enum surroundings_trouble trouble, struct text *sentence);

/* A line for each trouble but the first two, which say the same; appended. */
void surroundings_append_troubles(const struct surroundings *surroundings, const struct config *config,
                                  struct text *lines);

/* The same as members of the object. */
void surroundings_add_json(const struct surroundings *surroundings, json_t *object);

#endif
