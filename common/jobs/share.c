#include "common/jobs/share.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/counts.h"
#include "common/jobs/decision.h"
#include "common/jobs/item.h"
#include "common/jobs/move.h"
#include "common/jobs/place.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(ADD_SHARE, "", \
      "INSERT INTO share (destination_id, album_id, series_id, study, series, witness_id, state, due_at," \
      " created_at, request_id, reason) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, ?8, ?9, ?10)" \
      " ON CONFLICT (album_id, series_id) DO NOTHING") \
    X(FIND_SHARE, "", "SELECT id FROM share WHERE album_id = ?1 AND series_id = ?2") \
    X(UNDECIDED_SHARE, "", \
      "SELECT s.destination_id, s.album_id, coalesce(s.witness_id, 0), e.stored, s.tries FROM share s" \
      " JOIN series e ON e.id = s.series_id WHERE s.id = ?1 AND s.state = 'undecided'") \
    X(ACTIVE_WITNESS, "", "SELECT id FROM instance WHERE id = ?1 AND state = 'active'") \
    X(OLDER_WITNESS, "", \
      "SELECT s.id, s.witness_id FROM share s CROSS JOIN instance o ON o.id = s.witness_id" \
      " CROSS JOIN instance n ON n.id = ?3 WHERE s.album_id = ?1 AND s.series_id = ?2" \
      " AND (s.state = 'undecided') = ?4 AND s.state IN ('waiting', 'queued', 'sharing', 'failed', 'undecided')" \
      " AND o.sop_instance = n.sop_instance" \
      " AND " RECEIPT_ORDER("o.receipt", "o.id") " < " RECEIPT_ORDER("n.receipt", "n.id")) \
    X(SET_WITNESS, "", "UPDATE share SET witness_id = ?2 WHERE id = ?1") \
    X(WITNESSED, "", \
      "SELECT s.id, s.album_id, s.state, s.tries, s.request_id, EXISTS (SELECT 1 FROM delivery w" \
      " JOIN instance i ON i.id = w.instance_id WHERE i.study = s.study AND i.series = s.series" \
      " AND w.destination_id = s.destination_id" \
      " AND w.state IN ('queued', 'sending', 'sent', 'failed', 'undecided'))" \
      " FROM share s WHERE s.witness_id = ?1 AND s.destination_id = ?2" \
      " AND s.state IN ('waiting', 'queued', 'failed', 'undecided')") \
    X(OLDER_ASKERS, "", \
      "SELECT DISTINCT o.id FROM instance n CROSS JOIN instance o ON o.sop_instance = n.sop_instance" \
      " AND o.state = 'active' CROSS JOIN share s ON s.witness_id = o.id AND s.destination_id = ?2" \
      " WHERE n.id = ?1 AND " RECEIPT_ORDER("o.receipt", "o.id") " < " RECEIPT_ORDER("n.receipt", "n.id")) \
    X(NEWER_THAN_WITNESS, "", \
      "SELECT s.witness_id, max(i.receipt) FROM share s CROSS JOIN instance o ON o.id = s.witness_id" \
      " CROSS JOIN instance i ON i.sop_instance = o.sop_instance" \
      " CROSS JOIN delivery w ON w.instance_id = i.id AND w.destination_id = s.destination_id" \
      " WHERE s.id = ?1 AND w.state = 'sent' AND w.finished_at >= s.created_at" \
      " AND w.finished_at > coalesce(s.retried_at, 0)" \
      " AND " RECEIPT_ORDER("i.receipt", "i.id") " > " RECEIPT_ORDER("o.receipt", "o.id")) \
    X(WITNESS, "", "SELECT coalesce(witness_id, 0) FROM share WHERE id = ?1") \
    X(FREE_SHARE, "", "UPDATE share SET witness_id = NULL WHERE id = ?1") \
    X(ONE_WITNESSED_MORE, "", "UPDATE instance SET open_jobs = open_jobs + 1 WHERE id = ?1")
/* clang-format on */
JOBDB_STATEMENTS(share)

/* The witness of a share is not done before it is final. */
static void add_to_witness(struct jobdb *db, int64_t witness_id)
{
    if (witness_id)
        (void)jobdb_change(db, SQL_ONE_WITNESSED_MORE, "i", witness_id);
}

