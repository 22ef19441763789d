/* crash - named points at which a process of the test build dies, to prove that it may.
 *
 * The list says, for every durable step of the pipeline: its name, the process, what has just happened, what
 * becomes of it after a crash right there, and what may then be repeated. tests/crash hits each of them in a
 * real process. In programs for use, CRASH_POINT() is nothing; tests/check/test-hooks.sh proves it.
 *
 * In the test build, with FELUCCA_CRASH_AT=NAME[:n][,NAME[:n]…] and FELUCCA_CRASH_MARKS=FOLDER in its
 * environment, a process that comes to the point NAME for the n-th time (1 unless said) writes FOLDER/NAME
 * and sends itself SIGKILL. Where that file exists already it lives on: a crash happens once, over all
 * processes. */
#ifndef FELUCCA_BASE_CRASH_H
#define FELUCCA_BASE_CRASH_H

/* clang-format off */
#define CRASH_POINT_MAP(X) /* name, process, what has just happened, what becomes of it, repeats at most */ \
    /* one process for each association */ \
    X(ASSOCIATION_FILE_MADE, "association", "the part file is made", \
      "the part file is swept; the PACS was told nothing and sends again", NOTHING) \
    X(ASSOCIATION_DATA_WRITTEN, "association", "the data set is written, not flushed", \
      "the part file is swept; the PACS was told nothing and sends again", NOTHING) \
    X(ASSOCIATION_FILE_SYNCED, "association", "the part file is durable", \
      "the part file is swept; the PACS was told nothing and sends again", NOTHING) \
    X(ASSOCIATION_RENAMED, "association", "the file is renamed, its folder not flushed", \
      "delivered; the PACS was told nothing and sends again", INSTANCE) \
    X(ASSOCIATION_FOLDER_SYNCED, "association", "the file is durable under its name", \
      "found by the router's scan; the PACS was told nothing and sends again", INSTANCE) \
    X(ASSOCIATION_HINTED, "association", "the hint is told, Success is not", \
      "delivered; the PACS was told nothing and sends again", INSTANCE) \
    X(ASSOCIATION_ANSWERED, "association", "Success is told", \
      "delivered; the PACS sends the rest again", NOTHING) \
    X(ASSOCIATION_COMMITMENT_SYNCED, "commitment", "a request for commitment is written and flushed, without its name", \
      "the part file is swept; its requester was told nothing and asks again", NOTHING) \
    X(ASSOCIATION_COMMITMENT_DURABLE, "commitment", "a request for commitment is durable", \
      "found by the router's scan and reported; its requester was told nothing, and may ask again", REQUEST) \
    X(ASSOCIATION_COMMITMENT_HINTED, "commitment", "the hint is told, Success is not", \
      "reported; its requester was told nothing, and may ask again", REQUEST) \
    X(ASSOCIATION_COMMITMENT_ANSWERED, "commitment", "Success is told to who asks for commitment", \
      "reported", NOTHING) \
    X(ASSOCIATION_REPORT_ANSWERED, "commitment", "a report on the association is answered, that is not written down", \
      "the committer reports it: nothing tells that it was taken", REQUEST) \
    X(ASSOCIATION_OUTCOME_DURABLE, "commitment", "that a report on the association was answered is durable", \
      "the router finds it", NOTHING) \
    X(HELPER_TOOK_HINT, "helper", "a hint is read, the router does not know", \
      "found by the router's scan", NOTHING) \
    X(HELPER_SENT_HINT, "helper", "a hint is sent to the router", \
      "the receiver starts another helper", NOTHING) \
    X(RECEIVER_FORKED, "receiver", "an association has its process", \
      "the association ends in peace", NOTHING) \
    X(RECEIVER_CHILD_DIED, "receiver", "an association's process died, its part file is there", \
      "the part file is swept at the start", NOTHING) \
    /* the router takes in */ \
    X(ROUTER_ASKED, "router", "a receipt's header is being read", \
      "asked for again: nobody is condemned", NOTHING) \
    X(ROUTER_HEADER_KEPT, "router", "a header is kept, its instance's rows are not written", \
      "taken in again, and its header is kept once more", NOTHING) \
    X(ROUTER_DECIDED, "router", "rows are written, not committed", \
      "taken in again", NOTHING) \
    X(ROUTER_QUEUE_DUE, "router", "rows are committed, the file is still in incoming/", \
      "moved to queue/ at the start", NOTHING) \
    X(ROUTER_QUEUED, "router", "the file is moved to queue/", \
      "nothing is missing", NOTHING) \
    X(ROUTER_ADOPTED, "router", "at the start a file was found still in incoming/", \
      "found again at the next start", NOTHING) \
    X(ROUTER_QUARANTINE_DUE, "router", "a file's quarantine is committed, it is still in incoming/", \
      "moved to quarantine/ at the start", NOTHING) \
    X(ROUTER_QUARANTINED, "router", "a file is moved to quarantine/", \
      "nothing is missing", NOTHING) \
    /* the router hands out and takes results */ \
    X(ROUTER_LEASED, "router", "a batch is marked as sending, not committed", \
      "still queued, handed out again", NOTHING) \
    X(ROUTER_WORK_DUE, "router", "a batch is committed as sending, WORK is not sent", \
      "its worker says HELLO without it: due again after a PING", NOTHING) \
    X(ROUTER_WORK_SENT, "router", "WORK is sent", \
      "the worker says HELLO and has its work adopted", NOTHING) \
    X(ROUTER_RESULT_APPLIED, "router", "a sender's RESULT is applied, not committed", \
      "the sender says it again", NOTHING) \
    X(ROUTER_SHARE_APPLIED, "router", "a sharer's RESULT is applied, not committed", \
      "the sharer says it again", NOTHING) \
    X(ROUTER_INQUIRY_HEARD, "inquiries", "what KHEOPS knows of a series has decided, not committed", \
      "KHEOPS is asked again", REQUEST) \
    X(ROUTER_NOTICE_APPLIED, "notices", "a notifier's RESULT is applied, not committed", \
      "the notifier says it again", NOTHING) \
    X(ROUTER_COMMITMENT_TAKEN, "commitment", "rows of a request for commitment are written, not committed", \
      "taken in again", NOTHING) \
    X(ROUTER_COMMITMENT_DECIDED, "commitment", "the last instance of it is decided, not committed", \
      "decided again", NOTHING) \
    X(ROUTER_REPORT_OFFERED, "commitment", "a report is offered to its association, its file is not written", \
      "offered again, or taken back when the association is over", NOTHING) \
    X(ROUTER_OUTCOME_TAKEN, "commitment", "what came of a report on its association is read, not committed", \
      "read again", NOTHING) \
    X(ROUTER_REPORT_LEASED, "commitment", "a report is marked as going out, not committed", \
      "still queued, handed out again", NOTHING) \
    X(ROUTER_REPORT_APPLIED, "commitment", "a committer's RESULT is applied, not committed", \
      "the committer says it again", NOTHING) \
    X(ROUTER_COMMITMENT_OVER, "commitment", "a reported transaction is committed, its request's file is still there", \
      "the scan finds it and removes it", NOTHING) \
    X(ROUTER_ACK_DUE, "router", "a RESULT is committed, ACK is not sent", \
      "the worker says it again, which changes nothing", NOTHING) \
    X(ROUTER_ACK_SENT, "router", "ACK is sent", \
      "if it is lost the worker says RESULT again, which changes nothing", NOTHING) \
    X(ROUTER_LEASE_LOST, "router", "a dead worker's batch is queued again, not committed", \
      "its lease ends once more", NOTHING) \
    /* the router does what an operator wants */ \
    X(ROUTER_CHANGE_APPLIED, "router", "a portion of an operator's change is applied, not committed", \
      "the change goes on from its last commit, or is asked for again", NOTHING) \
    X(ROUTER_ANSWER_DUE, "router", "an operator's change is committed, its answer is not sent", \
      "the command asks again, which changes nothing, and is answered", NOTHING) \
    /* the router cleans */ \
    X(ROUTER_REMOVE_DUE, "router", "an instance's end is committed, its file is still there", \
      "the janitor finds it by index", NOTHING) \
    X(ROUTER_REMOVED, "router", "the file is removed, its row says queue", \
      "the janitor finds no file and marks the row", NOTHING) \
    X(ROUTER_GONE_MARKED, "router", "the row says gone, not committed", \
      "the same again", NOTHING) \
    X(ROUTER_KEEP_DUE, "router", "a finished file is about to move to kept/", \
      "the janitor finds it by index", NOTHING) \
    X(ROUTER_KEPT, "router", "the file is moved to kept/", \
      "nothing is missing", NOTHING) \
    /* the sender */ \
    X(SENDER_TOOK_WORK, "sender", "WORK came, no request is made", \
      "its lease ends, others make it", NOTHING) \
    X(SENDER_BODY_SENT, "sender", "the request's last byte went out", \
      "its lease ends, the same instances are sent again", REQUEST) \
    X(SENDER_ANSWERED, "sender", "the answer came, nobody has looked at it", \
      "its lease ends, the same instances are sent again", REQUEST) \
    X(SENDER_RESULT_DUE, "sender", "the answer is judged, RESULT is not sent", \
      "its lease ends, the same instances are sent again", REQUEST) \
    X(SENDER_RESULT_SENT, "sender", "RESULT is sent", \
      "if it is lost the same instances are sent again", REQUEST) \
    X(SENDER_ACKNOWLEDGED, "sender", "RESULT is acknowledged", \
      "nothing is missing", NOTHING) \
    /* the sharer */ \
    X(SHARER_TOOK_WORK, "sharer", "WORK came, no request is made", \
      "its lease ends, others make it", NOTHING) \
    X(SHARER_ANSWERED, "sharer", "the series is in the album, nobody has looked at the answer", \
      "its lease ends, the PUT is repeated", REQUEST) \
    X(SHARER_RESULT_DUE, "sharer", "the answer is judged, RESULT is not sent", \
      "its lease ends, the PUT is repeated", REQUEST) \
    X(SHARER_RESULT_SENT, "sharer", "RESULT is sent", \
      "if it is lost the PUT is repeated", REQUEST) \
    X(SHARER_ACKNOWLEDGED, "sharer", "RESULT is acknowledged", \
      "nothing is missing", NOTHING) \
    /* the sharer asks KHEOPS about a series */ \
    X(INQUIRY_TOOK_WORK, "inquiries", "WORK came, no request is made", \
      "its lease ends, others ask", NOTHING) \
    X(INQUIRY_ANSWERED, "inquiries", "KHEOPS told of an instance, nobody has looked at it", \
      "its lease ends, KHEOPS is asked again", REQUEST) \
    X(INQUIRY_RESULT_DUE, "inquiries", "all answers are read, RESULT is not sent", \
      "its lease ends, KHEOPS is asked again", REQUEST) \
    X(INQUIRY_RESULT_SENT, "inquiries", "RESULT is sent", \
      "if it is lost KHEOPS is asked again", REQUEST) \
    /* an import, or a tray */ \
    X(IMPORT_LISTED, "tray", "an instance is in the ledger, its file not flushed", \
      "the part file is swept, the entry is believed by nobody, the file is taken again", NOTHING) \
    X(IMPORT_DURABLE, "tray", "an instance is durable, its file lies where it was", \
      "its ledger knows it: the file is moved away and not taken again", NOTHING) \
    X(TRAY_MOVED, "tray", "a file that was taken is moved away", \
      "nothing is missing", NOTHING) \
    X(TRAY_DELETE_DUE, "tray", "a file that was taken is about to be deleted", \
      "it stays in done/", NOTHING) \
    X(TRAY_FAILED_DUE, "tray", "the sentence on a bad file is written, the file lies where it was", \
      "it is set aside at the next start, and a sentence without a file is left", NOTHING) \
    /* the committer */ \
    X(COMMITTER_TOOK_WORK, "commitment", "WORK came, no association is opened", \
      "its lease ends, it is reported once", NOTHING) \
    X(COMMITTER_ANSWERED, "commitment", "the requester acknowledged the report, nobody has looked at the answer", \
      "its lease ends, the report is made again: nothing tells that it was taken", REQUEST) \
    X(COMMITTER_RESULT_DUE, "commitment", "the answer is judged, RESULT is not sent", \
      "its lease ends, the report is made again: nothing tells that it was taken", REQUEST) \
    X(COMMITTER_RESULT_SENT, "commitment", "RESULT is sent", \
      "if it is lost the report is made again", REQUEST) \
    X(COMMITTER_ACKNOWLEDGED, "commitment", "RESULT is acknowledged", \
      "nothing is missing", NOTHING) \
    /* the notifier */ \
    X(NOTIFIER_TOOK_WORK, "notices", "WORK came, no request is made", \
      "its lease ends, it is told again", NOTHING) \
    X(NOTIFIER_ANSWERED, "notices", "the target took the notice, nobody has looked at the answer", \
      "its lease ends, the notice is told again, under the same id", REQUEST) \
    X(NOTIFIER_RESULT_DUE, "notices", "the answer is judged, RESULT is not sent", \
      "its lease ends, the notice is told again, under the same id", REQUEST) \
    X(NOTIFIER_RESULT_SENT, "notices", "RESULT is sent", \
      "if it is lost the notice is told again, under the same id", REQUEST) \
    X(NOTIFIER_ACKNOWLEDGED, "notices", "RESULT is acknowledged", \
      "nothing is missing", NOTHING)
