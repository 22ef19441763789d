#include "router/intake.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/config/config.h"
#include "common/jobs/intake.h"
#include "common/jobs/quarantine.h"
#include "common/spool/file_meta.h"
#include "router/arrivals.h"
#include "router/counters.h"
#include "router/decide.h"
#include "router/guard.h"
#include "router/outbox.h"
#include "router/pending.h"
#include "router/shared.h"

#include <string.h>
#include <sys/stat.h>

enum {
    SCAN_MS = 10 * 1000,
    NODE_MS = 5 * 60 * 1000, /* after its reception, for a configuration with its node */
    TELL_MS = 60 * 1000,     /* between two lines that some wait for that */
    PARKED_A_TURN = 8,       /* of the quarantine, after the configuration was read again */
    AGAIN_SECONDS = 3,       /* of the processor, for a header that somebody waits for */
    TURN_MAX = 64,           /* headers a turn, and */
    TURN_MS = 250            /* what they may take, so that results and heartbeats never wait long */
};

struct intake {
    struct pending *pending;
    struct guard *guard;
    struct arrivals *arrivals;
    int64_t next_scan; /* monotonic */
    int64_t tell_at;   /* monotonic: not before it is said again that some wait for their node */
    bool look_again;   /* at what was quarantined for want of a node, from this row on: */
    int64_t parked;
};

static const char no_node[] = "no node of the configuration has its called AE title";

int intake_open(const char *state_dir, struct intake **ret_intake)
{
    struct guard *guard = NULL;
    int code = guard_create(state_dir, &guard);
    if (code != 0)
        return code;
    struct intake *intake = memory_new(1, sizeof *intake);
    intake->guard = guard;
    intake->pending = pending_create();
    intake->arrivals = arrivals_create();
    intake->look_again = true; /* another configuration may be why this router was started */
    *ret_intake = intake;
    return 0;
}

void intake_close(struct intake **intake)
{
    if (!*intake)
        return;
    arrivals_destroy(&(*intake)->arrivals);
    pending_destroy(&(*intake)->pending);
    guard_destroy(&(*intake)->guard);
    memory_free(intake);
}

void intake_add(struct router *router, const char *receipt)
{
    pending_add(router->intake->pending, receipt);
}

size_t intake_waiting(const struct router *router)
{
    return pending_count(router->intake->pending);
}

/* ---- one receipt ---- */

/* What is known of a file before and after its header is parsed. */
struct arrival {
    const char *receipt;
    enum spool_place place;
    struct file_meta meta;
    struct jobdb_instance instance;
    struct text path;
    struct text calling_aet, called_aet; /* as the database may have them */
};

static void arrival_release(struct arrival *arrival)
{
    text_release(&arrival->path);
    text_release(&arrival->calling_aet);
    text_release(&arrival->called_aet);
}

static void quarantine_file(struct router *router, const struct arrival *arrival, const char *reason)
{
    log_debug("instance quarantined", LOG_S("receipt", arrival->receipt), LOG_S("reason", reason));
    arrivals_quarantined(router->intake->arrivals, &arrival->instance, reason, router->monotonic);
    jobdb_quarantine(router->db, &arrival->instance, reason, router->now);
    outbox_move(router->outbox, arrival->receipt, arrival->place, SPOOL_QUARANTINE);
    count_taken(router->counters, "quarantined");
}

/* Reads size and file meta header. 0; ERR_SYNTAX: it is no file of ours; others: it cannot be read now. */
static int open_arrival(struct router *router, struct arrival *arrival)
{
    AUTO(fd_close) int fd = -1;
    struct stat status;
    int64_t offset;
    arrival->instance.receipt = arrival->receipt;
    arrival->instance.received_at = receipt_time(arrival->receipt);
    spool_append_path(router->spool, arrival->place, arrival->receipt, &arrival->path);
    int code = spool_open_file(router->spool, arrival->place, arrival->receipt, &fd);
    if (code != 0)
        return code;
    if (fstat(fd, &status) != 0)
        return ERR_IO;
    arrival->instance.size = status.st_size;
    code = file_meta_read(fd, &arrival->meta, &offset);
    if (code != 0)
        return code;
    /* A peer may call itself any bytes; the database and all that read it hold text. */
    utf8_append_checked(&arrival->calling_aet, arrival->meta.calling_aet, strlen(arrival->meta.calling_aet));
    utf8_append_checked(&arrival->called_aet, arrival->meta.called_aet, strlen(arrival->meta.called_aet));
    arrival->instance.calling_aet = text_string(&arrival->calling_aet);
    arrival->instance.called_aet = text_string(&arrival->called_aet);
    arrival->instance.source_address = arrival->meta.source_address;
    arrival->instance.transfer_syntax = arrival->meta.transfer_syntax;
    arrival->instance.urgent = arrival->meta.priority == FILE_META_HIGH;
    return 0;
}