static int64_t find_share(struct jobdb *db, const struct share *share)
{
    return row_first(jobdb_query(db, SQL_FIND_SHARE, "ii", share->album_id, share->series_id), 0);
}

bool jobdb_admit_share(struct jobdb *db, int64_t share_id, int64_t witness_id, int64_t request_id,
                       int64_t now, int64_t keep_until)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_UNDECIDED_SHARE, "i", share_id);
    if (!row_next(&row))
        return false;
    int64_t destination_id = row_number(&row);
    int64_t album_id = row_number(&row);
    int64_t old_witness = row_number(&row);
    bool stored = row_flag(&row);
    int tries = row_int(&row);
    row_end(&row);
    if (!move_admit_share(db, share_id, witness_id, request_id, now))
        return false;
    if (stored)
        move_wake_share(db, share_id, now);
    counts_share(db, destination_id, album_id, SHARE_UNDECIDED, tries, -1);
    counts_share(db, destination_id, album_id, stored ? SHARE_QUEUED : SHARE_WAITING, 0, 1);
    if (old_witness != witness_id) {
        add_to_witness(db, witness_id);
        if (old_witness)
            move_job_is_final(db, old_witness, now, keep_until);
    }
    return true;
}

static bool insert_share(struct jobdb *db, const struct share *share, enum share_state state, int64_t now)
{
    return jobdb_change(db, SQL_ADD_SHARE, "iiissisiis", share->destination_id, share->album_id,
                        share->series_id, share->study, share->series, share->witness_id,
                        share_state_name(state), now, share->request_id, share->doubt) > 0;
}

int64_t share_active_witness(struct jobdb *db, int64_t instance_id)
{
    return row_first(jobdb_query(db, SQL_ACTIVE_WITNESS, "i", instance_id), 0);
}

/* What the series was asked for before is over and forgotten: the witness may have been its, and done with it. */
static bool insert_anew(struct jobdb *db, struct share *share, enum share_state state, int64_t now)
{
    if (!place_forget_stale(db, share->album_id, share->series_id, now, share->keep_until))
        return false;
    share->witness_id = share_active_witness(db, share->witness_id);
    return insert_share(db, share, state, now);
}

/* A corrected version asks for the same: the share is its now, whatever becomes of the older one. */
static void take_over(struct jobdb *db, const struct share *share, int64_t now)
{
    AUTO(row_end)
    struct row row = jobdb_query(db, SQL_OLDER_WITNESS, "iiii", share->album_id, share->series_id,
                                 share->witness_id, (int64_t)(share->doubt != NULL));
    if (!row_next(&row))
        return;
    int64_t id = row_number(&row), older = row_number(&row);
    row_end(&row);
    (void)jobdb_change(db, SQL_SET_WITNESS, "ii", id, share->witness_id);
    add_to_witness(db, share->witness_id);
    move_job_is_final(db, older, now, share->keep_until);
}

bool share_add(struct jobdb *db, const struct share *wanted, int64_t now)
{
    struct share share = *wanted;
    enum share_state state = share.doubt ? SHARE_UNDECIDED : share.stored ? SHARE_QUEUED : SHARE_WAITING;
    if (!insert_share(db, &share, state, now) && !insert_anew(db, &share, state, now)) {
        take_over(db, &share, now);
        return !share.doubt && jobdb_admit_share(db, find_share(db, &share), share.witness_id,
                                                 share.request_id, now, share.keep_until);
    }
    counts_share(db, share.destination_id, share.album_id, state, 0, 1);
    add_to_witness(db, share.witness_id);
    return true;
}

/* ---- its witness is replaced ---- */

struct witnessed {
    int64_t id, album_id;
    int state, tries;
    bool wanted, hope; /* an operator asked for it; something of its series is there or may come there */
};

/* Rows must not change under their own query: they are read first. */
static struct witnessed *read_witnessed(struct jobdb *db, int64_t destination_id, int64_t instance_id,
                                        size_t *ret_count)
{
    struct witnessed *list = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_WITNESSED, "ii", instance_id, destination_id);
    while (row_next(&row)) {
        list = memory_grow(list, &capacity, count + 1, sizeof *list);
        struct witnessed *one = &list[count++];
        *one = (struct witnessed){.id = row_number(&row)};
        one->album_id = row_number(&row);
        (void)state_parse(MACHINE_SHARE, row_text(&row), &one->state);
        one->tries = row_int(&row);
        one->wanted = row_number(&row) > 0;
        one->hope = row_flag(&row);
    }
    *ret_count = count;
    return list;
}

