#include "common/jobs/intake.h"

#include "common/base/cleanup.h"
#include "common/jobs/counts.h"
#include "common/jobs/lane.h"
#include "common/jobs/row.h"
#include "common/jobs/share.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(FIND_RECEIPT, "", "SELECT state, place FROM instance WHERE receipt = ?1") \
    X(FIND_INSTANCE, "", "SELECT id FROM instance WHERE receipt = ?1") \
    X(ADD_INSTANCE, "", \
      "INSERT INTO instance (receipt, state, place, study, series, sop_instance, sop_class," \
      " transfer_syntax, calling_aet, called_aet, source_address, urgent, size, received_at, decided_at," \
      " done_at, keep_until, open_jobs, reason)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, nullif(?16, 0)," \
      " nullif(?17, 0), ?18, ?19)" \
      " ON CONFLICT (receipt) DO NOTHING") \
    X(ADD_DELIVERY, "", \
      "INSERT INTO delivery (instance_id, destination_id, series_id, state, due_at)" \
      " VALUES (?1, ?2, ?3, ?4, ?5)") \
    X(ADD_APART, "", \
      "INSERT INTO delivery (instance_id, destination_id, state, due_at, reason, finished_at, series_id)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), nullif(?7, 0))") \
    X(ADD_HASH, "", "INSERT INTO search_hash (hash, study) VALUES (?1, ?2) ON CONFLICT DO NOTHING") \
    X(POISON, "", \
      "UPDATE instance SET reason = ?2 WHERE receipt = ?1")
/* clang-format on */
JOBDB_STATEMENTS(intake)

/* ---- what is known ---- */

bool jobdb_knows(struct jobdb *db, const char *receipt, enum instance_state *ret_state,
                 enum spool_place *ret_place, bool *ret_gone)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_RECEIPT, "s", receipt);
    int state;
    if (!row_next(&row) || !state_parse(MACHINE_INSTANCE, row_text(&row), &state))
        return false;
    *ret_state = (enum instance_state)state;
    *ret_place = SPOOL_QUEUE;
    *ret_gone = !spool_place_parse(row_text(&row), ret_place);
    return true;
}

int64_t jobdb_find_instance(struct jobdb *db, const char *receipt)
{
    return row_first(jobdb_query(db, SQL_FIND_INSTANCE, "s", receipt), 0);
}

/* ---- taking in ---- */

static void add_hashes(struct jobdb *db, const struct jobdb_instance *instance)
{
    for (size_t i = 0; instance->study && i < JOBDB_HASHES; i++) {
        if (instance->hashes[i])
            (void)jobdb_change(db, SQL_ADD_HASH, "ss", instance->hashes[i], instance->study);
    }
}

/* The new row's id, or 0 when the receipt was known. */
static int64_t add_instance(struct jobdb *db, const struct jobdb_instance *instance,
                            enum instance_state state, int64_t open_jobs, int64_t now, int64_t keep_until,
                            const char *reason)
{
    enum spool_place place = state == INSTANCE_QUARANTINED ? SPOOL_QUARANTINE : SPOOL_QUEUE;
    int64_t done_at = state == INSTANCE_DONE ? now : 0;
    int added = jobdb_change(db, SQL_ADD_INSTANCE, "sssssssssssiiiiiiis", instance->receipt,
                             instance_state_name(state), spool_place_name(place), instance->study,
                             instance->series, instance->sop_instance, instance->sop_class,
                             instance->transfer_syntax, instance->calling_aet, instance->called_aet,
                             instance->source_address, (int64_t)instance->urgent, instance->size,
                             instance->received_at, now, done_at, keep_until, open_jobs, reason);
    int64_t id = added > 0 ? jobdb_last_id(db) : 0;
    if (id > 0)
        add_hashes(db, instance);
    return id;
}

/* Excluded, or undecided. */
static void add_apart(struct jobdb *db, const struct jobdb_instance *instance,
                      const struct jobdb_decision *decision, int64_t instance_id, int64_t now)
{
    struct lane_series series = {0};
    enum delivery_state state = decision->undecided ? DELIVERY_UNDECIDED : DELIVERY_EXCLUDED;
    if (decision->undecided)
        series = lane_know(db, decision->destination_id, instance->study, instance->series);
    (void)jobdb_change(db, SQL_ADD_APART, "iisisii", instance_id, decision->destination_id,
                       delivery_state_name(state), now, decision->why, decision->undecided ? (int64_t)0 : now,
                       series.id);
    counts_delivery(db, decision->destination_id, state, 0, 1);
}

static void add_delivery(struct jobdb *db, const struct jobdb_instance *instance,
                         const struct jobdb_decision *decision, int64_t instance_id, int64_t now)
{
    if (!decision->takes) {
        add_apart(db, instance, decision, instance_id, now);
        return;
    }
    struct lane_series series = lane_add(db, decision->destination_id, instance, now);
    (void)jobdb_change(db, SQL_ADD_DELIVERY, "iiisi", instance_id, decision->destination_id, series.id,
                       delivery_state_name(DELIVERY_QUEUED), now);
    counts_delivery(db, decision->destination_id, DELIVERY_QUEUED, 0, 1);
    share_add_decided(db, instance, decision, instance_id, &series, now);
}

void jobdb_take_in(struct jobdb *db, const struct jobdb_instance *instance,
                   const struct jobdb_decision *decisions, size_t decision_count, int64_t now,
                   int64_t keep_excluded_until)
{
    int64_t deliveries = 0;
    for (size_t i = 0; i < decision_count; i++)
        deliveries += decisions[i].takes || decisions[i].undecided;
    enum instance_state state = deliveries > 0 ? INSTANCE_ACTIVE : INSTANCE_DONE;
    int64_t instance_id = add_instance(db, instance, state, deliveries, now,
                                       state == INSTANCE_DONE ? keep_excluded_until : 0, NULL);
    if (instance_id == 0)
        return;
    for (size_t i = 0; i < decision_count; i++)
        add_delivery(db, instance, &decisions[i], instance_id, now);
}

void jobdb_quarantine(struct jobdb *db, const struct jobdb_instance *instance, const char *reason,
                      int64_t now)
{
    (void)add_instance(db, instance, INSTANCE_QUARANTINED, 0, now, 0, reason);
}

void jobdb_poison(struct jobdb *db, const char *receipt, const char *reason)
{
    (void)jobdb_change(db, SQL_POISON, "ss", receipt, reason);
}
