/* states - the states of a delivery, a share, a fetch, an inquiry and an instance, and every move between them.
 *
 *     delivery                                         share
 *
 *        (decided no)──▶ excluded                         (decided yes)──▶ waiting
 *     (decided yes)                                                          │ SERIES_STORED
 *           │                                                                ▼
 *           ▼      LEASED                                           LEASED
 *        queued ───────────▶ sending ──STORED──▶ sent        queued ───────────▶ sharing ──STORED──▶ shared
 *         ▲ ▲                  │  │                           ▲ ▲                  │  │
 *         │ └─TROUBLE,LEASE_LOST  │ REFUSED,                  │ └─TROUBLE,LEASE_LOST  │ REFUSED,
 *         │                       ▼ GIVEN_UP                  │                       ▼ GIVEN_UP
 *         └──────RETRIED────── failed ──DROPPED──▶ dropped    └──────RETRIED────── failed ──DROPPED──▶ dropped
 *
 *     fetch (KHEOPS looks at a study again; made, and made again, when an instance of the study is stored):
 *
 *                  LEASED
 *        queued ───────────▶ fetching ──STORED──▶ fetched            MORE_STORED: from each of them
 *           ▲                  │  │                                  back to queued
 *           └─TROUBLE,LEASE_LOST  └─REFUSED, GIVEN_UP──▶ failed      DROPPED: its row goes
 *
 *     inquiry (KHEOPS is asked for the headers of a series, for `reshare --from-kheops`):
 *
 *                  LEASED
 *        queued ───────────▶ asking ──ANSWERED──▶ answered           RETRIED: from queued, answered and failed
 *           ▲                  │  │                                  back to queued
 *           └─MORE_TO_ASK,     │  └─REFUSED, GIVEN_UP──▶ failed      DROPPED: its row goes
 *             TROUBLE, LEASE_LOST
 *
 *     instance:  active ──FINISHED──▶ done ◀──DROPPED── quarantined ──RETRIED──▶ (its row goes, its file is
 *                                                                                taken in as if it were new)
 *
 *     undecided (delivery and share; decided neither yes nor no):
 *
 *        ──ADMITTED──▶ queued, waiting     ──LEFT_OUT──▶ excluded, (its row goes)     ──DROPPED──▶ dropped
 *         ▲
 *         └──BROUGHT_BACK── excluded, dropped
 *
 * sent, shared, excluded and dropped are final: a person may still have the last two decided again while the
 * file is there. failed is a dead letter, undecided waits for a person: both keep their spool file until
 * somebody retries or drops them. The arrows left out of the picture are in the tables: a late STORED is welcome
 * from queued and failed, a person may drop what is queued, or have it tried at once, and what is queued, failed or
 * undecided is excluded once a newer version of it is stored.
 *
 * Code, tests, docs/job-life.md and the command line read these tables; nothing else moves a job: move.h makes
 * each move by looking it up here. A unit test makes every one of them, and tries every other. */
#ifndef FELUCCA_JOBS_STATES_H
#define FELUCCA_JOBS_STATES_H

#include "common/base/text.h"

#include <stdbool.h>

#define DELIVERY_STATE_MAP(X) /* name, text, meaning */                                      \
    X(QUEUED, "queued", "waits for a sender; deferred when it was tried before")             \
    X(SENDING, "sending", "handed to a sender")                                              \
    X(SENT, "sent", "the destination's answer lists it")                                     \
    X(FAILED, "failed", "refused or given up: somebody must look at it")                     \
    X(UNDECIDED, "undecided", "its condition cannot be decided: somebody must")              \
    X(EXCLUDED, "excluded", "a condition or filter said no, or a newer version replaced it") \
    X(DROPPED, "dropped", "given up by an operator")

enum delivery_state {
#define X(name, text, meaning) DELIVERY_##name,
    DELIVERY_STATE_MAP(X)
#undef X
        DELIVERY_STATES
};

#define SHARE_STATE_MAP(X) /* name, text, meaning */                             \
    X(WAITING, "waiting", "no instance of its series is stored yet")             \
    X(QUEUED, "queued", "waits for a sharer; deferred when it was tried before") \
    X(SHARING, "sharing", "handed to a sharer")                                  \
    X(SHARED, "shared", "the series is in the album")                            \
    X(FAILED, "failed", "refused or given up: somebody must look at it")         \
    X(UNDECIDED, "undecided", "its condition cannot be decided: somebody must")  \
    X(DROPPED, "dropped", "given up by an operator")

enum share_state {
#define X(name, text, meaning) SHARE_##name,
    SHARE_STATE_MAP(X)
#undef X
        SHARE_STATES
};

#define FETCH_STATE_MAP(X) /* name, text, meaning */                               \
    X(QUEUED, "queued", "waits until its study has been quiet, then for a sender") \
    X(FETCHING, "fetching", "handed to a sender")                                  \
    X(FETCHED, "fetched", "KHEOPS has looked at the study again")                  \
    X(FAILED, "failed", "refused or given up; the next instance of the study begins anew")

