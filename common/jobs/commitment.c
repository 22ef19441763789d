#include "common/jobs/commitment.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/item.h"
#include "common/jobs/row.h"

#include <string.h>

#define ITS_ROW                                                                                                 \
    "c.id, c.transaction_uid, c.calling_aet, c.called_aet, c.state, c.asked_at, c.instances, c.open, c.denied," \
    " c.tries, c.reason, coalesce(q.until, 0), c.finished_at"
#define ITS_REPORT "calling_aet, called_aet, receipt, transaction_uid, decided_at, instances, denied, tries"
#define OF_COMMITMENT \
    " FROM commitment c LEFT JOIN requester q ON q.calling_aet = c.calling_aet AND q.called_aet = c.called_aet"

/* clang-format off */
#define STATEMENTS(X) \
    X(KNOWS_COMMITMENT, "", "SELECT state IN ('reported', 'dropped') FROM commitment WHERE receipt = ?1") \
    X(FIND_OPEN, "", \
      "SELECT id, state = 'failed' FROM commitment WHERE transaction_uid = ?1 AND calling_aet = ?2 AND called_aet = ?3" \
      " AND state NOT IN ('reported', 'dropped') LIMIT 1") \
    X(UNDECIDED_OF, "", \
      "SELECT coalesce(sum(open), 0) FROM commitment INDEXED BY commitment_open" \
      " WHERE state = 'waiting' AND state IN ('waiting', 'queued', 'reporting', 'failed') AND calling_aet = ?1") \
    X(ADD_COMMITMENT, "", \
      "INSERT INTO commitment (receipt, transaction_uid, calling_aet, called_aet, source_address, state, asked_at," \
      " patience_until, instances, open) VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?7, ?8, ?8)") \
    X(ADD_REPEATED, "", \
      "INSERT INTO commitment (receipt, transaction_uid, calling_aet, called_aet, source_address, state, asked_at," \
      " patience_until, instances, open, reason, finished_at)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, 'dropped', ?6, ?7, ?8, 0, 'it was asked for while the same transaction was open', ?9)") \
    X(ADD_REFERENCED, "", \
      "INSERT INTO referenced (commitment_id, sop_class, sop_instance) VALUES (?1, ?2, ?3)") \
    X(EACH_REFERENCED, "", \
      "SELECT r.id, r.commitment_id, r.sop_class, r.sop_instance, c.calling_aet, c.called_aet, c.receipt" \
      " FROM referenced r JOIN commitment c ON c.id = r.commitment_id" \
      " WHERE r.outcome IS NULL AND r.id > ?1 ORDER BY r.id LIMIT ?2") \
    X(VERSIONS, "", \
      "SELECT i.id, i.receipt, i.state, i.sop_class FROM instance i WHERE i.sop_instance = ?1 AND i.called_aet = ?2") \
    X(DELIVERIES_OF, "", \
      "SELECT d.name, w.state FROM delivery w JOIN destination d ON d.id = w.destination_id" \
      " WHERE w.instance_id = ?1") \
    X(DECIDE, "", "UPDATE referenced SET outcome = ?2 WHERE id = ?1 AND outcome IS NULL") \
    X(COUNT_DECIDED, "", "UPDATE commitment SET open = open - 1, denied = denied + ?2 WHERE id = ?1") \
    X(DECIDE_REST, "", "UPDATE referenced SET outcome = ?2 WHERE commitment_id = ?1 AND outcome IS NULL") \
    X(COUNT_REST, "", "UPDATE commitment SET denied = denied + open, open = 0 WHERE id = ?1") \
    X(ALL_DECIDED, "", \
      "UPDATE commitment SET state = 'queued', decided_at = ?2 WHERE id = ?1 AND state = 'waiting' AND open = 0") \
    X(IMPATIENT, "", \
      "SELECT id, calling_aet, called_aet FROM commitment WHERE state = 'waiting' AND patience_until <= ?1" \
      " ORDER BY patience_until LIMIT 1") \
    X(PICK_REPORT, "", \
      "SELECT " COMMITMENT_ITEM ", c.transaction_uid, c.source_address FROM commitment c" \
      " WHERE c.calling_aet = ?1 AND c.called_aet = ?2 AND c.state = 'queued' ORDER BY c.id LIMIT 1") \
    X(EACH_QUEUED, "", \
      "SELECT id, calling_aet, called_aet, receipt FROM commitment" \
      " WHERE calling_aet = ?1 AND called_aet = ?2 AND state = 'queued' ORDER BY id LIMIT ?3") \
    X(EACH_OFFERED, "", \
      "SELECT id, calling_aet, called_aet, receipt FROM commitment" \
      " WHERE state = 'reporting' AND work = '" JOBDB_BY_ASSOCIATION "'") \
    X(OFFER_REPORT, "", \
      "UPDATE commitment SET state = 'reporting', work = '" JOBDB_BY_ASSOCIATION "', tries = tries + 1" \
      " WHERE id = ?1 AND state = 'queued'") \
    X(ITS_TRANSACTION, "", "SELECT transaction_uid, source_address, called_aet FROM commitment WHERE id = ?1") \
    X(REPORT_LIST, "", \
      "SELECT sop_class, sop_instance, coalesce(outcome, 0) FROM referenced WHERE commitment_id = ?1 ORDER BY id") \
    X(LEASE_REPORT, "", \
      "UPDATE commitment SET state = 'reporting', work = ?2, tries = tries + 1 WHERE id = ?1 AND state = 'queued'") \
    X(FIND_REPORT, "", "SELECT " ITS_REPORT " FROM commitment WHERE id = ?1 AND work = ?2") \
    X(FIND_COMMITMENT, "", "SELECT " ITS_REPORT " FROM commitment WHERE id = ?1") \
    X(REPORT_TAKEN, "", \
      "UPDATE commitment SET state = 'reported', finished_at = ?2, reason = NULL" \
      " WHERE id = ?1 AND state IN ('reporting', 'queued', 'failed')") \
    X(REPORT_AGAIN, "", \
      "UPDATE commitment SET state = 'queued', reason = coalesce(?2, reason) WHERE id = ?1 AND state = 'reporting'") \
    X(REPORT_FAILED, "", \
      "UPDATE commitment SET state = 'failed', reason = ?2 WHERE id = ?1 AND state = 'reporting'") \
    X(RETRY, "", \
      "UPDATE commitment SET state = 'queued', decided_at = ?2 WHERE id = ?1 AND state IN ('failed', 'queued')") \
    X(RETRY_SOURCE, "", \
      "UPDATE requester SET until = 0 WHERE (calling_aet, called_aet) =" \
      " (SELECT calling_aet, called_aet FROM commitment WHERE id = ?1)") \
    X(DROP, "", \
      "UPDATE commitment SET state = 'dropped', finished_at = ?2 WHERE id = ?1" \
      " AND state IN ('waiting', 'queued', 'failed')") \
    X(DROP_REFERENCED, "", "UPDATE referenced SET outcome = 272 WHERE commitment_id = ?1 AND outcome IS NULL") \
    X(COUNT_OPEN, "", \
      "SELECT state, count(*) FROM commitment WHERE state IN ('waiting', 'queued', 'reporting', 'failed')" \
      " GROUP BY state") \
    X(OPEN_ONES, "", \
      "SELECT " ITS_ROW ", -1" OF_COMMITMENT \
      " WHERE c.state = ?1 AND c.state IN ('waiting', 'queued', 'reporting', 'failed') ORDER BY c.id LIMIT ?2") \
    X(OF_STUDY, "", \
      "SELECT " ITS_ROW ", -1" OF_COMMITMENT \
      " WHERE c.id IN (SELECT r.commitment_id FROM instance i JOIN referenced r ON r.sop_instance = i.sop_instance" \
      " WHERE i.study = ?1) ORDER BY c.id DESC LIMIT 50") \
    X(OF_INSTANCE, "", \
      "SELECT " ITS_ROW ", coalesce(r.outcome, -1) FROM referenced r JOIN commitment c ON c.id = r.commitment_id" \
      " LEFT JOIN requester q ON q.calling_aet = c.calling_aet AND q.called_aet = c.called_aet" \
      " WHERE r.sop_instance = ?1")
