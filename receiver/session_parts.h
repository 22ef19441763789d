/* session_parts - what the parts of an association's process share: its negotiation and its waiting (session.c), its
 * instances (session_instance.c), what it asks to be committed and is told of that
 * (session_commit.c), and what is told of it in the end (session_report.c). Inside of these alone. */
#ifndef FELUCCA_RECEIVER_SESSION_PARTS_H
#define FELUCCA_RECEIVER_SESSION_PARTS_H

#include "common/base/receipt.h"
#include "common/dicom/identity.h"
#include "common/spool/oddity.h"
#include "receiver/association.h"
#include "receiver/claim.h"
#include "receiver/entrance.h"
#include "common/spool/deposit.h"
#include "receiver/session_start.h"
#include "common/wire/work_report.h"

/* A request whose writer is this process: it may report on it (asked.h). */
struct session_kept {
    char receipt[RECEIPT_SIZE];
    int lock;
};

enum { SESSION_KEPT_MOST = 16 }; /* of further ones the committer reports */

struct session {
    const struct session_start *start;
    struct deposit *deposit;
    struct identity *identity; /* of the data set that comes */
    const struct config_node *node;
    struct claim claim;       /* until it was compared */
    struct entrance entrance; /* of the TLS port; zeros: none */
    struct file_meta meta;    /* of the instance that comes */
    bool coming, identified, mismatched, unfit;
    char calling_aet[FILE_META_AET_SIZE], called_aet[FILE_META_AET_SIZE];
    enum association_verdict verdict;
    char receipt[RECEIPT_SIZE]; /* of the last instance */
    char first[RECEIPT_SIZE];
    int idle_seconds;
    int64_t begun_ms, wound_ms;
    int64_t instances, bytes, refused, mismatches, unfits, odd, commitments, commitments_refused;
    int asked; /* the folder of requests for commitment; -1: it cannot be opened */
    struct session_kept kept[SESSION_KEPT_MOST];
    size_t kept_count;
    size_t due;                 /* the one that is offered; kept_count: none */
    struct work_report *report; /* what is told now; NULL: nothing */
    int64_t told_ms;            /* monotonic: since then */
};

/* Ends the process if it hangs for longer than a peer may be silent. */
void session_wind_alarm(struct session *session);

/* A UID of a peer's, or "-": a modality may write anything into it. */
const char *session_shown(const char *uid);

/* For whoever looks at the status. Borrowed texts, NULL: not known. */
void session_note_oddity(const struct session *session, enum oddity_kind kind, const char *sop_instance,
                         const char *because);

/* Of an association_handler (handler.h), whose context is the session. */
void session_begin(void *context, const struct file_meta *meta);
bool session_data(void *context, const void *bytes, size_t length);
enum association_answer session_finish(void *context);

enum association_commitment session_commit(void *context, const void *bytes, size_t length,
                                           const char *transfer_syntax, const char **ret_comment);

/* Whether one of them is offered, and nothing is told just now. */
bool session_has_report(struct session *session);
const struct work_report *session_report_due(void *context);
/* Its peer does not wait for reports, but goes on: the committer makes them. What is told already is waited for. */
void session_goes_on(struct session *session);
void session_reported(void *context, uint16_t status);

/* How it ended, in the log, the metrics and the status. because: NULL, or how the peer broke the protocol. */
void session_report(const struct session *session, enum association_end end, const char *because);

#endif
