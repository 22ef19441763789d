/* model - what the simulated KHEOPS holds: albums, tokens, studies, series, instances, and what it counted.
 *
 * Everything is behind one mutex: model_lock() before any other call here, model_unlock() after the last use
 * of what it returned. Objects live as long as the model. */
#ifndef FELUCCA_SIM_MODEL_H
#define FELUCCA_SIM_MODEL_H

#include "tests/kheops-sim/dataset_head.h"
#include "tests/kheops-sim/names.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scope { SCOPE_READ = 1, SCOPE_WRITE = 2, SCOPE_DOWNLOAD = 4, SCOPE_SEND = 8, SCOPE_USER = 16 };

struct album {
    char *name;
    char *id;
};

/* A capability token of an album, or (user) one of a person, who chooses the album by ?album=. */
struct token {
    char *text;
    struct album *album; /* NULL: a user token */
    unsigned scopes;
    bool revoked;
    bool author_admin, author_member; /* of the album, still; if not, KHEOPS has revoked it */
    int64_t not_before_ms;            /* monotonic; 0: from the start */
    int64_t expires_at_ms;            /* monotonic: when it stops being good; 0: not in this life */
    int64_t exp;                      /* what introspection tells of that, as other servers do; 0: nothing */
    uint64_t uses;
};

struct instance {
    char sop[HEAD_UID_SIZE], sop_class[HEAD_UID_SIZE], transfer_syntax[HEAD_UID_SIZE];
    uint64_t size;       /* of the part, and ... */
    uint64_t digest;     /* ... of the data set: as it came first, unless the PACS overwrites */
    unsigned stored;     /* how often */
    unsigned changed;    /* how often with another data set than that */
    uint64_t order;      /* 1: the first instance ever stored */
    struct token *token; /* that stored it first */
};

/* A series in an album. */
struct member {
    struct album *album;
    unsigned puts;      /* requests to share it into this album that were answered 201 */
    unsigned early;     /* of these, before an instance was stored */
    unsigned events;    /* what users of the album were told: once */
    const void *joiner; /* the sharing request in flight that brought it */
};

struct series {
    char uid[HEAD_UID_SIZE];
    struct study *study;
    char *attributes[ATTRIBUTES]; /* those of the series; NULL until known */
    const void *introducer;       /* the request in flight that brings its first instance */
    bool described;               /* KHEOPS has its row */
    bool told;                    /* and its attributes are what the PACS tells */
    bool visible;                 /* the fetch after a store worked, so that QIDO shows it */
    struct instance **instances;
    size_t instance_count, instance_capacity;
    struct member *members;
    size_t member_count, member_capacity;
};

/* One STOW request in flight that has instances of a study. */
struct flight {
    const void *request;
    bool introduces; /* it began while nothing of the study was stored */
};

struct study {
    char uid[HEAD_UID_SIZE];
    char *attributes[ATTRIBUTES]; /* those of the study */
    bool described, told;         /* as of a series */
    const void *creator;          /* the request in flight that was the first one with it */
    struct series **series;
    size_t series_count, series_capacity;
    size_t instance_count; /* stored ones */
    struct flight *flights;
    size_t flight_count, flight_capacity;
    /* Most requests at once; and while one of them began before anything was stored. */
    size_t in_flight_max, unknown_in_flight_max;
};

#define KIND_MAP(X)               \
    X(STOW, "stow")               \
    X(SHARE, "share")             \
    X(SHARE_STUDY, "share-study") \
    X(INTROSPECT, "introspect")   \
    X(QIDO, "qido")               \
    X(FETCH, "fetch")             \
    X(METADATA, "metadata")       \
    X(OTHER, "other")

enum kind {
#define X(name, text) KIND_##name,
    KIND_MAP(X)
#undef X
        KINDS
};

const char *kind_name(enum kind kind);

#define PART_MAP(X)                                                                    \
    X(DATABASE, "database")       /* STOW 502, PUT 500, QIDO 401, introspection 500 */ \
    X(PACS, "PACS")               /* STOW 502, all else works */                       \
    X(PROVIDER, "login provider") /* a refused token shows itself as 500 in a PUT */

enum part {
#define X(name, text) PART_##name,
    PART_MAP(X)
#undef X
        PARTS
};

enum { STATUS_MAX = 600 };