/* The UIDs that count are the data set's. NULL: all there, and the same as the C-STORE command's unless the node
 * accepts others. Else *ret_which is the one that is none, HEADER_UIDS where they are all fine. */
static const char *read_uids(const struct header *header, const struct config_node *node,
                             struct arrival *arrival, enum header_uid *ret_which)
{
    static const char *const missing[HEADER_UIDS] = {
        [HEADER_SOP_CLASS] = "its data set has no valid SOP Class UID (0008,0016)",
        [HEADER_SOP_INSTANCE] = "its data set has no valid SOP Instance UID (0008,0018)",
        [HEADER_STUDY] = "its data set has no valid Study Instance UID (0020,000D)",
        [HEADER_SERIES] = "its data set has no valid Series Instance UID (0020,000E)"};
    struct jobdb_instance *instance = &arrival->instance;
    const char **const places[HEADER_UIDS] = {[HEADER_SOP_CLASS] = &instance->sop_class,
                                              [HEADER_SOP_INSTANCE] = &instance->sop_instance,
                                              [HEADER_STUDY] = &instance->study,
                                              [HEADER_SERIES] = &instance->series};
    for (int i = 0; i < HEADER_UIDS; i++)
        *places[i] = header_uid(header, (enum header_uid)i);
    for (int i = 0; i < HEADER_UIDS; i++) {
        *ret_which = (enum header_uid)i;
        if (!*places[i])
            return missing[i];
    }
    *ret_which = HEADER_UIDS;
    if (node->mismatched_uids == CONFIG_MISMATCH_ACCEPT)
        return NULL;
    if (strcmp(instance->sop_instance, arrival->meta.sop_instance) != 0)
        return "its SOP Instance UID (0008,0018) is not the one of the C-STORE command";
    if (strcmp(instance->sop_class, arrival->meta.sop_class) != 0)
        return "its SOP Class UID (0008,0016) is not the one of the C-STORE command";
    return NULL;
}

/* What is wrong with its UIDs; empty: nothing. A UID is nothing of a patient, so its value may be told. */
static void tell_contradiction(const struct header *header, const struct config_node *node,
                               struct arrival *arrival, struct text *reason)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    enum header_uid which;
    const char *contradiction = read_uids(header, node, arrival, &which);
    if (!contradiction)
        return;
    text_append(reason, contradiction);
    if (which != HEADER_UIDS && header_tell_uid(header, which, &value))
        text_format(reason, ", but %s", text_string(&value));
    if (header_incomplete(header))
        text_format(reason, ": %s", header_incomplete(header));
}

/* What becomes of it, which is decided. */
static void write_down(struct router *router, struct arrival *arrival, const struct decisions *decisions)
{
    struct arrivals_fate fate = {0};
    size_t taken = 0;
    jobdb_take_in(router->db, &arrival->instance, decisions->list, decisions->count, router->now,
                  router->now + router->config->retention_excluded_ms);
    for (size_t i = 0; i < decisions->count; i++) {
        const struct jobdb_decision *decision = &decisions->list[i];
        taken += decision->takes;
        fate.undecided |= decision->undecided || decision->doubt_count > 0;
    }
    fate.excluded = taken == 0 && !fate.undecided;
    CRASH_POINT(ROUTER_DECIDED);
    count_taken(router->counters, taken > 0 ? "taken" : fate.excluded ? "excluded" : "undecided");
    arrivals_taken(router->intake->arrivals, &arrival->instance, fate, router->monotonic);
    log_debug("instance taken in", LOG_S("receipt", arrival->receipt),
              LOG_S("study", arrival->instance.study), LOG_S("sop_instance", arrival->instance.sop_instance),
              LOG_I("destinations", taken));
    outbox_move(router->outbox, arrival->receipt, arrival->place, SPOOL_QUEUE);
    targets_wake(router->targets);
}