/* clang-format on */
JOBDB_STATEMENTS(commitment)

/* ---- taking one in ---- */

bool jobdb_knows_commitment(struct jobdb *db, const char *receipt, bool *ret_over)
{
    int64_t over = row_first(jobdb_query(db, SQL_KNOWS_COMMITMENT, "s", receipt), -1);
    *ret_over = over == 1;
    return over >= 0;
}

int64_t jobdb_find_open_commitment(struct jobdb *db, const struct jobdb_commitment *commitment,
                                   bool *ret_failed)
{
    AUTO(row_end)
    struct row row = jobdb_query(db, SQL_FIND_OPEN, "sss", commitment->transaction, commitment->calling,
                                 commitment->called);
    if (!row_next(&row))
        return 0;
    int64_t id = row_number(&row);
    *ret_failed = row_int(&row) != 0;
    return id;
}

int64_t jobdb_undecided_of(struct jobdb *db, const char *calling)
{
    return row_first(jobdb_query(db, SQL_UNDECIDED_OF, "s", calling), 0);
}

int64_t jobdb_add_commitment(struct jobdb *db, const struct jobdb_commitment *commitment)
{
    (void)jobdb_change(db, SQL_ADD_COMMITMENT, "sssssiii", commitment->receipt, commitment->transaction,
                       commitment->calling, commitment->called, commitment->address, commitment->asked_at,
                       commitment->patience_until, commitment->instances);
    return jobdb_last_id(db);
}