enum fetch_state {
#define X(name, text, meaning) FETCH_##name,
    FETCH_STATE_MAP(X)
#undef X
        FETCH_STATES
};

#define INQUIRY_STATE_MAP(X) /* name, text, meaning */                                    \
    X(QUEUED, "queued", "waits for a sharer, which asks KHEOPS")                          \
    X(ASKING, "asking", "handed to a sharer, or its answer is being read")                \
    X(ANSWERED, "answered", "what KHEOPS knows has decided whether the series is shared") \
    X(FAILED, "failed", "KHEOPS's answer decides nothing; somebody may look at it")

enum inquiry_state {
#define X(name, text, meaning) INQUIRY_##name,
    INQUIRY_STATE_MAP(X)
#undef X
        INQUIRY_STATES
};

#define INSTANCE_STATE_MAP(X) /* name, text, meaning */          \
    X(ACTIVE, "active", "something is still to be done with it") \
    X(DONE, "done", "every delivery and share is final")         \
    X(QUARANTINED, "quarantined", "could not be taken in: somebody must look at it")

enum instance_state {
#define X(name, text, meaning) INSTANCE_##name,
    INSTANCE_STATE_MAP(X)
#undef X
        INSTANCE_STATES
};

#define MACHINE_MAP(X) /* name, text */ \
    X(DELIVERY, "delivery")             \
    X(SHARE, "share")                   \
    X(FETCH, "fetch")                   \
    X(INQUIRY, "inquiry")               \
    X(INSTANCE, "instance")

enum machine {
#define X(name, text) MACHINE_##name,
    MACHINE_MAP(X)
#undef X
        MACHINES
};

/* Where a move leads when it leaves no state: the row goes. */
enum {
    STATE_GONE = -1,
    SHARE_GONE = STATE_GONE,
    FETCH_GONE = STATE_GONE,
    INQUIRY_GONE = STATE_GONE,
    INSTANCE_GONE = STATE_GONE
};

#define CAUSE_MAP(X) /* name, text: because ... */            \
    X(LEASED, "a worker took it")                             \
    X(STORED, "the destination has it")                       \
    X(TROUBLE, "it did not work this time")                   \
    X(LEASE_LOST, "its worker went away")                     \
    X(REFUSED, "the destination will never accept it")        \
    X(GIVEN_UP, "its attempts or its time are used up")       \
    X(FILE_MISSING, "its spool file is gone")                 \
    X(SERIES_STORED, "an instance of its series is stored")   \
    X(HOPELESS, "nothing of its series is left to be stored") \
    X(MORE_STORED, "more of its study is stored")             \
    X(ANSWERED, "KHEOPS's answer decides it")                 \
    X(MORE_TO_ASK, "more of its series is to be asked for")   \
    X(FINISHED, "everything to do with it is final")          \
    X(ADMITTED, "a condition says yes, or an operator does")  \
    X(LEFT_OUT, "a condition or filter says no")              \
    X(REPLACED, "a newer version of it is stored")            \
    X(BROUGHT_BACK, "an operator wants it decided again")     \
    X(MOVED, "its destination goes to another place")         \
    X(ANEW, "its series is asked for anew")                   \
    X(RETRIED, "an operator wants it tried again")            \
    X(DROPPED, "an operator gave it up")

enum cause {
#define X(name, text) CAUSE_##name,
    CAUSE_MAP(X)
#undef X
        CAUSES
};

#define DELIVERY_MOVE_MAP(X) /* from, because, to */ \
    X(QUEUED, LEASED, SENDING)                       \
    X(QUEUED, STORED, SENT)                          \
    X(QUEUED, GIVEN_UP, FAILED)                      \
    X(QUEUED, FILE_MISSING, FAILED)                  \
    X(QUEUED, REPLACED, EXCLUDED)                    \
    X(QUEUED, RETRIED, QUEUED)                       \
    X(QUEUED, DROPPED, DROPPED)                      \
    X(SENDING, STORED, SENT)                         \
    X(SENDING, TROUBLE, QUEUED)                      \
    X(SENDING, LEASE_LOST, QUEUED)                   \
    X(SENDING, REFUSED, FAILED)                      \
    X(SENDING, GIVEN_UP, FAILED)                     \
    X(SENDING, FILE_MISSING, FAILED)                 \
    X(FAILED, STORED, SENT)                          \
    X(FAILED, REPLACED, EXCLUDED)                    \
    X(FAILED, RETRIED, QUEUED)                       \
    X(FAILED, DROPPED, DROPPED)                      \
    X(UNDECIDED, ADMITTED, QUEUED)                   \
    X(UNDECIDED, LEFT_OUT, EXCLUDED)                 \
    X(UNDECIDED, REPLACED, EXCLUDED)                 \
    X(UNDECIDED, DROPPED, DROPPED)                   \
    X(EXCLUDED, BROUGHT_BACK, UNDECIDED)             \
    X(DROPPED, BROUGHT_BACK, UNDECIDED)