/* clang-format on */

#ifdef FELUCCA_TEST_HOOKS

#ifdef __cplusplus
extern "C" {
#endif

enum crash_point {
#define X(name, process, happened, becomes, repeats) CRASH_##name,
    CRASH_POINT_MAP(X)
#undef X
        CRASH_POINTS
};

/* May not return. */
void crash_point(enum crash_point point);
/* Aborts where the receipt has the text of FELUCCA_CRASH_ON in it: a file that no parser survives. With that of
 * FELUCCA_SPIN_ON it goes on for ever instead, with that of FELUCCA_BLOAT_ON it takes memory without an end, and with
 * that of FELUCCA_SLOW_ON (empty: any) some time. */
void crash_on_poison(const char *receipt);
/* The folder of the marks, open, for a process that can open no path later; -1: none. */
int crash_marks(void);

#ifdef __cplusplus
}
#endif

#define CRASH_POINT(name)        crash_point(CRASH_##name)
#define CRASH_ON_POISON(receipt) crash_on_poison(receipt)
#define CRASH_MARKS()            crash_marks()
#define CRASH_POINT_IF(condition, name) \
    do {                                \
        if (condition)                  \
            crash_point(CRASH_##name);  \
    } while (0)

#else

#define CRASH_POINT(name)               ((void)0)
#define CRASH_ON_POISON(receipt)        ((void)0)
#define CRASH_MARKS()                   (-1)
/* The condition is checked by the compiler and not evaluated. */
#define CRASH_POINT_IF(condition, name) ((void)sizeof(condition))

#endif

#endif
