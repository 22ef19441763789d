#include "common/jobs/share.h"

#include "common/jobs/counts.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(ADD_SHARE, "", \
      "INSERT INTO share (destination_id, album_id, series_id, study, series, witness_id, state, due_at," \
      " created_at, request_id) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, ?8, ?9)" \
      " ON CONFLICT (album_id, series_id) DO NOTHING") \
    X(MORE_OPEN_JOBS, "", "UPDATE instance SET open_jobs = open_jobs + ?2 WHERE id = ?1")
/* clang-format on */
JOBDB_STATEMENTS(share)

bool share_add(struct jobdb *db, const struct share *share, int64_t now)
{
    enum share_state state = share->stored ? SHARE_QUEUED : SHARE_WAITING;
    if (jobdb_change(db, SQL_ADD_SHARE, "iiissisii", share->destination_id, share->album_id, share->series_id,
                     share->study, share->series, share->witness_id, share_state_name(state), now,
                     share->request_id) == 0)
        return false;
    counts_share(db, share->destination_id, share->album_id, state, 0, 1);
    return true;
}

void share_add_witness(struct jobdb *db, int64_t witness_id, int64_t shares)
{
    (void)jobdb_change(db, SQL_MORE_OPEN_JOBS, "ii", witness_id, shares);
}