struct counters {
    uint64_t requests[KINDS];
    uint64_t answers[KINDS][STATUS_MAX]; /* by HTTP status; [0]: connection dropped on purpose */
    uint64_t bytes;                      /* of request bodies of STOW */
    uint64_t stored;                     /* instances, each time one was */
    uint64_t collisions;                 /* parallel requests that create the same row */
    uint64_t late;                       /* STOW requests that stored after a 504 */
    uint64_t doubled;                    /* instances that were in work in two requests at once */
    uint64_t continues;                  /* requests with Expect: 100-continue */
    uint64_t token_in_url;               /* requests to /api/link/… */
    uint64_t cut;                        /* STOW requests whose client went away */
    uint64_t in_flight, in_flight_max;   /* STOW requests */
    uint64_t whole;                      /* of these, whose body came whole */
};

struct model {
    pthread_mutex_t mutex;
    bool races;              /* parallel requests that create the same row collide, as at KHEOPS */
    bool latin1;             /* the PACS keeps Latin-1 letters only: an Orthanc with its default encoding */
    bool overwrites;         /* the PACS keeps the last bytes of an instance, not the first */
    bool away[PARTS];        /* parts of KHEOPS */
    bool stale_connection;   /* the database came back: the pool holds a dead connection */
    struct work_set *active; /* what is in work (work_set.h) */
    struct album **albums;
    size_t album_count, album_capacity;
    struct token **tokens;
    size_t token_count, token_capacity;
    struct study **studies;
    size_t study_count, study_capacity;
    size_t series_count, instance_count;
    uint64_t next_order;
    struct names albums_by_name, albums_by_id, tokens_by_text, studies_by_uid, series_by_uid,
        instances_by_uid;
    struct counters counters;
};

struct model *model_create(void);
void model_destroy(struct model **model);
void model_lock(struct model *model);
void model_unlock(struct model *model);

/* ---- albums and tokens ---- */

/* The album of that name, made when it is not there. id NULL: one is made. */
struct album *album_get(struct model *model, const char *name, const char *id);
/* NULL when there is none; takes a name or an id. */
struct album *album_find(const struct model *model, const char *name_or_id);

/* A new token; text NULL: one is made (22 letters and digits). album NULL: a user token. NULL when there is
 * such a token already. */
struct token *token_add(struct model *model, const char *text, struct album *album, unsigned scopes);
struct token *token_find(const struct model *model, const char *text);
/* By its dates and its maker. */
bool token_active(const struct token *token);
bool token_can(const struct token *token, unsigned scopes);

/* "read,write send" → scopes; false for another word. scopes_text writes them space-separated into a buffer
 * of SCOPES_TEXT_SIZE. */
enum { SCOPES_TEXT_SIZE = 64 };
bool scopes_parse(const char *text, unsigned *ret_scopes);
const char *scopes_text(unsigned scopes, char *buffer);

/* ---- studies, series, instances ---- */

struct study *study_get(struct model *model, const char *uid);
struct study *study_find(const struct model *model, const char *uid);
struct series *series_get(struct model *model, struct study *study, const char *uid);
struct series *series_find(const struct study *study, const char *uid);
struct instance *instance_find(const struct model *model, const char *sop);

struct arrival {
    const char *sop, *sop_class, *transfer_syntax;
    uint64_t size, digest;
};

/* Gives KHEOPS the rows of a study and a series, with these attributes, unless it has them. */
void series_describe(struct model *model, struct series *series, const struct dataset_head *head);
/* The series with that UID that KHEOPS has a row of, of whatever study; NULL. */
struct series *series_described(const struct model *model, const char *uid);
/* KHEOPS has asked the PACS about a study: its series show in QIDO, and what is compared from now on is what the
 * PACS tells. */
void study_fetched(struct model *model, struct study *study);

/* Counts an instance as stored. */
void instance_store(struct model *model, struct series *series, const struct arrival *arrival,
                    struct token *token);

/* The series' place in an album; NULL when it is not in it. */
struct member *series_member(const struct series *series, const struct album *album);
/* Puts it there when it is not; borrowed until the next call. */
struct member *series_join(struct series *series, struct album *album);
/* Takes it out of the album (an administrator did). */
void series_leave(struct series *series, const struct album *album);

#endif