void jobdb_add_repeated(struct jobdb *db, const struct jobdb_commitment *commitment, int64_t now)
{
    (void)jobdb_change(db, SQL_ADD_REPEATED, "sssssiiii", commitment->receipt, commitment->transaction,
                       commitment->calling, commitment->called, commitment->address, commitment->asked_at,
                       commitment->patience_until, commitment->instances, now);
}

void jobdb_add_referenced(struct jobdb *db, int64_t commitment_id, const char *sop_class,
                          const char *sop_instance)
{
    (void)jobdb_change(db, SQL_ADD_REFERENCED, "iss", commitment_id, sop_class, sop_instance);
}

/* ---- deciding ---- */

size_t jobdb_each_referenced(struct jobdb *db, int64_t after, struct jobdb_referenced *list, size_t most)
{
    size_t count = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_REFERENCED, "ii", after, (int64_t)most);
    while (count < most && row_next(&row)) {
        struct jobdb_referenced *item = &list[count++];
        item->id = row_number(&row);
        item->commitment_id = row_number(&row);
        row_copy(&row, item->sop_class, sizeof item->sop_class);
        row_copy(&row, item->sop_instance, sizeof item->sop_instance);
        row_copy(&row, item->calling, sizeof item->calling);
        row_copy(&row, item->called, sizeof item->called);
        row_copy(&row, item->receipt, sizeof item->receipt);
    }
    return count;
}

/* The order of versions is RECEIPT_ORDER's (item.h). */
void jobdb_find_newest(struct jobdb *db, const char *sop_instance, const char *called,
                       struct jobdb_fate_of *ret_fate)
{
    enum { TIME_DIGITS = 12 };
    char newest[RECEIPT_SIZE] = "";
    *ret_fate = (struct jobdb_fate_of){.instance_id = 0};
    AUTO(row_end) struct row row = jobdb_query(db, SQL_VERSIONS, "ss", sop_instance, called);
    while (row_next(&row)) {
        char receipt[RECEIPT_SIZE];
        int64_t id = row_number(&row);
        row_copy(&row, receipt, sizeof receipt);
        int order = strncmp(receipt, newest, TIME_DIGITS);
        if (order < 0 || (order == 0 && id < ret_fate->instance_id))
            continue;
        memcpy(newest, receipt, sizeof newest);
        ret_fate->instance_id = id;
        ret_fate->quarantined = strcmp(row_text(&row), "quarantined") == 0;
        row_copy(&row, ret_fate->sop_class, sizeof ret_fate->sop_class);
    }
}

void jobdb_each_delivery_of(struct jobdb *db, int64_t instance_id,
                            void (*each)(void *context, const char *destination, const char *state),
                            void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_DELIVERIES_OF, "i", instance_id);
    while (row_next(&row)) {
        const char *destination = row_text(&row);
        const char *state = row_text(&row);
        each(context, destination, state);
    }
}

bool jobdb_decide_referenced(struct jobdb *db, const struct jobdb_referenced *referenced, int outcome,
                             int64_t now)
{
    if (jobdb_change(db, SQL_DECIDE, "ii", referenced->id, (int64_t)outcome) == 0)
        return false;
    (void)jobdb_change(db, SQL_COUNT_DECIDED, "ii", referenced->commitment_id, (int64_t)(outcome != 0));
    return jobdb_change(db, SQL_ALL_DECIDED, "ii", referenced->commitment_id, now) > 0;
}

