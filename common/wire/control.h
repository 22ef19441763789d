/* control - what an operator asks of the router, and what it answers: one JSON object a message.
 *
 * A request is one message of one frame; the router answers with any number of `progress` and one `done` or
 * `refused`, all with the request's id. The id is random and of the client's making: a request that comes
 * twice (its answer was lost, the router died after its commit) is carried out once and answered twice.
 * Whatever comes from the socket is checked here, completely. docs/changing-jobs.md tells what each verb
 * does.
 *
 * Who may open the socket may change things: it has the mode 0600, or 0660 where the state folder belongs to
 * a group that may write there. The user's name in a request is for the history, not for permission. */
#ifndef FELUCCA_WIRE_CONTROL_H
#define FELUCCA_WIRE_CONTROL_H

#include "common/base/json.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_PROTOCOL = 1,
    CONTROL_ID_SIZE = 33,
    CONTROL_TEXT_MAX = 256,
    CONTROL_JOBS_MAX = 1000,
    CONTROL_NOTES_MAX = 20,
    CONTROL_HASH_SIZE = 65,
    CONTROL_EXPRESSION_MAX = 16 << 10, /* bytes of a condition to try */
    CONTROL_HEADER_MAX = 256 << 10,    /* bytes of a header to try, */
    CONTROL_REQUEST_MAX = 512 << 10    /* and of a whole request, which has it as base64 */
};

#define CONTROL_JOB_MEMBERS \
    "destination album state study series reason since limit jobs all job_kind http_status line"
#define CONTROL_FILE_MEMBERS "reason calling_aet called_aet study limit jobs all line"
#define CONTROL_VERB_MAP(X)  /* name, text, done: what the jobs or targets are afterwards, takes */ \
    X(HOLD, "hold", "held", "destination album source")                                             \
    X(RELEASE, "release", "released", "destination album source")                                   \
    X(DESTINATION_MOVE, "destination move", "moved", "destination")                                 \
    X(RETRY, "retry", "retried", CONTROL_JOB_MEMBERS " dry_run anyway")                             \
    X(DROP, "drop", "dropped", CONTROL_JOB_MEMBERS)                                                 \
    X(QUARANTINE_RETRY, "quarantine retry", "retried", CONTROL_FILE_MEMBERS)                        \
    X(QUARANTINE_DELIVER, "quarantine deliver", "delivered", CONTROL_FILE_MEMBERS " destination")   \
    X(QUARANTINE_DROP, "quarantine drop", "dropped", CONTROL_FILE_MEMBERS " now")                   \
    X(FIND, "find", "found", "number number_kind")                                                  \
    X(EXPLAIN, "explain", "explained", "destination album study series")                            \
    X(TRY, "try", "tried", "destination album expression identifying")                              \
    X(TRY_FILE, "try file", "tried", "header")                                                      \
    X(RESHARE, "reshare", "reshared",                                                               \
      "destination album state study series since until dry_run anyway from_kheops")

enum control_verb {
#define X(name, text, done, takes) CONTROL_##name,
    CONTROL_VERB_MAP(X)
#undef X
        CONTROL_VERBS
};

/* Borrowed for ever. */
const char *control_verb_name(enum control_verb verb);
const char *control_verb_done(enum control_verb verb);

#define CONTROL_KIND_MAP(X) \
    X(DELIVERY, "delivery") \
    X(SHARE, "share")       \
    X(FETCH, "fetch")       \
    X(INQUIRY, "inquiry")   \
    X(INSTANCE, "instance") \
    X(COMMITMENT, "commitment")

enum control_kind {
#define X(name, text) CONTROL_##name,
    CONTROL_KIND_MAP(X)
#undef X
        CONTROL_KINDS
};

const char *control_kind_name(enum control_kind kind);

/* One job (or quarantined instance) by its number, "delivery:12". */
struct control_job {
    enum control_kind kind;
    int64_t id;
};