static void take_in(struct router *router, struct arrival *arrival, const struct config_node *node,
                    struct header *header)
{
    AUTO(decisions_release) struct decisions decisions = {0};
    int64_t began_ns = clock_monotonic_ns();
    decide(node, NULL, router->targets, &arrival->instance, header_facts(header), &decisions);
    count_decided(router->counters, began_ns);
    if (decisions.unfit.length > 0)
        quarantine_file(router, arrival, text_string(&decisions.unfit));
    else
        write_down(router, arrival, &decisions);
}

/* The step that a hostile file may not survive. */
static int parse_header(const char *path, const struct header_transfer *transfer, struct header **ret_header,
                        struct text *reason)
{
    CRASH_ON_POISON(path);
    return header_read(path, transfer, ret_header, reason);
}

int intake_parse(struct router *router, const char *receipt, enum spool_place place,
                 const struct header_transfer *transfer, struct header **ret_header, struct text *ret_reason)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(router->spool, place, receipt, &path);
    guard_note(router->intake->guard, receipt);
    return parse_header(text_string(&path), transfer, ret_header, ret_reason);
}

void intake_parsed(struct router *router)
{
    guard_clear(router->intake->guard);
}

static void parse_and_decide(struct router *router, struct arrival *arrival, const struct config_node *node)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header_transfer transfer = {arrival->meta.calling_aet, arrival->meta.called_aet,
                                       arrival->meta.source_address, arrival->meta.transfer_syntax};
    guard_note(router->intake->guard, arrival->receipt);
    CRASH_POINT(ROUTER_NOTED);
    int64_t began_ns = clock_monotonic_ns();
    int code = parse_header(text_string(&arrival->path), &transfer, &header, &reason);
    count_parsed(router->counters, began_ns);
    if (code == ERR_SYNTAX) {
        quarantine_file(router, arrival, text_string(&reason));
        return;
    }
    if (code != 0) {
        log_error("cannot read a spool file, retrying at the next scan", LOG_S("receipt", arrival->receipt),
                  LOG_S("error", err_text(code)));
        return;
    }
    tell_contradiction(header, node, arrival, &reason);
    if (reason.length > 0)
        quarantine_file(router, arrival, text_string(&reason));
    else
        take_in(router, arrival, node, header);
}

/* A receipt with a row: its file should be where the row says. */
static void settle_known(struct router *router, const char *receipt, enum spool_place from,
                         enum spool_place place, bool gone)
{
    if (gone)
        outbox_remove(router->outbox, receipt, from, 0);
    else if (place != from)
        outbox_move(router->outbox, receipt, from, place);
}

/* The router may not have read the configuration that the receiver has. What was received long ago waits no longer. */
static bool may_get_a_node(struct router *router, const struct arrival *arrival)
{
    struct intake *intake = router->intake;
    if (arrival->place != SPOOL_INCOMING || router->now - arrival->instance.received_at >= NODE_MS)
        return false;
    if (router->monotonic >= intake->tell_at) {
        intake->tell_at = router->monotonic + TELL_MS;
        log_warning("no node has a file's called AE title: it waits for the configuration to be read again",
                    LOG_S("called", arrival->instance.called_aet), LOG_S("receipt", arrival->receipt));
    }
    return true;
}

static void take_receipt(struct router *router, const char *receipt, enum spool_place from)
{
    AUTO(arrival_release) struct arrival arrival = {.receipt = receipt, .place = from, .path = TEXT_EMPTY};
    enum instance_state state;
    enum spool_place place;
    bool gone;
    if (jobdb_knows(router->db, receipt, &state, &place, &gone)) {
        settle_known(router, receipt, from, place, gone);
        return;
    }
    int code = open_arrival(router, &arrival);
    if (code == ERR_ABSENT)
        return; /* a stale hint */
    if (code == ERR_SYNTAX) {
        quarantine_file(router, &arrival, "it has no file meta header of ours");
        return;
    }
    if (code != 0) {
        log_error("cannot open a spool file, retrying at the next scan", LOG_S("receipt", receipt),
                  LOG_S("error", err_text(code)));
        return;
    }
    const struct config_node *node = config_find_node(router->config, arrival.meta.called_aet);
    if (node)
        parse_and_decide(router, &arrival, node);
    else if (!may_get_a_node(router, &arrival))
        quarantine_file(router, &arrival, no_node);
}