#define SHARE_MOVE_MAP(X) /* from, because, to */ \
    X(WAITING, SERIES_STORED, QUEUED)             \
    X(WAITING, HOPELESS, GONE)                    \
    X(WAITING, REPLACED, UNDECIDED)               \
    X(WAITING, DROPPED, DROPPED)                  \
    X(QUEUED, LEASED, SHARING)                    \
    X(QUEUED, GIVEN_UP, FAILED)                   \
    X(QUEUED, MOVED, WAITING)                     \
    X(QUEUED, REPLACED, UNDECIDED)                \
    X(QUEUED, RETRIED, QUEUED)                    \
    X(QUEUED, DROPPED, DROPPED)                   \
    X(SHARING, STORED, SHARED)                    \
    X(SHARING, TROUBLE, QUEUED)                   \
    X(SHARING, LEASE_LOST, QUEUED)                \
    X(SHARING, REFUSED, FAILED)                   \
    X(SHARING, GIVEN_UP, FAILED)                  \
    X(SHARED, ANEW, GONE)                         \
    X(FAILED, RETRIED, QUEUED)                    \
    X(FAILED, ANEW, GONE)                         \
    X(FAILED, REPLACED, UNDECIDED)                \
    X(FAILED, DROPPED, DROPPED)                   \
    X(UNDECIDED, ADMITTED, WAITING)               \
    X(UNDECIDED, LEFT_OUT, GONE)                  \
    X(UNDECIDED, REPLACED, UNDECIDED)             \
    X(UNDECIDED, DROPPED, DROPPED)                \
    X(DROPPED, ANEW, GONE)                        \
    X(DROPPED, BROUGHT_BACK, UNDECIDED)

#define FETCH_MOVE_MAP(X) /* from, because, to */ \
    X(QUEUED, LEASED, FETCHING)                   \
    X(QUEUED, MORE_STORED, QUEUED)                \
    X(QUEUED, RETRIED, QUEUED)                    \
    X(QUEUED, DROPPED, GONE)                      \
    X(FETCHING, STORED, FETCHED)                  \
    X(FETCHING, TROUBLE, QUEUED)                  \
    X(FETCHING, LEASE_LOST, QUEUED)               \
    X(FETCHING, REFUSED, FAILED)                  \
    X(FETCHING, GIVEN_UP, FAILED)                 \
    X(FETCHED, MORE_STORED, QUEUED)               \
    X(FAILED, MORE_STORED, QUEUED)                \
    X(FAILED, RETRIED, QUEUED)                    \
    X(FAILED, DROPPED, GONE)

#define INQUIRY_MOVE_MAP(X) /* from, because, to */ \
    X(QUEUED, LEASED, ASKING)                       \
    X(QUEUED, RETRIED, QUEUED)                      \
    X(QUEUED, DROPPED, GONE)                        \
    X(ASKING, ANSWERED, ANSWERED)                   \
    X(ASKING, MORE_TO_ASK, QUEUED)                  \
    X(ASKING, TROUBLE, QUEUED)                      \
    X(ASKING, LEASE_LOST, QUEUED)                   \
    X(ASKING, REFUSED, FAILED)                      \
    X(ASKING, GIVEN_UP, FAILED)                     \
    X(ANSWERED, RETRIED, QUEUED)                    \
    X(FAILED, RETRIED, QUEUED)                      \
    X(FAILED, DROPPED, GONE)

#define INSTANCE_MOVE_MAP(X) /* from, because, to */ \
    X(ACTIVE, FINISHED, DONE)                        \
    X(DONE, BROUGHT_BACK, ACTIVE)                    \
    X(QUARANTINED, RETRIED, GONE)                    \
    X(QUARANTINED, DROPPED, DONE)

/* ---- any of them; a state is a number of its machine ---- */

const char *machine_name(enum machine machine);
int state_count(enum machine machine);
/* NULL: STATE_GONE. */
const char *state_name(enum machine machine, int state);
const char *state_meaning(enum machine machine, int state);
bool state_parse(enum machine machine, const char *name, int *ret_state);

/* Where a cause leads from a state; false: this move does not exist and nothing may change. */
bool state_move(enum machine machine, int from, enum cause cause, int *ret_to);
/* The move of a cause that has exactly one in this machine; another cause is a mistake of ours: aborts. */
void state_only_move(enum machine machine, enum cause cause, int *ret_from, int *ret_to);
/* No move leaves it but BROUGHT_BACK: nothing of its spool file is needed any more. failed is not final. */
bool state_is_final(enum machine machine, int state);

const char *cause_name(enum cause cause);
const char *cause_text(enum cause cause);

/* Appends the tables of states and moves as docs/job-life.md has them. */
void states_reference(struct text *out);

/* ---- each by its type ---- */

const char *delivery_state_name(enum delivery_state state);
const char *share_state_name(enum share_state state);
const char *fetch_state_name(enum fetch_state state);
const char *inquiry_state_name(enum inquiry_state state);
const char *instance_state_name(enum instance_state state);

#endif