static void lose_witness(struct jobdb *db, int64_t destination_id, const struct witnessed *share,
                         const char *newer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (share->wanted) {
        (void)jobdb_change(db, SQL_FREE_SHARE, "i", share->id);
        return;
    }
    text_format(&reason, "the instance that asked for it was replaced by receipt %s, which does not", newer);
    bool gone = !share->hope && move_out(db, MACHINE_SHARE, share->id,
                                         share->state == SHARE_UNDECIDED ? CAUSE_LEFT_OUT : CAUSE_HOPELESS);
    if (!gone && !move_share_loses_witness(db, share->id, text_string(&reason)))
        return;
    counts_share(db, destination_id, share->album_id, (enum share_state)share->state, share->tries, -1);
    if (!gone)
        counts_share(db, destination_id, share->album_id, SHARE_UNDECIDED, share->tries, 1);
}

void share_follow(struct jobdb *db, int64_t destination_id, int64_t instance_id, const char *newer,
                  int64_t now, int64_t keep_until)
{
    size_t count;
    AUTO(memory_free) struct witnessed *list = read_witnessed(db, destination_id, instance_id, &count);
    for (size_t i = 0; i < count; i++) {
        lose_witness(db, destination_id, &list[i], newer);
        move_job_is_final(db, instance_id, now, keep_until);
    }
}

/* Rows must not change under their own query: they are read first. */
static int64_t *read_older_askers(struct jobdb *db, int64_t destination_id, int64_t instance_id,
                                  size_t *ret_count)
{
    int64_t *list = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_OLDER_ASKERS, "ii", instance_id, destination_id);
    while (row_next(&row)) {
        list = memory_grow(list, &capacity, count + 1, sizeof *list);
        list[count++] = row_number(&row);
    }
    *ret_count = count;
    return list;
}

void share_follow_older(struct jobdb *db, int64_t destination_id, int64_t instance_id, const char *receipt,
                        int64_t now, int64_t keep_until)
{
    size_t count;
    AUTO(memory_free) int64_t *older = read_older_askers(db, destination_id, instance_id, &count);
    for (size_t i = 0; i < count; i++)
        share_follow(db, destination_id, older[i], receipt, now, keep_until);
}

void share_yield(struct jobdb *db, int64_t destination_id, int64_t share_id, int64_t now, int64_t keep_until)
{
    char receipt[RECEIPT_SIZE];
    AUTO(row_end) struct row row = jobdb_query(db, SQL_NEWER_THAN_WITNESS, "i", share_id);
    if (!row_next(&row) || row_is_null(&row))
        return;
    int64_t witness_id = row_number(&row);
    row_copy(&row, receipt, sizeof receipt);
    row_end(&row);
    share_follow(db, destination_id, witness_id, receipt, now, keep_until);
}

int64_t share_witness(struct jobdb *db, int64_t share_id)
{
    return row_first(jobdb_query(db, SQL_WITNESS, "i", share_id), 0);
}

static void add_each(struct jobdb *db, const struct jobdb_decision *decision, struct share share, int64_t now)
{
    for (size_t i = 0; i < decision->album_count; i++) {
        share.album_id = decision->albums[i];
        (void)share_add(db, &share, now);
    }
    for (size_t i = 0; i < decision->doubt_count; i++) {
        share.album_id = decision->doubts[i].album_id;
        share.doubt = decision->doubts[i].why;
        (void)share_add(db, &share, now);
    }
}

void share_add_decided(struct jobdb *db, const struct jobdb_instance *instance,
                       const struct jobdb_decision *decision, int64_t instance_id,
                       const struct lane_series *series, int64_t now)
{
    const struct share share = {.destination_id = decision->destination_id,
                                .series_id = series->id,
                                .study = instance->study,
                                .series = instance->series,
                                .stored = series->stored,
                                .witness_id = instance_id,
                                .keep_until = instance->keep_until};
    add_each(db, decision, share, now);
}
