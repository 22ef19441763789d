/* work - the messages between router and workers: what they say, written and read.
 *
 * A message is two frames: a verb, then one JSON object. docs/architecture.md tells the conversation. Whatever
 * comes from a socket is checked here, completely: work_decode() answers ERR_SYNTAX for anything that is not
 * exactly a message of this protocol, and the reader drops it with a count. */
#ifndef FELUCCA_WIRE_WORK_H
#define FELUCCA_WIRE_WORK_H

#include "common/base/text.h"
#include "common/base/receipt.h"
#include "common/wire/blame.h"
#include "common/wire/proof.h"
#include "common/wire/work_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORK_PROTOCOL = 3,
    WORK_ID_SIZE = 40,
    WORK_SESSION_SIZE = 33,
    WORK_ADDRESS_SIZE = 17,
    WORK_REASON_MAX = 1000,
    WORK_MESSAGE_MAX = 4 << 20,
    WORK_PING_MS = 1000,                /* between two PINGs of a worker */
    WORK_SILENCE_MS = 5000,             /* T: a worker that hears no PONG for so long takes no new work */
    WORK_LEASE_MS = 2 * WORK_SILENCE_MS /* the router's patience with a silent worker, while its loop runs */
};

#define WORK_VERB_MAP(X) /* name, from, meaning */                                                          \
    X(HELLO, "worker", "stage, name, session, protocol, slots, its proof, and the work ids it still holds") \
    X(WHO, "router", "I do not know you: say HELLO; or, with a reason, why you get no work")                \
    X(WORK, "router", "one request to make")                                                                \
    X(RESULT, "worker", "what came of it; resent until acknowledged")                                       \
    X(ACK, "router", "that RESULT is committed")                                                            \
    X(PING, "worker", "I live, and hold these work ids")                                                    \
    X(PONG, "router", "I live; answers PING and HELLO")                                                     \
    X(TOKEN, "worker", "what introspection said about a token; resent until there is a PERMIT")             \
    X(PERMIT, "router", "whether the token of a TOKEN may be used")                                         \
    X(LOOK, "router", "is the server of this target, which backs off, there again?")                        \
    X(SEEN, "worker", "whether it is; said once, and asked again")                                          \
    X(BYE, "worker", "no more work please")

enum work_verb {
#define X(name, from, meaning) WORK_##name,
    WORK_VERB_MAP(X)
#undef X
        WORK_VERBS
};

const char *work_verb_name(enum work_verb verb);

#define WORK_STAGE_MAP(X) /* name, text, who does it, meaning */                         \
    X(SEND, "send", WORK_SEND, "instances of a study, to a destination")                 \
    X(SHARE, "share", WORK_SHARE, "a series, into an album")                             \
    X(FETCH, "fetch", WORK_SEND, "KHEOPS is asked to look at a study that it has again") \
    X(INQUIRE, "inquire", WORK_SHARE, "KHEOPS is asked for the headers of a series")     \
    X(NOTIFY, "notify", WORK_NOTIFY, "a notice, to a webhook or as mail")                \
    X(COMMIT, "commit", WORK_COMMIT, "what was committed, to the source that asked for it")

enum work_stage {
#define X(name, text, worker, meaning) WORK_##name,
    WORK_STAGE_MAP(X)
#undef X
        WORK_STAGES
};

const char *work_stage_name(enum work_stage stage);

/* The stage of the workers that do work of a stage, and say so in HELLO. */
enum work_stage work_stage_worker(enum work_stage stage);

/* What came of one item. */
#define WORK_OUTCOME_MAP(X) /* name, text, meaning */                                 \
    X(DONE, "done", "stored, or shared")                                              \
    X(DUPLICATE, "duplicate", "was there already; counts as done")                    \
    X(RETRY, "retry", "did not work this time")                                       \
    X(REJECT, "reject", "will never be accepted")                                     \
    X(BLOCKED, "blocked", "the destination refuses our token or our request as such") \
    X(MISSING, "missing", "the spool file is not where the router said, or not as long")

enum work_outcome {
#define X(name, text, meaning) WORK_##name##_OUTCOME,
    WORK_OUTCOME_MAP(X)
#undef X
        WORK_OUTCOMES
};

const char *work_outcome_name(enum work_outcome outcome);

enum {
    WORK_UID_SIZE = 65,
    WORK_INQUIRED_MAX = 8,      /* instances that one work asks about: their headers fit into one RESULT */
    WORK_HEADER_MAX = 257 << 10 /* bytes of one of these headers, deflated */
};