void jobdb_decide_rest(struct jobdb *db, int64_t commitment_id, int outcome, int64_t now)
{
    (void)jobdb_change(db, SQL_DECIDE_REST, "ii", commitment_id, (int64_t)outcome);
    (void)jobdb_change(db, SQL_COUNT_REST, "i", commitment_id);
    (void)jobdb_change(db, SQL_ALL_DECIDED, "ii", commitment_id, now);
}

int64_t jobdb_next_impatient(struct jobdb *db, int64_t now, struct text *ret_calling, struct text *ret_called)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_IMPATIENT, "i", now);
    if (!row_next(&row))
        return 0;
    int64_t id = row_number(&row);
    text_append(ret_calling, row_text(&row));
    text_append(ret_called, row_text(&row));
    return id;
}

/* ---- reporting ---- */

static void read_list(struct jobdb *db, int64_t id, struct work_report *report)
{
    size_t capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_REPORT_LIST, "i", id);
    while (row_next(&row)) {
        report->list = memory_grow(report->list, &capacity, report->count + 1, sizeof *report->list);
        struct work_reported *reported = &report->list[report->count++];
        row_copy(&row, reported->sop_class, sizeof reported->sop_class);
        row_copy(&row, reported->sop_instance, sizeof reported->sop_instance);
        reported->reason = row_int(&row);
    }
}

static void read_offered(struct row *row, struct jobdb_offered *ret_offered)
{
    ret_offered->id = row_number(row);
    row_copy(row, ret_offered->calling, sizeof ret_offered->calling);
    row_copy(row, ret_offered->called, sizeof ret_offered->called);
    row_copy(row, ret_offered->receipt, sizeof ret_offered->receipt);
}

size_t jobdb_each_queued_report(struct jobdb *db, const char *calling, const char *called,
                                struct jobdb_offered *list, size_t most)
{
    size_t count = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_QUEUED, "ssi", calling, called, (int64_t)most);
    while (count < most && row_next(&row))
        read_offered(&row, &list[count++]);
    return count;
}

void jobdb_each_offered(struct jobdb *db, void (*each)(void *context, const struct jobdb_offered *offered),
                        void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_OFFERED, "");
    while (row_next(&row)) {
        struct jobdb_offered offered;
        read_offered(&row, &offered);
        each(context, &offered);
    }
}

bool jobdb_offer_report(struct jobdb *db, int64_t id)
{
    return jobdb_change(db, SQL_OFFER_REPORT, "i", id) > 0;
}

struct work_report *jobdb_read_report(struct jobdb *db, int64_t id)
{
    struct work_report *report = memory_new(1, sizeof *report);
    AUTO(row_end) struct row row = jobdb_query(db, SQL_ITS_TRANSACTION, "i", id);
    bool found = row_next(&row);
    report->transaction = memory_string(found ? row_text(&row) : "");
    report->address = memory_string(found ? row_text(&row) : "");
    report->called = memory_string(found ? row_text(&row) : "");
    row_end(&row);
    read_list(db, id, report);
    return report;
}

bool jobdb_pick_report(struct jobdb *db, const char *calling, const char *called, struct jobdb_batch *batch,
                       struct work_report **ret_report)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_PICK_REPORT, "ss", calling, called);
    if (!row_next(&row))
        return false;
    struct jobdb_item *item = jobdb_batch_add(batch);
    struct work_report *report = memory_new(1, sizeof *report);
    item_read(&row, item);
    report->transaction = memory_string(row_text(&row));
    report->address = memory_string(row_text(&row));
    report->called = memory_string(called);
    row_end(&row); /* a row must not change under its own query */
    read_list(db, item->id, report);
    batch->stage = WORK_COMMIT;
    (void)jobdb_change(db, SQL_LEASE_REPORT, "is", item->id, batch->work);
    *ret_report = report;
    return true;
}