/* Oldest first: incoming/ holds every receipt whose hint got lost. */
static void scan_incoming(struct router *router)
{
    struct intake *intake = router->intake;
    intake->next_scan = router->monotonic + SCAN_MS;
    int code = pending_scan(intake->pending, router->spool);
    if (code != 0)
        log_error("cannot read the spool's incoming folder, retrying", LOG_S("error", err_text(code)));
}

/* ---- what was quarantined for want of a node ---- */

struct parked {
    int64_t ids[PARKED_A_TURN];
    char receipts[PARKED_A_TURN][RECEIPT_SIZE];
    size_t count;
    const struct config *config;
};

static void add_parked(void *context, const struct jobdb_quarantined *file)
{
    struct parked *parked = context;
    if (strcmp(file->reason, no_node) != 0 || !file->called_aet ||
        !config_find_node(parked->config, file->called_aet))
        return;
    parked->ids[parked->count] = file->id;
    memcpy(parked->receipts[parked->count++], file->receipt, RECEIPT_SIZE);
}

static void take_parked(struct router *router)
{
    struct intake *intake = router->intake;
    struct parked parked = {.config = router->config};
    size_t seen = jobdb_read_quarantine(router->db, &intake->parked, PARKED_A_TURN, add_parked, &parked);
    for (size_t i = 0; i < parked.count; i++) {
        log_info("a node has the called AE title of a quarantined file now: taken in again",
                 LOG_S("receipt", parked.receipts[i]));
        jobdb_take_back(router->db, parked.ids[i]);
        take_receipt(router, parked.receipts[i], SPOOL_QUARANTINE);
    }
    intake->look_again = seen == PARKED_A_TURN;
}

void intake_reload(struct router *router)
{
    router->intake->next_scan = router->intake->tell_at = 0;
    router->intake->look_again = true;
    router->intake->parked = 0;
}

void intake_turn(struct router *router)
{
    struct pending *pending = router->intake->pending;
    if (router->intake->look_again)
        take_parked(router);
    if (router->monotonic >= router->intake->next_scan ||
        (pending_count(pending) == 0 && pending_is_missing_some(pending)))
        scan_incoming(router);
    int64_t until = clock_monotonic_ms() + TURN_MS;
    for (size_t i = 0; i < TURN_MAX && pending_count(pending) > 0 && clock_monotonic_ms() < until; i++)
        take_receipt(router, pending_take(pending), SPOOL_INCOMING);
    guard_clear(router->intake->guard);
}

int64_t intake_wakes_at(struct router *router)
{
    return intake_waiting(router) > 0 || router->intake->look_again ? 0 : INT64_MAX;
}

void intake_tell(struct router *router)
{
    arrivals_turn(router->intake->arrivals, router->monotonic);
}

void intake_from_queue(struct router *router, const char *receipt)
{
    take_receipt(router, receipt, SPOOL_QUEUE);
    guard_clear(router->intake->guard);
}

/* ---- after a crash ---- */

static bool is_known(struct router *router, const char *receipt)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    return jobdb_knows(router->db, receipt, &state, &place, &gone);
}

static void parse_once(void *context)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header_transfer transfer = {"", "", "", ""};
    (void)parse_header(context, &transfer, &header, &reason);
}

bool intake_again(struct router *router, int64_t instance_id, const char *receipt, const char **ret_why)
{
    AUTO(arrival_release)
    struct arrival arrival = {.receipt = receipt, .place = SPOOL_QUARANTINE, .path = TEXT_EMPTY};
    int code = open_arrival(router, &arrival);
    *ret_why = code == ERR_ABSENT ? "has no file in quarantine/ any more" : "cannot be read just now";
    if (code != 0 && code != ERR_SYNTAX)
        return false;
    *ret_why = "still crashes the DICOM parser";
    if (!guard_survives(parse_once, (void *)text_string(&arrival.path), AGAIN_SECONDS))
        return false;
    jobdb_take_back(router->db, instance_id);
    take_receipt(router, receipt, SPOOL_QUARANTINE);
    guard_clear(router->intake->guard);
    if (jobdb_find_instance(router->db, receipt) == 0)
        quarantine_file(router, &arrival, "it could not be read when it was to be taken in again");
    return true;
}

/* ---- an operator wants it delivered as it is ---- */

/* NULL: some destination gets it; else why none does. Borrowed from the decisions or for ever. */
static const char *objection_of(const struct decisions *decisions)
{
    const char *why = "its node has no destination";
    if (decisions->unfit.length > 0)
        return text_string(&decisions->unfit);
    for (size_t i = 0; i < decisions->count; i++) {
        if (decisions->list[i].takes)
            return NULL;
        if (i == 0 || decisions->list[i].undecided)
            why = decisions->list[i].why;
    }
    return why;
}