/* What is asked. NULL, 0, empty: not said. Strings are owned. */
struct control_request {
    enum control_verb verb;
    char id[CONTROL_ID_SIZE];
    char *user;                /* who asks, for the history */
    char *destination, *album; /* names */
    char *source;              /* hold, release: an AE title, of whom nothing else is meant */
    char *state;               /* of jobs: "failed", "deferred", … */
    char *study, *series;      /* UIDs */
    char *calling_aet;         /* of quarantined files: who sent them, */
    char *called_aet;          /* and to whom */
    char *job_kind;            /* "delivery", "share", "fetch", "inquiry": these alone */
    char *reason;         /* a part of why a file is in quarantine, or of why jobs failed or are undecided */
    char *number;         /* find: what a person looks for; wiped with the request … */
    char *number_kind;    /* … and which it is: "accession", "patient", "study-id" */
    char *expression;     /* try: a condition in another form than the present one; wiped, too */
    char *header;         /* try file: the beginning of a DICOM file, base64; wiped, too */
    int64_t since, limit; /* received since; at most so many */
    int64_t until;        /* reshare: received until */
    int64_t http_status;  /* of the last answer */
    struct control_job *jobs;
    size_t job_count;
    bool all;     /* everything is meant, on purpose */
    bool line;    /* a line of trouble (common/jobs/line.h): reason is the whole one, and what is not said of
                       * http_status, calling_aet and called_aet is not there */
    bool dry_run; /* it is only told what would be done */
    bool anyway;  /* retry: also where a condition cannot be decided; reshare: no condition is asked */
    bool from_kheops; /* reshare: KHEOPS is asked where nothing here knows the headers any more */
    bool identifying; /* try: who asks may ask also for what identifies a patient */
    bool now;         /* quarantine drop: the files are removed, not kept in dropped/ */
};

/* A random id and the name of the user who runs this process (behind sudo: who called it). 0 or ERR_IO. Any thread's. */
int control_request_start(struct control_request *request, enum control_verb verb);
void control_request_release(struct control_request *request);

/* Appends the JSON. */
void control_request_encode(const struct control_request *request, struct text *out);

/* Reads a message: 0, or ERR_SYNTAX with a sentence for the operator appended to ret_reason; the id, as far
 * as it could be read, is then in *ret_request. Release it in either case. */
int control_request_decode(const char *json, size_t length, struct control_request *ret_request,
                           struct text *ret_reason);

/* The name of a member that is set though the verb has no use for it, borrowed; NULL: none is. Such a request
 * means something else than it would do, and must be refused. */
const char *control_request_surplus(const struct control_request *request);

enum control_stage { CONTROL_PROGRESS, CONTROL_DONE, CONTROL_REFUSED };

struct control_answer {
    char id[CONTROL_ID_SIZE];
    enum control_stage stage;
    int64_t changed;              /* jobs, targets or instances */
    int64_t skipped;              /* asked for, and could not be changed */
    char hash[CONTROL_HASH_SIZE]; /* find: by which the job database knows the number; "": none */
    int64_t already, unmatched;   /* reshare: series with a share; that do not meet the condition */
    int64_t asked;                /* reshare: series about which KHEOPS is asked */
    json_t *explained;        /* explain, try: what was found (router/explain.h, trials.h); NULL: nothing */
    struct text sentence;     /* the whole in words; of `refused`: why */
    struct control_note {     /* why some were skipped */
        char *text, *example; /* owned; example: which was the first, NULL where that says nothing */
        int64_t count;        /* of which that is said */
    } notes[CONTROL_NOTES_MAX + 1]; /* the last one of a decoded answer: how many were left out */
    size_t note_count;
    int64_t unsaid; /* notes that were left out */
};

void control_answer_release(struct control_answer *answer);
/* Adds a note: what was said before is counted, and when there are enough notes, how many more there would be. Encoded it
 * is one text a note. example may be NULL. */
void control_answer_note(struct control_answer *answer, const char *example, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void control_answer_encode(const struct control_answer *answer, struct text *out);
/* 0 or ERR_SYNTAX. Release it in either case. */
int control_answer_decode(const char *json, size_t length, struct control_answer *ret_answer);

#endif
