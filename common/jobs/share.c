#include "common/jobs/share.h"

#include "common/base/cleanup.h"
#include "common/jobs/counts.h"
#include "common/jobs/decision.h"
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

bool share_add(struct jobdb *db, const struct share *wanted, int64_t now)
{
    struct share share = *wanted;
    enum share_state state = share.doubt ? SHARE_UNDECIDED : share.stored ? SHARE_QUEUED : SHARE_WAITING;
    if (!insert_share(db, &share, state, now) && !insert_anew(db, &share, state, now))
        return !share.doubt && jobdb_admit_share(db, find_share(db, &share), share.witness_id,
                                                 share.request_id, now, share.keep_until);
    counts_share(db, share.destination_id, share.album_id, state, 0, 1);
    add_to_witness(db, share.witness_id);
    return true;
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