/* One instance to send, or (other stages) the one job. */
struct work_item {
    int64_t id;                 /* of the delivery, share, fetch, inquiry, message or commitment */
    char receipt[RECEIPT_SIZE]; /* send only */
    int64_t size;               /* bytes of the spool file; send only */
    char series[65];            /* its Series Instance UID; send only, "" when not told */
    /* Send only. That its UID is there after a request without a good answer proves that it was stored, when ... */
    bool twin;   /* ... no other version of it went there from here, */
    bool absent; /* and its UID was not there before. */
    bool fresh;  /* Nothing of it went there yet: its absence can still be asked about */
};

/* What a person is told: docs/notify.md says what each field means. No patient data, and no UID. */
#define WORK_NOTICE_STATE_MAP(X) /* name, text */ \
    X(BEGINS, "begins")                           \
    X(MORE, "more")                               \
    X(OVER, "over")                               \
    X(TEST, "test")

enum work_notice_state {
#define X(name, text) WORK_NOTICE_##name,
    WORK_NOTICE_STATE_MAP(X)
#undef X
        WORK_NOTICE_STATES
};

const char *work_notice_state_name(enum work_notice_state state);

struct work_notice {
    char *id;    /* the same when it is told again */
    char *cause; /* a word of occasions.h */
    enum work_notice_state state;
    char *destination, *album; /* NULL: it is about none */
    int64_t count, more;
    int64_t since, at; /* wall ms */
};

/* WORK: one request. For a share: one series of study into album. For a fetch: the study at destination. For an inquiry:
 * instances of one series of study, with the source token of album. */
struct work {
    char id[WORK_ID_SIZE];
    enum work_stage stage;
    char *destination;
    char *album;  /* share and inquiry only, else NULL */
    char *study;  /* Study Instance UID */
    char *series; /* share and inquiry only, else NULL */
    char *home; /* id of the album that the destination's deliveries go to; NULL: not known, and of a share */
    char address[WORK_ADDRESS_SIZE]; /* of its target, as the router has it (address.h); "": not compared */
    struct work_notice *notice;      /* notify only, else NULL: destination is then who is told */
    struct work_report *report; /* commit only, else NULL: destination is then the AE title that is told */
    char after[WORK_ID_SIZE];   /* it begins when this work of the same worker has ended well; "": at once */
    bool unasked; /* send only: nothing of the study went there yet, and whether it is there is not known */
    struct work_item *items;
    size_t item_count;
    char (*instances)[WORK_UID_SIZE]; /* inquiry only: their SOP Instance UIDs, at most WORK_INQUIRED_MAX */
    size_t instance_count;
};

void work_destroy(struct work **work);
void work_notice_destroy(struct work_notice **notice);

/* What came of one item of a work. reason is a sentence for the operator, without patient data or token. */
struct work_answer {
    int64_t id;
    char receipt[RECEIPT_SIZE]; /* send only: a late `done` counts where receipt and destination match */
    enum work_outcome outcome;
    enum blame blame; /* whom the answer speaks against */
    int http_status;  /* 0: no answer */
    char *reason;     /* NULL where there is nothing to say; owned by the result */
    bool absent;      /* send only: its UID was not there before anything of it went there */
};

/* What an inquiry learned of one instance. */
struct work_header {
    char instance[WORK_UID_SIZE]; /* its SOP Instance UID */
    struct text kept; /* its header, as common/dicom/kept.h keeps it. Patient data; empty: it is not known */
    char *why;        /* not known: a sentence, without patient data; else NULL */
};

/* RESULT: one answer an item. */
struct work_result {
    char id[WORK_ID_SIZE];
    enum work_stage stage;
    char *destination;
    char *album;                            /* share and inquiry only */
    char *home, address[WORK_ADDRESS_SIZE]; /* as the WORK said them */
    char *opens;  /* id of the album that the STOW token opens with which it was sent; NULL: not known */
    bool unbegun; /* it waited behind another work (after), and goes back: nothing of it went out */
    bool vacant;  /* send only: the study was not there before anything of it went there */
    int64_t not_before_ms; /* Retry-After, from now; 0: nothing said */
    int64_t bytes;         /* sent */
    int64_t milliseconds;
    struct work_answer *answers;
    size_t answer_count;
    struct work_header
        *headers; /* inquiry only: in the order of the WORK's instances, all of them where it is done */
    size_t header_count;
};

