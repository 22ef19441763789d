#include "common/jobs/move.h"

#include "common/base/cleanup.h"
#include "common/jobs/row.h"
#include "common/spool/spool.h"

#include <string.h>

/* Of all that write a state ?1 is the one before, ?2 the one after, ?3 the row. */
/* clang-format off */
#define STATEMENTS(X) \
    X(DELIVERY_STATE, "", "SELECT state, work, tries FROM delivery WHERE id = ?1") \
    X(SHARE_STATE, "", "SELECT state, work, tries FROM share WHERE id = ?1") \
    X(FETCH_STATE, "", "SELECT state, work, tries FROM fetch WHERE id = ?1") \
    X(INQUIRY_STATE, "", "SELECT state, work, tries FROM inquiry WHERE id = ?1") \
    X(INSTANCE_STATE, "", "SELECT state, NULL, 0 FROM instance WHERE id = ?1") \
    X(LEASE_DELIVERY, "", \
      "UPDATE delivery SET state = ?2, work = ?4, tries = tries + 1 WHERE id = ?3 AND state = ?1") \
    X(LEASE_SHARE, "", \
      "UPDATE share SET state = ?2, work = ?4, tries = tries + 1 WHERE id = ?3 AND state = ?1") \
    X(LEASE_FETCH, "", \
      "UPDATE fetch SET state = ?2, work = ?4, tries = tries + 1 WHERE id = ?3 AND state = ?1") \
    X(LEASE_INQUIRY, "", \
      "UPDATE inquiry SET state = ?2, work = ?4, tries = tries + 1 WHERE id = ?3 AND state = ?1") \
    X(MOVE_DELIVERY, "", \
      "UPDATE delivery SET state = ?2, work = NULL, due_at = ?4, attempts = ?5, attempt_mark = ?6," \
      " http_status = nullif(?7, 0), reason = ?8, finished_at = nullif(?9, 0), batch_limit = ?10, ends = ?11," \
      " collided_at = ?12" \
      " WHERE id = ?3 AND state = ?1") \
    X(MOVE_SHARE, "", \
      "UPDATE share SET state = ?2, work = NULL, due_at = ?4, attempts = ?5, attempt_mark = ?6," \
      " http_status = nullif(?7, 0), reason = ?8, finished_at = nullif(?9, 0)" \
      " WHERE id = ?3 AND state = ?1") \
    X(MOVE_FETCH, "", \
      "UPDATE fetch SET state = ?2, work = NULL, again = 0, due_at = ?4, attempts = ?5, attempt_mark = ?6," \
      " http_status = nullif(?7, 0), reason = ?8, finished_at = nullif(?9, 0)" \
      " WHERE id = ?3 AND state = ?1") \
    X(MOVE_INQUIRY, "", \
      "UPDATE inquiry SET state = ?2, work = NULL, due_at = ?4, attempts = ?5, attempt_mark = ?6," \
      " http_status = nullif(?7, 0), reason = ?8, finished_at = nullif(?9, 0)" \
      " WHERE id = ?3 AND state = ?1") \
    X(WAKE_SHARE, "", "UPDATE share SET state = ?2, due_at = ?4 WHERE id = ?3 AND state = ?1") \
    X(ADMIT_DELIVERY, "", \
      "UPDATE delivery SET state = ?2, due_at = ?4, retried_at = ?4," \
      " absent = CASE WHEN tries > 0 AND absent = 0 THEN -1 ELSE absent END, tries = 0, attempts = 0," \
      " attempt_mark = -1, batch_limit = 0, collided_at = 0, http_status = NULL, reason = NULL," \
      " finished_at = NULL" \
      " WHERE id = ?3 AND state = ?1") \
    X(ADMIT_SHARE, "", \
      "UPDATE share SET state = ?2, witness_id = nullif(?4, 0), due_at = ?5, retried_at = ?5, tries = 0," \
      " attempts = 0, attempt_mark = -1, http_status = NULL, reason = NULL, finished_at = NULL," \
      " request_id = coalesce(nullif(?6, 0), request_id) WHERE id = ?3 AND state = ?1") \
    X(BRING_DELIVERY_BACK, "", \
      "UPDATE delivery SET state = ?2, reason = ?4, series_id = ?5, finished_at = NULL" \
      " WHERE id = ?3 AND state = ?1") \
    X(BRING_SHARE_BACK, "", \
      "UPDATE share SET state = ?2, reason = ?4, finished_at = NULL, witness_id = NULL, request_id = ?5" \
      " WHERE id = ?3 AND state = ?1") \
    X(LOSE_WITNESS, "", \
      "UPDATE share SET state = ?2, witness_id = NULL, reason = ?4, finished_at = NULL" \
      " WHERE id = ?3 AND state = ?1") \
    X(REOPEN_INSTANCE, "", \
      "UPDATE instance SET state = ?2, place = ?4, done_at = NULL, keep_until = NULL" \
      " WHERE id = ?3 AND state = ?1") \
    X(ONE_JOB_MORE, "", "UPDATE instance SET open_jobs = open_jobs + 1 WHERE id = ?1") \
    X(WANT_FETCH, "", \
      "UPDATE fetch SET state = ?2, due_at = ?4, created_at = ?5, again = 0, finished_at = NULL, tries = 0," \
      " attempts = 0, attempt_mark = -1, http_status = NULL, reason = NULL WHERE id = ?3 AND state = ?1") \
    X(REPEAT_FETCH, "", \
      "UPDATE fetch SET state = ?2, work = NULL, again = 0, tries = 0 WHERE id = ?3 AND state = ?1") \
    X(JOB_IS_FINAL, "", \
      "UPDATE instance SET open_jobs = open_jobs - 1," \
      " state = CASE WHEN open_jobs = 1 THEN ?2 ELSE state END," \
      " done_at = CASE WHEN open_jobs = 1 THEN ?4 ELSE done_at END," \
      " keep_until = max(coalesce(keep_until, 0), ?5) WHERE id = ?3 AND state = ?1") \
    X(DROP_QUARANTINED, "", \
      "UPDATE instance SET state = ?2, place = ?4, done_at = ?5, keep_until = ?6" \
      " WHERE id = ?3 AND state = ?1") \
    X(SHARE_GOES, "", "DELETE FROM share WHERE id = ?3 AND state = ?1") \
    X(FETCH_GOES, "", "DELETE FROM fetch WHERE id = ?3 AND state = ?1") \
    X(INQUIRY_GOES, "", "DELETE FROM inquiry WHERE id = ?3 AND state = ?1") \
    X(INSTANCE_GOES, "", "DELETE FROM instance WHERE id = ?3 AND state = ?1")