static bool node_has(const struct config_node *node, const char *destination)
{
    for (size_t i = 0; i < node->destination_count; i++) {
        if (strcmp(node->destinations[i].name, destination) == 0)
            return true;
    }
    return false;
}

static bool deliver_arrival(struct router *router, int64_t instance_id, struct arrival *arrival,
                            const struct config_node *node, const char *destination, struct text *ret_why)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(decisions_release) struct decisions decisions = {0};
    const struct header_transfer transfer = {arrival->meta.calling_aet, arrival->meta.called_aet,
                                             arrival->meta.source_address, arrival->meta.transfer_syntax};
    struct config_node lenient = *node;
    lenient.mismatched_uids = CONFIG_MISMATCH_ACCEPT;
    if (header_read(text_string(&arrival->path), &transfer, &header, ret_why) != 0)
        return false;
    tell_contradiction(header, &lenient, arrival, ret_why);
    if (ret_why->length > 0)
        return false;
    decide(node, destination, router->targets, &arrival->instance, header_facts(header), &decisions);
    const char *objection = objection_of(&decisions);
    if (objection) {
        bool undecided = false;
        for (size_t i = 0; i < decisions.count; i++)
            undecided |= decisions.list[i].undecided;
        text_format(ret_why, "%s%s", objection,
                    undecided ? "; name the destination that shall get it: --destination NAME" : "");
        return false;
    }
    jobdb_take_back(router->db, instance_id);
    write_down(router, arrival, &decisions);
    return true;
}

bool intake_deliver(struct router *router, int64_t instance_id, const char *receipt, const char *destination,
                    struct text *ret_why)
{
    AUTO(arrival_release)
    struct arrival arrival = {.receipt = receipt, .place = SPOOL_QUARANTINE, .path = TEXT_EMPTY};
    int code = open_arrival(router, &arrival);
    const struct config_node *node =
        code == 0 ? config_find_node(router->config, arrival.meta.called_aet) : NULL;
    if (code == ERR_ABSENT)
        text_append(ret_why, "it has no file in quarantine/ any more");
    else if (code == ERR_SYNTAX)
        text_append(ret_why, "it has no file meta header of ours");
    else if (code != 0)
        text_append(ret_why, "it cannot be read just now");
    else if (!node)
        text_append(ret_why, no_node);
    else if (destination && !node_has(node, destination))
        text_format(ret_why, "its node %s has no destination %s", node->aet, destination);
    else if (!guard_survives(parse_once, (void *)text_string(&arrival.path), AGAIN_SECONDS))
        text_append(ret_why, "it still crashes the DICOM parser");
    else
        return deliver_arrival(router, instance_id, &arrival, node, destination, ret_why);
    return false;
}

/* The header of a file that was taken in before and parsed again. Its jobs go on. */
static void try_known(struct router *router, const char *receipt)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    enum instance_state state;
    enum spool_place place;
    bool gone;
    if (!jobdb_knows(router->db, receipt, &state, &place, &gone) || gone)
        return;
    if (place == SPOOL_QUEUE)
        (void)spool_find(router->spool, receipt, &place);
    spool_append_path(router->spool, place, receipt, &path);
    if (guard_survives(parse_once, (void *)text_string(&path), GUARD_SECONDS))
        return;
    log_error("a header crashes the DICOM parser: it is not looked at again", LOG_S("receipt", receipt));
    jobdb_poison(router->db, receipt);
}

void intake_after_crash(struct router *router)
{
    char receipt[RECEIPT_SIZE];
    if (!guard_left(router->intake->guard, receipt))
        return;
    AUTO(arrival_release)
    struct arrival arrival = {.receipt = receipt, .place = SPOOL_INCOMING, .path = TEXT_EMPTY};
    if (is_known(router, receipt))
        try_known(router, receipt);
    else if (spool_find(router->spool, receipt, &arrival.place) == 0 && open_arrival(router, &arrival) == 0 &&
             !guard_survives(parse_once, (void *)text_string(&arrival.path), GUARD_SECONDS))
        quarantine_file(router, &arrival, "its header crashes the DICOM parser");
    CRASH_POINT(ROUTER_NOTE_TRIED);
    guard_note(router->intake->guard, receipt);
    guard_clear(router->intake->guard);
}