/* A result for work with one answer an item, all RETRY, for which nobody is blamed; is then yours. */
struct work_result *work_result_create(const struct work *work);
void work_result_destroy(struct work_result **result);
/* Sets one answer; reason (may be NULL) is copied, cut at WORK_REASON_MAX bytes. */
void work_answer_set(struct work_answer *answer, enum work_outcome outcome, enum blame blame, int http_status,
                     const char *reason);
/* One more header of an inquiry, all empty; borrowed until the next. There must be fewer than WORK_INQUIRED_MAX. */
struct work_header *work_result_add_header(struct work_result *result, const char *instance);
void work_headers_release(struct work_header **headers, size_t count);
/* Whether something in it was done. */
bool work_result_is_good(const struct work_result *result);
/* Whether it was stored, now or before. */
bool work_answer_is_done(const struct work_answer *answer);

enum work_token_kind { WORK_TOKEN_STOW, WORK_TOKEN_DESTINATION, WORK_TOKEN_SOURCE };

#define WORK_TOKEN_STATE_MAP(X) /* name, text, meaning */             \
    X(INACTIVE, "inactive", "unknown, expired, revoked")              \
    X(ACTIVE, "active", "good for what its scope says, in its album") \
    X(PERSON, "person", "a person's login token")                     \
    X(UNTOLD, "untold", "the server does not introspect: nothing is known")

enum work_token_state {
#define X(name, text, meaning) WORK_TOKEN_##name,
    WORK_TOKEN_STATE_MAP(X)
#undef X
        WORK_TOKEN_STATES
};

/* TOKEN: which token of a destination (album NULL: STOW) or album was asked about, and what KHEOPS said. */
struct work_token {
    int64_t serial; /* of this report, for the PERMIT: each of a worker has another, from 1 */
    char *destination, *album;
    enum work_token_kind kind;
    enum work_token_state state;
    bool replaced;      /* it is another token than the one that this worker asked about before */
    char *scope;        /* "" when none */
    char *album_id;     /* "" when none */
    int64_t expires_at; /* wall ms, where the server says it; else 0 */
};
void work_token_destroy(struct work_token **token);

/* PERMIT: the answer to the TOKEN with this serial. Of an album's token it only says that it was heard. */
struct work_permit {
    int64_t serial;
    bool allowed;
    char *reason; /* not allowed: a sentence; else NULL */
};
void work_permit_destroy(struct work_permit **permit);

/* LOOK: the server of a destination (album NULL) or of an album. SEEN: the same, with what came of it. */
struct work_look {
    char *destination, *album;
    char address[WORK_ADDRESS_SIZE]; /* of the target, as the router has it; as in a WORK */
    bool ready;                      /* SEEN */
};
void work_look_destroy(struct work_look **look);

/* One message, of any verb. */
struct work_message {
    enum work_verb verb;
    enum work_stage stage;           /* HELLO */
    char *name;                      /* HELLO: the worker's name */
    char session[WORK_SESSION_SIZE]; /* HELLO, PING, RESULT, BYE */
    int protocol;                    /* HELLO */
    int slots;                       /* HELLO */
    bool follows;                    /* HELLO: it keeps a work until the one that WORK names has ended */
    char proof[PROOF_SIZE];          /* HELLO: that it is a worker (proof.h); "": none */
    char (*held)[WORK_ID_SIZE];      /* HELLO, PING: work ids in hand */
    size_t held_count;
    char (*gone)[WORK_ID_SIZE]; /* WHO, PONG: of the ids that it was told, those that are others' now */
    size_t gone_count;
    char *reason;                    /* WHO: why this worker gets no work; NULL: it does once it says HELLO */
    char acknowledged[WORK_ID_SIZE]; /* ACK */
    struct work *work;               /* WORK */
    struct work_result *result;      /* RESULT */
    struct work_token *token;        /* TOKEN */
    struct work_permit *permit;      /* PERMIT */
    struct work_look *look;          /* LOOK, SEEN */
};

void work_message_release(struct work_message *message);

/* Appends the JSON of a message. */
void work_encode(const struct work_message *message, struct text *out);

/* Reads the two frames. A HELLO of another protocol version needs name, session and protocol only, so that
 * its worker can be told. 0, or ERR_SYNTAX; *ret_message is then empty. Release it in either case. */
int work_decode(const char *verb, size_t verb_length, const char *json, size_t json_length,
                struct work_message *ret_message);

#endif