/* clang-format on */
JOBDB_STATEMENTS(move)

/* ---- looking up ---- */

bool move_find(struct jobdb *db, enum machine machine, int64_t id, const char *work, enum cause cause,
               struct move *ret_move)
{
    static const int state_of[] = {[MACHINE_DELIVERY] = SQL_DELIVERY_STATE,
                                   [MACHINE_SHARE] = SQL_SHARE_STATE,
                                   [MACHINE_FETCH] = SQL_FETCH_STATE,
                                   [MACHINE_INQUIRY] = SQL_INQUIRY_STATE,
                                   [MACHINE_INSTANCE] = SQL_INSTANCE_STATE};
    struct move move = {.machine = machine, .id = id};
    AUTO(row_end) struct row row = jobdb_query(db, state_of[machine], "i", id);
    if (!row_next(&row) || !state_parse(machine, row_text(&row), &move.from) ||
        !state_move(machine, move.from, cause, &move.to))
        return false;
    const char *its_work = row_text(&row);
    if (work && *its_work && cause != CAUSE_STORED && strcmp(its_work, work) != 0)
        return false;
    move.tries = row_int(&row);
    *ret_move = move;
    return true;
}

/* The names that a statement binds. */
static const char *move_from(const struct move *move)
{
    return state_name(move->machine, move->from);
}

static const char *move_to(const struct move *move)
{
    return state_name(move->machine, move->to);
}

/* Of a cause that has one move only: the statement sees to it that the row is where it begins. */
static struct move only_move(enum machine machine, int64_t id, enum cause cause)
{
    struct move move = {.machine = machine, .id = id};
    state_only_move(machine, cause, &move.from, &move.to);
    return move;
}

/* ---- jobs ---- */

void move_lease(struct jobdb *db, enum machine machine, int64_t id, const char *work)
{
    static const int lease_of[] = {[MACHINE_DELIVERY] = SQL_LEASE_DELIVERY,
                                   [MACHINE_SHARE] = SQL_LEASE_SHARE,
                                   [MACHINE_FETCH] = SQL_LEASE_FETCH,
                                   [MACHINE_INQUIRY] = SQL_LEASE_INQUIRY};
    struct move move = only_move(machine, id, CAUSE_LEASED);
    (void)jobdb_change(db, lease_of[machine], "ssis", move_from(&move), move_to(&move), id, work);
}

void move_job(struct jobdb *db, const struct move *move, const struct jobdb_outcome *outcome)
{
    static const int move_of[] = {[MACHINE_DELIVERY] = SQL_MOVE_DELIVERY,
                                  [MACHINE_SHARE] = SQL_MOVE_SHARE,
                                  [MACHINE_FETCH] = SQL_MOVE_FETCH,
                                  [MACHINE_INQUIRY] = SQL_MOVE_INQUIRY};
    bool waits = move->to == only_move(move->machine, move->id, CAUSE_LEASED).from;
    int64_t finished_at = waits ? 0 : outcome->now;
    const char *format = move->machine == MACHINE_DELIVERY ? "ssiiiiisiiii" : "ssiiiiisi";
    (void)jobdb_change(db, move_of[move->machine], format, move_from(move), move_to(move), move->id,
                       outcome->due_at, (int64_t)outcome->attempts, outcome->attempt_mark,
                       (int64_t)outcome->http_status, outcome->reason, finished_at,
                       (int64_t)outcome->batch_limit, (int64_t)outcome->ends, outcome->collided_at);
}

