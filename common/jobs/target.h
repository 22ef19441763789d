/* target - the destinations and albums of the job database, and what the router has learned of them: whether
 * they work, what KHEOPS said of their tokens, whether an operator holds them.
 *
 * The configuration makes rows and none removes them: a target that it no longer names keeps its jobs, which
 * wait. Rows of targets are few; all of them are read at once. */
#ifndef FELUCCA_JOBS_TARGET_H
#define FELUCCA_JOBS_TARGET_H

#include "common/base/text.h"
#include "common/jobs/jobdb.h"
#include "common/kheops/token_verdict.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

enum jobdb_target_state { TARGET_UP, TARGET_BACKING_OFF, TARGET_BLOCKED };

const char *jobdb_target_state_name(enum jobdb_target_state state);

/* What KHEOPS said last of a token. */
struct jobdb_token {
    bool known;
    enum work_token_state state;
    char *scope, *album; /* "" when not said */
};

/* A destination (album_id 0) or an album. */
struct jobdb_target {
    int64_t destination_id, album_id;
    char *destination, *album; /* names; album NULL for a destination */
    char *origin;              /* of the destination */
    bool configured, held;
    enum jobdb_target_state state;
    int64_t since, until, failures;
    int64_t stored;                   /* jobs that ever succeeded here */
    int64_t fresh_mark;               /* stored when its address or a token of it last changed */
    struct jobdb_token token, source; /* the STOW token of a destination; the two of an album */
    char *home;                       /* of a destination: id of the album that everything goes to; NULL */
    int64_t home_stored; /* stored when that was decided; -1: an operator did, so it is settled */
};

void jobdb_target_release(struct jobdb_target *target);

/* Marks every target as not configured; jobdb_configure() then marks those that are, making new rows. */
void jobdb_unconfigure_all(struct jobdb *db);
/* A destination with another origin than before has nothing of what was stored and shared (place.h), and no home. */
void jobdb_configure(struct jobdb *db, const char *destination, const char *album, const char *origin);
/* Where a destination's (album NULL) or an album's requests go (config/address.h). Whether it is another one than before: what worked there says nothing any more. */
bool jobdb_note_address(struct jobdb *db, const char *destination, const char *album, const char *address);
/* Calls each for every target, destinations first; each takes over what target holds. */
void jobdb_each_target(struct jobdb *db, void (*each)(void *context, struct jobdb_target *target),
                       void *context);
/* Writes what was learned; last_error (NULL: as it was) with the time it happened. */
void jobdb_save_target(struct jobdb *db, const struct jobdb_target *target, const char *last_error,
                       int64_t now);
/* Also into the target. */
void jobdb_save_token(struct jobdb *db, struct jobdb_target *target, const struct work_token *token,
                      int64_t now);
/* What is to be thought of a token by what KHEOPS said last of it; see token_verdict(). */
enum token_verdict jobdb_token_trouble(const struct jobdb_token *token, enum work_token_kind kind,
                                       const struct token_place_facts *facts, struct text *ret_sentence);
/* The id of an active token's album; "" for any other. */
const char *jobdb_token_album(const struct jobdb_token *token);

/* From now on everything of the destination goes to the album with this id. settled: although nothing is stored there
 * yet, no other token changes that. Also into the target. */
void jobdb_save_home(struct jobdb *db, struct jobdb_target *target, const char *album, bool settled);

#endif