static bool read_report(struct row row, struct jobdb_reported *ret_reported)
{
    AUTO(row_end) struct row at = row;
    if (!row_next(&at))
        return false;
    row_copy(&at, ret_reported->calling, sizeof ret_reported->calling);
    row_copy(&at, ret_reported->called, sizeof ret_reported->called);
    row_copy(&at, ret_reported->receipt, sizeof ret_reported->receipt);
    row_copy(&at, ret_reported->transaction, sizeof ret_reported->transaction);
    ret_reported->decided_at = row_number(&at);
    ret_reported->instances = row_number(&at);
    ret_reported->denied = row_number(&at);
    ret_reported->tries = row_number(&at);
    return true;
}

bool jobdb_find_report(struct jobdb *db, int64_t id, const char *work, struct jobdb_reported *ret_reported)
{
    return read_report(jobdb_query(db, SQL_FIND_REPORT, "is", id, work), ret_reported);
}

bool jobdb_find_commitment(struct jobdb *db, int64_t id, struct jobdb_reported *ret_reported)
{
    return read_report(jobdb_query(db, SQL_FIND_COMMITMENT, "i", id), ret_reported);
}

void jobdb_report_taken(struct jobdb *db, int64_t id, int64_t now)
{
    (void)jobdb_change(db, SQL_REPORT_TAKEN, "ii", id, now);
}

void jobdb_report_again(struct jobdb *db, int64_t id, const char *reason)
{
    (void)jobdb_change(db, SQL_REPORT_AGAIN, "is", id, reason);
}

void jobdb_report_failed(struct jobdb *db, int64_t id, const char *reason)
{
    (void)jobdb_change(db, SQL_REPORT_FAILED, "is", id, reason);
}

/* ---- operators ---- */

bool jobdb_retry_commitment(struct jobdb *db, int64_t id, int64_t now)
{
    if (jobdb_change(db, SQL_RETRY, "ii", id, now) == 0)
        return false;
    (void)jobdb_change(db, SQL_RETRY_SOURCE, "i", id);
    return true;
}

bool jobdb_drop_commitment(struct jobdb *db, int64_t id, int64_t now)
{
    if (jobdb_change(db, SQL_DROP, "ii", id, now) == 0)
        return false;
    (void)jobdb_change(db, SQL_DROP_REFERENCED, "i", id); /* nobody looks for it any more */
    return true;
}

/* ---- questions ---- */

void jobdb_each_commitment_count(struct jobdb *db,
                                 void (*each)(void *context, const char *state, int64_t count), void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_COUNT_OPEN, "");
    while (row_next(&row)) {
        const char *state = row_text(&row);
        int64_t count = row_number(&row);
        each(context, state, count);
    }
}

static int64_t each_row(struct row row, void (*each)(void *context, const struct jobdb_commitment_row *row),
                        void *context)
{
    struct jobdb_commitment_row shown;
    int64_t count = 0;
    AUTO(row_end) struct row at = row;
    for (; row_next(&at); count++) {
        shown.id = row_number(&at);
        shown.transaction = row_text(&at);
        shown.calling = row_text(&at);
        shown.called = row_text(&at);
        shown.state = row_text(&at);
        shown.asked_at = row_number(&at);
        shown.instances = row_number(&at);
        shown.open = row_number(&at);
        shown.denied = row_number(&at);
        shown.tries = row_number(&at);
        shown.reason = row_text_or_null(&at);
        shown.until = row_number(&at);
        shown.finished_at = row_number(&at);
        shown.outcome = row_number(&at);
        each(context, &shown);
    }
    return count;
}

int jobdb_each_open_commitment(struct jobdb *db, int64_t most,
                               void (*each)(void *context, const struct jobdb_commitment_row *row),
                               void *context)
{
    static const char *const states[] = {"failed", "reporting", "queued", "waiting"};
    for (size_t i = 0; i < sizeof states / sizeof *states && most > 0; i++)
        most -= each_row(jobdb_query(db, SQL_OPEN_ONES, "si", states[i], most), each, context);
    return db->error;
}

int jobdb_each_commitment_in(struct jobdb *db, const char *study,
                             void (*each)(void *context, const struct jobdb_commitment_row *row),
                             void *context)
{
    (void)each_row(jobdb_query(db, SQL_OF_STUDY, "s", study), each, context);
    return db->error;
}

int jobdb_each_commitment_of(struct jobdb *db, const char *sop_instance,
                             void (*each)(void *context, const struct jobdb_commitment_row *row),
                             void *context)
{
    (void)each_row(jobdb_query(db, SQL_OF_INSTANCE, "s", sop_instance), each, context);
    return db->error;
}