void move_wake_share(struct jobdb *db, int64_t share_id, int64_t now)
{
    struct move move = only_move(MACHINE_SHARE, share_id, CAUSE_SERIES_STORED);
    (void)jobdb_change(db, SQL_WAKE_SHARE, "ssii", move_from(&move), move_to(&move), share_id, now);
}

bool move_admit_delivery(struct jobdb *db, int64_t delivery_id, int64_t now)
{
    struct move move = only_move(MACHINE_DELIVERY, delivery_id, CAUSE_ADMITTED);
    return jobdb_change(db, SQL_ADMIT_DELIVERY, "ssii", move_from(&move), move_to(&move), delivery_id, now) >
           0;
}

bool move_admit_share(struct jobdb *db, int64_t share_id, int64_t witness_id, int64_t request_id, int64_t now)
{
    struct move move = only_move(MACHINE_SHARE, share_id, CAUSE_ADMITTED);
    return jobdb_change(db, SQL_ADMIT_SHARE, "ssiiii", move_from(&move), move_to(&move), share_id, witness_id,
                        now, request_id) > 0;
}

bool move_bring_delivery_back(struct jobdb *db, int64_t delivery_id, const char *reason, int64_t series_id)
{
    struct move move;
    return move_find(db, MACHINE_DELIVERY, delivery_id, NULL, CAUSE_BROUGHT_BACK, &move) &&
           jobdb_change(db, SQL_BRING_DELIVERY_BACK, "ssisi", move_from(&move), move_to(&move), delivery_id,
                        reason, series_id) > 0;
}

bool move_bring_share_back(struct jobdb *db, int64_t share_id, const char *reason, int64_t request_id)
{
    struct move move;
    return move_find(db, MACHINE_SHARE, share_id, NULL, CAUSE_BROUGHT_BACK, &move) &&
           jobdb_change(db, SQL_BRING_SHARE_BACK, "ssisi", move_from(&move), move_to(&move), share_id, reason,
                        request_id) > 0;
}

bool move_share_loses_witness(struct jobdb *db, int64_t share_id, const char *reason)
{
    struct move move;
    return move_find(db, MACHINE_SHARE, share_id, NULL, CAUSE_REPLACED, &move) &&
           jobdb_change(db, SQL_LOSE_WITNESS, "ssis", move_from(&move), move_to(&move), share_id, reason) > 0;
}

void move_reopen_instance(struct jobdb *db, int64_t instance_id)
{
    struct move move = only_move(MACHINE_INSTANCE, instance_id, CAUSE_BROUGHT_BACK);
    (void)jobdb_change(db, SQL_REOPEN_INSTANCE, "ssis", move_from(&move), move_to(&move), instance_id,
                       spool_place_name(SPOOL_QUEUE));
    (void)jobdb_change(db, SQL_ONE_JOB_MORE, "i", instance_id);
}

void move_share_waits(struct jobdb *db, int64_t share_id)
{
    struct move move = only_move(MACHINE_SHARE, share_id, CAUSE_MOVED);
    (void)jobdb_change(db, SQL_WAKE_SHARE, "ssii", move_from(&move), move_to(&move), share_id, (int64_t)0);
}

void move_want_fetch(struct jobdb *db, const struct move *move, int64_t now, int64_t due_at)
{
    (void)jobdb_change(db, SQL_WANT_FETCH, "ssiii", move_from(move), move_to(move), move->id, due_at, now);
}

void move_repeat_fetch(struct jobdb *db, const struct move *move)
{
    (void)jobdb_change(db, SQL_REPEAT_FETCH, "ssi", move_from(move), move_to(move), move->id);
}

/* ---- instances ---- */

void move_job_is_final(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until)
{
    struct move move = only_move(MACHINE_INSTANCE, instance_id, CAUSE_FINISHED);
    (void)jobdb_change(db, SQL_JOB_IS_FINAL, "ssiii", move_from(&move), move_to(&move), instance_id, now,
                       keep_until);
}

bool move_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until)
{
    struct move move = only_move(MACHINE_INSTANCE, instance_id, CAUSE_DROPPED);
    return jobdb_change(db, SQL_DROP_QUARANTINED, "ssisii", move_from(&move), move_to(&move), instance_id,
                        spool_place_name(SPOOL_DROPPED), now, keep_until) > 0;
}

/* ---- rows that go ---- */

bool move_out(struct jobdb *db, enum machine machine, int64_t id, enum cause cause)
{
    static const int goes[] = {[MACHINE_DELIVERY] = -1,
                               [MACHINE_SHARE] = SQL_SHARE_GOES,
                               [MACHINE_FETCH] = SQL_FETCH_GOES,
                               [MACHINE_INQUIRY] = SQL_INQUIRY_GOES,
                               [MACHINE_INSTANCE] = SQL_INSTANCE_GOES};
    struct move move;
    if (!move_find(db, machine, id, NULL, cause, &move) || move.to != STATE_GONE)
        return false;
    return jobdb_change(db, goes[machine], "ssi", move_from(&move), NULL, id) > 0;
}
