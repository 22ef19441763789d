/* sql - every SQL statement of Felucca, and how the jobdb_*.c files run them.
 *
 * Private to the jobdb module. Each statement is prepared once, when it is first used. A test runs EXPLAIN
 * QUERY PLAN over all of them: one that scans a whole table fails it unless its second column says why it
 * may. Parameters are bound by a format: i (int64_t), s (const char *, NULL binds NULL). */
#ifndef FELUCCA_JOBS_JOBDB_SQL_H
#define FELUCCA_JOBS_JOBDB_SQL_H

#include "common/jobs/batch.h"
#include "common/jobs/gauge.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/show_sql.h"
#include "common/jobs/target.h"

#include <sqlite3.h>

#define CONFIG_ONLY "a handful of rows, read when the configuration is"
#define START_ONLY  "read once, at start"

#define FEW_OF_EACH "sorts at most as many as are asked for, of each destination"

/* clang-format off */
/* A job with all that an operator's change needs. */
#define DELIVERY_CANDIDATE \
    "SELECT w.id, w.instance_id, w.series_id, i.receipt, i.size, i.received_at, w.tries, w.attempts," \
    " w.batch_limit, w.attempt_mark, i.urgent, w.state, w.destination_id, 0, e.lane_id, i.study, i.series," \
    " w.http_status, w.reason, coalesce(w.retried_at, i.received_at), w.finished_at" \
    " FROM delivery w JOIN instance i ON i.id = w.instance_id LEFT JOIN series e ON e.id = w.series_id"
#define SHARE_CANDIDATE \
    "SELECT s.id, s.witness_id, s.series_id, '', 0, s.created_at, s.tries, s.attempts, 0, s.attempt_mark, 0," \
    " s.state, s.destination_id, s.album_id, 0, s.study, s.series, s.http_status, s.reason," \
    " coalesce(s.retried_at, s.created_at), s.finished_at FROM share s"
#define FETCH_CANDIDATE \
    "SELECT f.id, 0, 0, '', 0, f.created_at, f.tries, f.attempts, 0, f.attempt_mark, 0, f.state," \
    " f.destination_id, 0, 0, f.study, '', f.http_status, f.reason, f.created_at," \
    " coalesce(f.finished_at, f.due_at) FROM fetch f"
#define REQUEST_COLUMNS \
    "SELECT id, name, verb, user, asked, asked_at, finished_at, changed, skipped, sentence, walk_album," \
    " walk_destination, walk_phase, walk_time, walk_id, already, unmatched FROM request"
/* `felucca jobs`: ?1 state, ?2 destination, ?3 study, ?4 series, ?5 received since, ?6 limit, ?7 1: deferred
 * only, ?8 the first delivery that may be so new. */
#define DELIVERY_COLUMNS \
    "'delivery', w.id, w.state, d.name, NULL, i.study, i.series, i.sop_instance, i.receipt, w.reason, w.tries," \
    " w.attempts, w.http_status, i.size, i.received_at, w.due_at, w.finished_at"
#define DELIVERY_MATCHES \
    "(?1 IS NULL OR w.state = ?1) AND w.tries >= ?7" \
    " AND (?2 IS NULL OR w.destination_id = (SELECT id FROM destination WHERE name = ?2))" \
    " AND (?4 IS NULL OR i.series = ?4) AND i.received_at >= ?5"
/* The newest of each destination, by the index of a state, and of these the newest. */
#define DELIVERIES_IN(index, condition) \
    "SELECT " DELIVERY_COLUMNS " FROM destination d JOIN delivery w ON w.id IN (SELECT id FROM delivery" \
    " INDEXED BY " index " WHERE destination_id = d.id AND " condition " AND id >= ?8 AND tries >= ?7 ORDER BY id DESC LIMIT ?6)" \
    " JOIN instance i ON i.id = w.instance_id WHERE " DELIVERY_MATCHES " ORDER BY w.id DESC LIMIT ?6"

#define JOBDB_STATEMENT_MAP(X) /* name, why it may scan (or ""), text */ \
    X(BEGIN, "", "BEGIN IMMEDIATE") \
    X(SNAPSHOT, "", "BEGIN") \
    X(COMMIT, "", "COMMIT") \
    X(ROLLBACK, "", "ROLLBACK") \
    /* destinations and albums */ \
    X(UNCONFIGURE_DESTINATIONS, CONFIG_ONLY, "UPDATE destination SET configured = 0") \
    X(UNCONFIGURE_ALBUMS, CONFIG_ONLY, "UPDATE album SET configured = 0") \
    X(FORGET_KNOWN, CONFIG_ONLY, \
      "UPDATE series SET known = 0 WHERE lane_id IN (SELECT l.id FROM lane l JOIN destination d"\
      " ON d.id = l.destination_id WHERE d.name = ?1 AND d.origin <> ?2)") \
    X(CONFIGURE_DESTINATION, "", \
      "INSERT INTO destination (name, origin) VALUES (?1, ?2)" \
      " ON CONFLICT (name) DO UPDATE SET configured = 1, origin = excluded.origin") \
    X(CONFIGURE_ALBUM, "", \
      "INSERT INTO album (destination_id, name) SELECT id, ?2 FROM destination WHERE name = ?1" \
      " ON CONFLICT (destination_id, name) DO UPDATE SET configured = 1") \
    X(EACH_TARGET, CONFIG_ONLY, \
      "SELECT id, 0, name, NULL, origin, configured, held, state, since, until, failures, stored," \
      " token_active, token_scope, token_album, NULL, NULL, NULL FROM destination UNION ALL" \
      " SELECT a.destination_id, a.id, d.name, a.name, d.origin, a.configured, a.held, a.state, a.since," \
      " a.until, a.failures, a.stored, a.token_active, a.token_scope, a.token_album, a.source_active," \
      " a.source_scope, a.source_album FROM album a JOIN destination d ON d.id = a.destination_id" \
      " ORDER BY 2, 1") \
    X(SAVE_DESTINATION, "", \
      "UPDATE destination SET state = ?2, held = ?3, since = ?4, until = ?5, failures = ?6, stored = ?7," \
      " last_error = coalesce(?8, last_error)," \
      " last_error_at = CASE WHEN ?8 IS NULL THEN last_error_at ELSE ?9 END WHERE id = ?1") \
    X(SAVE_ALBUM, "", \
      "UPDATE album SET state = ?2, held = ?3, since = ?4, until = ?5, failures = ?6, stored = ?7," \
      " last_error = coalesce(?8, last_error)," \
      " last_error_at = CASE WHEN ?8 IS NULL THEN last_error_at ELSE ?9 END WHERE id = ?1") \
    X(SAVE_DESTINATION_TOKEN, "", \
      "UPDATE destination SET token_active = ?2, token_scope = ?3, token_album = ?4, token_at = ?5" \
      " WHERE id = ?1") \
    X(SAVE_ALBUM_TOKEN, "", \
      "UPDATE album SET token_active = ?2, token_scope = ?3, token_album = ?4, token_at = ?5 WHERE id = ?1") \
    X(SAVE_SOURCE_TOKEN, "", \
      "UPDATE album SET source_active = ?2, source_scope = ?3, source_album = ?4, source_at = ?5" \
      " WHERE id = ?1") \
    X(COUNT_DESTINATION, "", \
      "UPDATE destination SET queued = queued + ?2, deferred = deferred + ?3, in_flight = in_flight + ?4," \
      " failed = failed + ?5 WHERE id = ?1") \
    X(COUNT_ALBUM, "", \
      "UPDATE album SET queued = queued + ?2, deferred = deferred + ?3, in_flight = in_flight + ?4," \
      " failed = failed + ?5, waiting = waiting + ?6 WHERE id = ?1") \
    /* intake */ \
    X(FIND_RECEIPT, "", "SELECT state, place FROM instance WHERE receipt = ?1") \
    X(ADD_INSTANCE, "", \
      "INSERT INTO instance (receipt, state, place, study, series, sop_instance, sop_class," \
      " transfer_syntax, calling_aet, called_aet, source_address, urgent, size, received_at, decided_at," \
      " done_at, keep_until, open_jobs, reason)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, nullif(?16, 0)," \
      " nullif(?17, 0), ?18, ?19)" \
      " ON CONFLICT (receipt) DO NOTHING") \
    X(ADD_TO_LANE, "", \
      "INSERT INTO lane (destination_id, study, queued, urgent, next_due, ready) VALUES (?1, ?2, 1, ?3, ?4, 1)" \
      " ON CONFLICT (destination_id, study) DO UPDATE SET" \
      " next_due = CASE WHEN queued = 0 THEN excluded.next_due ELSE min(next_due, excluded.next_due) END," \
      " queued = queued + 1, urgent = urgent + excluded.urgent, ready = NOT closed RETURNING id") \
    X(ADD_TO_SERIES, "", \
      "INSERT INTO series (lane_id, series, queued, next_due) VALUES (?1, ?2, 1, ?3)" \
      " ON CONFLICT (lane_id, series) DO UPDATE SET" \
      " next_due = CASE WHEN queued = 0 THEN excluded.next_due ELSE min(next_due, excluded.next_due) END," \
      " queued = queued + 1 RETURNING id, stored") \
    X(ADD_DELIVERY, "", \
      "INSERT INTO delivery (instance_id, destination_id, series_id, state, due_at)" \
      " VALUES (?1, ?2, ?3, 'queued', ?4)") \
    X(ADD_EXCLUDED, "", \
      "INSERT INTO delivery (instance_id, destination_id, state, due_at, reason, finished_at)" \
      " VALUES (?1, ?2, 'excluded', ?3, ?4, ?3)") \
    X(ADD_SHARE, "", \
      "INSERT INTO share (destination_id, album_id, series_id, study, series, witness_id, state, due_at," \
      " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)" \
      " ON CONFLICT (album_id, series_id) DO NOTHING") \
    X(ADD_RESHARE, "", \
      "INSERT INTO share (destination_id, album_id, series_id, study, series, witness_id, state, due_at," \
      " created_at, request_id) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, ?8, ?9)" \
      " ON CONFLICT (album_id, series_id) DO NOTHING") \
    X(NEXT_SERIES, "", \
      "SELECT e.id, l.destination_id, l.study, e.series, e.stored FROM series e JOIN lane l ON l.id = e.lane_id" \
      " WHERE e.id > ?1 ORDER BY e.id LIMIT 1") \
    X(NEXT_SERIES_OF, "the series of one study", \
      "SELECT e.id, l.destination_id, l.study, e.series, e.stored FROM lane l JOIN series e ON e.lane_id = l.id" \
      " WHERE l.study = ?2 AND e.id > ?1 ORDER BY e.id LIMIT 1") \
    X(HAS_SHARE, "", "SELECT 1 FROM share WHERE album_id = ?1 AND series_id = ?2") \
    X(NEXT_PAST, "", \
      "SELECT i.id, i.state, i.place, i.reason, i.receipt, i.sop_instance, i.sop_class, i.transfer_syntax," \
      " i.calling_aet, i.called_aet, i.source_address FROM instance i JOIN delivery w" \
      " ON w.instance_id = i.id AND w.destination_id = ?1 WHERE i.study = ?2 AND i.series = ?3 AND i.id > ?4" \
      " AND i.received_at >= ?5 AND i.received_at <= ?6 AND w.state NOT IN ('excluded', 'dropped')" \
      " ORDER BY i.id LIMIT 1") \
    X(POISON, "", \
      "UPDATE instance SET reason = 'its header crashes the DICOM parser' WHERE receipt = ?1") \
    X(MORE_OPEN_JOBS, "", "UPDATE instance SET open_jobs = open_jobs + ?2 WHERE id = ?1") \
    /* dispatch */ \
    X(WAKE_LANES, "", \
      "UPDATE lane SET ready = 1 WHERE ready = 0 AND closed = 0 AND queued > 0 AND next_due <= ?1") \
    X(NEXT_WAKE, "", \
      "SELECT next_due FROM lane WHERE ready = 0 AND closed = 0 AND queued > 0 ORDER BY next_due LIMIT 1") \
    X(PICK_LANE, "", \
      "SELECT id, study FROM lane WHERE destination_id = ?1 AND ready = 1" \
      " ORDER BY (urgent > 0) DESC, last_served LIMIT 1") \
    X(UNKNOWN_SERIES_DUE, "", \
      "SELECT 1 FROM series WHERE lane_id = ?1 AND known = 0 AND queued > 0 AND next_due <= ?2 LIMIT 1") \
    X(CLOSE_LANE, "", "UPDATE lane SET closed = 1, ready = 0 WHERE id = ?1") \
    X(OPEN_LANES, "", \
      "UPDATE lane SET closed = 0, ready = (queued > 0 AND next_due <= ?2) WHERE study = ?1") \
    X(OPEN_ALL_LANES, START_ONLY, "UPDATE lane SET closed = 0, ready = 0 WHERE closed = 1 OR ready = 1") \
    X(DUE_SERIES, "", \
      "SELECT id FROM series WHERE lane_id = ?1 AND queued > 0 AND next_due <= ?2" \
      " ORDER BY known, next_due LIMIT 100") \
    X(DUE_DELIVERIES, "", \
      "SELECT w.id, w.instance_id, w.series_id, i.receipt, i.size, i.received_at, w.tries, w.attempts," \
      " w.batch_limit, w.attempt_mark, i.urgent, i.sop_instance, i.series" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id" \
      " WHERE w.series_id = ?1 AND w.state = 'queued' AND w.due_at <= ?2 ORDER BY w.due_at, w.id LIMIT ?3") \
    X(FIND_TWIN, "", \
      "SELECT w.due_at FROM instance i JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?2" \
      " WHERE i.sop_instance = ?1 AND i.state = 'active' AND w.id <> ?3" \
      " AND (w.state = 'sending' OR (w.state = 'queued' AND w.id < ?3)) LIMIT 1") \
    X(POSTPONE, "", "UPDATE delivery SET due_at = ?2 WHERE id = ?1") \
    X(LEASE_DELIVERY, "", \
      "UPDATE delivery SET state = 'sending', work = ?2, tries = tries + 1 WHERE id = ?1") \
    X(TAKEN_FROM_SERIES, "", \
      "UPDATE series SET queued = queued - ?2, next_due = coalesce((SELECT due_at FROM delivery" \
      " WHERE series_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1), 0) WHERE id = ?1") \
    X(TAKEN_FROM_LANE, "", \
      "UPDATE lane SET queued = queued - ?2, urgent = urgent - ?3, last_served = max(last_served, ?4)" \
      " WHERE id = ?1") \
    X(PUT_TO_SERIES, "", \
      "UPDATE series SET next_due = CASE WHEN queued = 0 THEN ?2 ELSE min(next_due, ?2) END," \
      " queued = queued + 1 WHERE id = ?1") \
    X(REFRESH_LANE, "", \
      "UPDATE lane SET next_due = n.due, ready = (closed = 0 AND queued > 0 AND n.due <= ?2)" \
      " FROM (SELECT min(coalesce((SELECT next_due FROM series WHERE lane_id = ?1 AND known = 0" \
      " AND queued > 0 ORDER BY next_due LIMIT 1), 9223372036854775807)," \
      " coalesce((SELECT next_due FROM series WHERE lane_id = ?1 AND known = 1" \
      " AND queued > 0 ORDER BY next_due LIMIT 1), 9223372036854775807)) AS due) AS n WHERE lane.id = ?1") \
    X(PICK_SHARE, "", \
      "SELECT id, witness_id, series_id, study, series, created_at, tries, attempts, attempt_mark," \
      " destination_id FROM share WHERE album_id = ?1 AND state = 'queued' AND due_at <= ?2" \
      " ORDER BY due_at, id LIMIT 1") \
    X(NEXT_SHARE, "", \
      "SELECT due_at FROM share WHERE album_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(LEASE_SHARE, "", \
      "UPDATE share SET state = 'sharing', work = ?2, tries = tries + 1 WHERE id = ?1") \
    X(EACH_SENDING, "", \
      "SELECT w.work, w.destination_id, 0, e.lane_id, i.study, NULL, w.id, w.instance_id, w.series_id," \
      " i.receipt, i.size, i.received_at, w.tries, w.attempts, w.batch_limit, w.attempt_mark, i.urgent" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN series e ON e.id = w.series_id" \
      " WHERE w.state = 'sending' ORDER BY w.work") \
    X(EACH_SHARING, "", \
      "SELECT s.work, s.destination_id, s.album_id, 0, s.study, s.series, s.id, s.witness_id, s.series_id," \
      " '', 0, s.created_at, s.tries, s.attempts, 0, s.attempt_mark, 0" \
      " FROM share s WHERE s.state = 'sharing' ORDER BY s.work") \
    X(EACH_FETCHING, "", \
      "SELECT work, destination_id, 0, 0, study, NULL, id, 0, 0, '', 0, created_at, tries, attempts, 0," \
      " attempt_mark, 0 FROM fetch WHERE state = 'fetching' ORDER BY work") \
    /* studies that KHEOPS is asked to look at again */ \
    X(WANT_FETCH, "", \
      "INSERT INTO fetch (destination_id, study, state, due_at, created_at) VALUES (?1, ?2, ?3, ?5, ?4)" \
      " ON CONFLICT (destination_id, study) DO UPDATE SET due_at = excluded.due_at," \
      " created_at = excluded.created_at, again = work IS NOT NULL," \
      " state = CASE WHEN work IS NULL THEN excluded.state ELSE state END, finished_at = NULL," \
      " tries = 0, attempts = 0, attempt_mark = -1, http_status = NULL, reason = NULL") \
    X(PICK_FETCH, "", \
      "SELECT id, study, created_at, tries, attempts, attempt_mark FROM fetch" \
      " WHERE destination_id = ?1 AND state = 'queued' AND due_at <= ?2 ORDER BY due_at, id LIMIT 1") \
    X(NEXT_FETCH, "", \
      "SELECT due_at FROM fetch WHERE destination_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(LEASE_FETCH, "", \
      "UPDATE fetch SET state = 'fetching', work = ?2, tries = tries + 1 WHERE id = ?1") \
    X(FETCH_STATE, "", "SELECT state, work, again, due_at FROM fetch WHERE id = ?1") \
    X(MOVE_FETCH, "", \
      "UPDATE fetch SET state = ?2, work = NULL, again = 0, due_at = ?3, attempts = ?4, attempt_mark = ?5," \
      " http_status = nullif(?6, 0), reason = ?7, finished_at = nullif(?8, 0) WHERE id = ?1") \
    X(REPEAT_FETCH, "", \
      "UPDATE fetch SET state = ?2, work = NULL, again = 0, tries = 0 WHERE id = ?1") \
    /* outcomes */ \
    X(DELIVERY_STATE, "", "SELECT state, work, tries FROM delivery WHERE id = ?1") \
    X(MOVE_DELIVERY, "", \
      "UPDATE delivery SET state = ?2, work = NULL, due_at = ?3, attempts = ?4, attempt_mark = ?5," \
      " batch_limit = ?6, http_status = nullif(?7, 0), reason = ?8, finished_at = nullif(?9, 0) WHERE id = ?1") \
    X(SERIES_IS_STORED, "", "UPDATE series SET stored = 1, known = 1 WHERE id = ?1 AND known = 0") \
    X(SERIES_IS_UNKNOWN, "", "UPDATE series SET known = 0 WHERE id = ?1") \
    X(WAITING_SHARES, "", "SELECT id, album_id FROM share WHERE series_id = ?1 AND state = 'waiting'") \
    X(SHARE_IS_DUE, "", "UPDATE share SET state = ?2, due_at = ?3 WHERE id = ?1") \
    X(SHARE_STATE, "", "SELECT state, work, tries FROM share WHERE id = ?1") \
    X(MOVE_SHARE, "", \
      "UPDATE share SET state = ?2, work = NULL, due_at = ?3, attempts = ?4, attempt_mark = ?5," \
      " http_status = nullif(?6, 0), reason = ?7, finished_at = nullif(?8, 0) WHERE id = ?1") \
    X(JOB_IS_FINAL, "", \
      "UPDATE instance SET open_jobs = open_jobs - 1," \
      " done_at = CASE WHEN open_jobs = 1 THEN ?2 ELSE done_at END," \
      " keep_until = CASE WHEN open_jobs = 1 THEN ?3 ELSE keep_until END," \
      " state = CASE WHEN open_jobs = 1 THEN 'done' ELSE state END WHERE id = ?1") \
    X(FIND_DELIVERY, "", \
      "SELECT w.id, w.instance_id, w.series_id, i.receipt, i.size, i.received_at, w.tries, w.attempts," \
      " w.batch_limit, w.attempt_mark, i.urgent, i.sop_instance, w.destination_id, e.lane_id, i.study, w.work" \
      " FROM instance i JOIN destination d ON d.name = ?2" \
      " JOIN delivery w ON w.instance_id = i.id AND w.destination_id = d.id" \
      " JOIN series e ON e.id = w.series_id WHERE i.receipt = ?1") \
    X(TALLY, "", \
      "INSERT INTO tally (destination_id, album_id, started_at, done, bytes, failed)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (destination_id, album_id, started_at) DO UPDATE SET" \
      " done = done + excluded.done, bytes = bytes + excluded.bytes, failed = failed + excluded.failed") \
    X(ADD_EVENT, "", \
      "INSERT INTO event (at, kind, instance_id, delivery_id, share_id, destination_id, album_id," \
      " http_status, detail) VALUES (?1, ?2, nullif(?3, 0), nullif(?4, 0), nullif(?5, 0), nullif(?6, 0)," \
      " nullif(?7, 0), nullif(?8, 0), ?9)") \
    /* cleaning and reconciling */ \
    X(HURRY_DELIVERIES, START_ONLY, \
      "UPDATE delivery SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(HURRY_SERIES, START_ONLY, "UPDATE series SET next_due = ?1 WHERE queued > 0 AND next_due > ?2") \
    X(HURRY_LANES, START_ONLY, "UPDATE lane SET next_due = ?1 WHERE queued > 0 AND next_due > ?2") \
    X(HURRY_SHARES, START_ONLY, "UPDATE share SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(HURRY_FETCHES, START_ONLY, "UPDATE fetch SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(EACH_FINISHED, "", \
      "SELECT i.id, i.receipt, i.keep_until, EXISTS (SELECT 1 FROM delivery w WHERE w.instance_id = i.id" \
      " AND w.state = 'dropped') FROM instance i WHERE i.state = 'done' AND i.place = 'queue'" \
      " ORDER BY i.id LIMIT ?1") \
    X(EACH_EXPIRED, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'done' AND place IN ('kept', 'dropped')" \
      " AND keep_until <= ?1 ORDER BY keep_until LIMIT ?2") \
    X(SET_DROPPED, "", \
      "UPDATE instance SET place = 'dropped', keep_until = max(coalesce(keep_until, 0), ?2) WHERE id = ?1") \
    X(SET_PLACE, "", "UPDATE instance SET place = ?2 WHERE id = ?1") \
    X(EACH_FORGOTTEN, "", \
      "SELECT id, study FROM instance WHERE state = 'done' AND place = 'gone' AND done_at < ?1 ORDER BY done_at LIMIT ?2") \
    X(FORGET_INSTANCE, "", "DELETE FROM instance WHERE id = ?1") \
    X(FORGET_SHARES, "", \
      "DELETE FROM share WHERE study = ?1 AND state IN ('shared', 'dropped')" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_FETCHES, "", \
      "DELETE FROM fetch WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_SERIES, "", \
      "DELETE FROM series WHERE lane_id IN (SELECT id FROM lane WHERE study = ?1)" \
      " AND NOT EXISTS (SELECT 1 FROM share WHERE series_id = series.id)" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_LANES, "", \
      "DELETE FROM lane WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM series WHERE lane_id = lane.id)" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_EVENTS, "", \
      "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)") \
    X(FORGET_TALLIES, "at most 288 rows a day and destination", "DELETE FROM tally WHERE started_at < ?1") \
    X(EACH_ACTIVE, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'active' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(EACH_QUARANTINED, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'quarantined' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(OPEN_DELIVERIES, "", \
      "SELECT w.id, w.instance_id, w.series_id, i.receipt, i.size, i.received_at, w.tries, w.attempts," \
      " w.batch_limit, w.attempt_mark, i.urgent, i.sop_instance, w.destination_id, e.lane_id, i.study, w.work" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN series e ON e.id = w.series_id" \
      " WHERE w.instance_id = ?1 AND w.state IN ('queued', 'sending')") \
    /* what operators want */ \
    X(DELIVERIES_QUEUED, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state = 'queued' AND w.id > ?2 ORDER BY w.id LIMIT ?3") \
    X(DELIVERIES_FAILED, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state = 'failed' AND (w.finished_at, w.id) > (?2, ?3)" \
      " ORDER BY w.finished_at, w.id LIMIT ?4") \
    X(DELIVERY_BY_ID, "", DELIVERY_CANDIDATE " WHERE w.id = ?1") \
    X(SHARES_OPEN, "", SHARE_CANDIDATE \
      " WHERE s.album_id = ?1 AND s.state IN ('waiting', 'queued') AND s.id > ?2 ORDER BY s.id LIMIT ?3") \
    X(SHARES_FAILED, "", SHARE_CANDIDATE \
      " WHERE s.album_id = ?1 AND s.state = 'failed' AND (s.finished_at, s.id) > (?2, ?3)" \
      " ORDER BY s.finished_at, s.id LIMIT ?4") \
    X(SHARE_BY_ID, "", SHARE_CANDIDATE " WHERE s.id = ?1") \
    X(FETCHES_QUEUED, "", FETCH_CANDIDATE \
      " WHERE f.destination_id = ?1 AND f.state = 'queued' AND (f.due_at, f.id) > (?2, ?3)" \
      " ORDER BY f.due_at, f.id LIMIT ?4") \
    X(FETCHES_FAILED, "", FETCH_CANDIDATE \
      " WHERE f.destination_id = ?1 AND f.state = 'failed' AND (f.finished_at, f.id) > (?2, ?3)" \
      " ORDER BY f.finished_at, f.id LIMIT ?4") \
    X(FETCH_BY_ID, "", FETCH_CANDIDATE " WHERE f.id = ?1") \
    X(DROP_FETCH, "", "DELETE FROM fetch WHERE id = ?1 AND state IN ('queued', 'failed')") \
    X(DELIVERY_RETRIED, "", "UPDATE delivery SET retried_at = ?2 WHERE id = ?1") \
    X(SHARE_RETRIED, "", "UPDATE share SET retried_at = ?2 WHERE id = ?1") \
    X(DELIVERY_WAITING_SINCE, "", "SELECT retried_at FROM delivery WHERE id = ?1") \
    X(SHARE_WAITING_SINCE, "", "SELECT retried_at FROM share WHERE id = ?1") \
    X(SERIES_HAS_HOPE, "", \
      "SELECT 1 FROM series e JOIN lane l ON l.id = e.lane_id" \
      " JOIN instance i ON i.study = l.study AND i.series = e.series" \
      " JOIN delivery w ON w.instance_id = i.id AND w.destination_id = l.destination_id" \
      " WHERE e.id = ?1 AND w.state IN ('queued', 'sending', 'sent', 'failed') LIMIT 1") \
    X(UNSHARED, "", \
      "SELECT id, destination_id, album_id, witness_id FROM share WHERE series_id = ?1 AND state = 'waiting'") \
    X(FORGET_SHARE, "", "DELETE FROM share WHERE id = ?1") \
    X(READ_QUARANTINE, "", \
      "SELECT id, receipt, reason, calling_aet, called_aet, study, sop_instance, size, received_at," \
      " decided_at FROM instance WHERE state = 'quarantined' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(DROP_QUARANTINED, "", \
      "UPDATE instance SET state = 'done', place = 'dropped', done_at = ?2, keep_until = ?3" \
      " WHERE id = ?1 AND state = 'quarantined'") \
    X(FIND_INSTANCE, "", "SELECT id FROM instance WHERE receipt = ?1") \
    X(ADD_REQUEST, "", \
      "INSERT INTO request (name, verb, user, asked, asked_at, finished_at, changed, skipped, sentence)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, ?9)") \
    X(SAVE_REQUEST, "", \
      "UPDATE request SET finished_at = nullif(?2, 0), changed = ?3, skipped = ?4, sentence = ?5," \
      " walk_album = ?6, walk_destination = ?7, walk_phase = ?8, walk_time = ?9, walk_id = ?10," \
      " already = ?11, unmatched = ?12 WHERE id = ?1") \
    X(FIND_REQUEST, "", REQUEST_COLUMNS " WHERE name = ?1") \
    X(OPEN_REQUESTS, "", REQUEST_COLUMNS " WHERE finished_at IS NULL ORDER BY id") \
    X(FORGET_REQUESTS, "", \
      "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE finished_at < ?1" \
      " ORDER BY finished_at LIMIT ?2)") \
    /* monitoring */ \
    X(EACH_DEPTH, CONFIG_ONLY, \
      "SELECT id, 0, name, NULL, 0, queued, deferred, in_flight, failed, token_active, NULL FROM destination" \
      " UNION ALL SELECT a.destination_id, a.id, d.name, a.name, a.waiting, a.queued, a.deferred," \
      " a.in_flight, a.failed, a.token_active, a.source_active" \
      " FROM album a JOIN destination d ON d.id = a.destination_id") \
    X(OLDEST_FAILED_DELIVERY, "", \
      "SELECT finished_at FROM delivery WHERE destination_id = ?1 AND state = 'failed'" \
      " ORDER BY finished_at LIMIT 1") \
    X(OLDEST_FAILED_SHARE, "", \
      "SELECT finished_at FROM share WHERE album_id = ?1 AND state = 'failed' ORDER BY finished_at LIMIT 1") \
    X(COUNT_SPOOL, START_ONLY, \
      "SELECT 'queue', count(*), coalesce(sum(size), 0) FROM instance WHERE state = 'active'" \
      " UNION ALL SELECT 'queue', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place = 'queue'" \
      " UNION ALL SELECT 'quarantine', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'quarantined'" \
      " UNION ALL SELECT 'kept', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place IN ('kept', 'dropped') AND place = 'kept'" \
      " UNION ALL SELECT 'dropped', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place IN ('kept', 'dropped') AND place = 'dropped'") \
    /* reading */ \
    X(READ_STATUS, CONFIG_ONLY, \
      "SELECT d.id, 0, d.name, NULL, d.configured, d.held, d.state, 0, d.queued, d.deferred, d.in_flight," \
      " d.failed, d.last_error, d.last_error_at, d.until, d.token_active, d.token_scope, d.token_album," \
      " NULL, NULL, NULL, NULL, NULL, NULL FROM destination d UNION ALL" \
      " SELECT a.destination_id, a.id, d.name, a.name, a.configured, a.held OR d.held, a.state, a.waiting, a.queued," \
      " a.deferred, a.in_flight, a.failed, a.last_error, a.last_error_at, a.until, d.token_active," \
      " d.token_scope, d.token_album, a.token_active, a.token_scope, a.token_album, a.source_active," \
      " a.source_scope, a.source_album" \
      " FROM album a JOIN destination d ON d.id = a.destination_id ORDER BY 3, 4") \
    X(READ_TALLY, "", \
      "SELECT coalesce(sum(CASE WHEN started_at > ?3 THEN done ELSE 0 END), 0), coalesce(sum(done), 0)" \
      " FROM tally WHERE destination_id = ?1 AND album_id = ?2 AND started_at > ?4") \
    X(READ_TOTALS, "at most 288 rows a day and destination", \
      "SELECT coalesce(sum(done), 0), coalesce(sum(bytes), 0) FROM tally" \
      " WHERE album_id = 0 AND started_at > ?1") \
    X(OLDEST_DELIVERY, "", \
      "SELECT i.received_at FROM delivery w JOIN instance i ON i.id = w.instance_id" \
      " WHERE w.destination_id = ?1 AND w.state = 'queued' ORDER BY w.id LIMIT 1") \
    X(OLDEST_SHARE, "", \
      "SELECT created_at FROM share WHERE album_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(COUNT_QUARANTINED, "", \
      "SELECT count(*) FROM instance INDEXED BY instance_quarantined WHERE state = 'quarantined'") \
    X(FIRST_DELIVERY_SINCE, "", \
      "SELECT min(w.id) FROM (SELECT id FROM instance WHERE receipt >= ?1 ORDER BY receipt LIMIT 1000) r" \
      " JOIN delivery w ON w.instance_id = r.id") \
    X(READ_DELIVERIES, "", \
      "SELECT " DELIVERY_COLUMNS " FROM delivery w JOIN instance i ON i.id = w.instance_id" \
      " JOIN destination d ON d.id = w.destination_id" \
      " WHERE w.id >= ?8 AND " DELIVERY_MATCHES " ORDER BY w.id DESC LIMIT ?6") \
    X(READ_DELIVERIES_OF_STUDY, ONE_STUDY, \
      "SELECT " DELIVERY_COLUMNS " FROM instance i INDEXED BY instance_study" \
      " JOIN delivery w ON w.instance_id = i.id JOIN destination d ON d.id = w.destination_id" \
      " WHERE i.study = ?3 AND " DELIVERY_MATCHES " ORDER BY w.id DESC LIMIT ?6") \
    X(READ_DELIVERIES_QUEUED, FEW_OF_EACH, DELIVERIES_IN("delivery_waiting", "state = 'queued'")) \
    X(READ_DELIVERIES_SENDING, FEW_OF_EACH, DELIVERIES_IN("delivery_sending", "state = 'sending'")) \
    X(READ_DELIVERIES_SENT, FEW_OF_EACH, DELIVERIES_IN("delivery_sent", "state = 'sent'")) \
    X(READ_DELIVERIES_FAILED, FEW_OF_EACH, DELIVERIES_IN("delivery_failed", "state = 'failed'")) \
    X(READ_DELIVERIES_APART, FEW_OF_EACH, DELIVERIES_IN("delivery_apart", "state IN ('excluded', 'dropped') AND state = ?1")) \
    X(READ_SHARES, "an operator's question, answered newest first and ended by its limit", \
      "SELECT 'share', s.id, s.state, d.name, a.name, s.study, s.series, NULL, NULL, s.reason, s.tries," \
      " s.attempts, s.http_status, 0, s.created_at, s.due_at, s.finished_at" \
      " FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id" \
      " WHERE (?1 IS NULL OR s.state = ?1) AND s.tries >= ?8 AND (?2 IS NULL OR d.name = ?2)" \
      " AND (?3 IS NULL OR s.study = ?3) AND (?4 IS NULL OR s.series = ?4) AND s.created_at >= ?5" \
      " AND (?7 IS NULL OR a.name = ?7) ORDER BY s.id DESC LIMIT ?6") \
    X(READ_FETCHES, "an operator's question, answered newest first and ended by its limit", \
      "SELECT 'fetch', f.id, f.state, d.name, NULL, f.study, NULL, NULL, NULL, f.reason, f.tries," \
      " f.attempts, f.http_status, 0, f.created_at, f.due_at, f.finished_at" \
      " FROM fetch f JOIN destination d ON d.id = f.destination_id" \
      " WHERE (?1 IS NULL OR f.state = ?1) AND (?2 IS NULL OR d.name = ?2)" \
      " AND (?3 IS NULL OR f.study = ?3) AND f.created_at >= ?4 AND (?6 = 0 OR f.tries > 0) ORDER BY f.id DESC LIMIT ?5") \
    JOBDB_SHOW_MAP(X)
/* clang-format on */

enum jobdb_statement {
#define X(name, scan, sql) SQL_##name,
    JOBDB_STATEMENT_MAP(X)
#undef X
        JOBDB_STATEMENTS
};

/* What a turn changed in a target's counters; written at commit. */
struct jobdb_counts {
    int64_t destination_id, album_id;
    int64_t queued, deferred, in_flight, failed, waiting;
};

struct jobdb {
    sqlite3 *sql;
    sqlite3_stmt *statements[JOBDB_STATEMENTS];
    bool in_transaction;
    int error; /* sticky */
    struct text sentence;
    struct jobdb_counts *counts;
    size_t count_count, count_capacity;
    int64_t served; /* last value of lane.last_served */
    struct jobdb_volume volumes[SPOOL_PLACES];
};

/* Remembers the connection's present error, unless there was one before. SQLite's texts name tables and
 * files, never a value. */
void jobdb_fail(struct jobdb *db, const char *doing);
/* Runs statements that have no parameters; nothing after an error. The error, with what was being done. */
int jobdb_execute(struct jobdb *db, const char *sql, const char *doing);

/* Binds the parameters and returns the statement, ready to be stepped; NULL after an error. */
sqlite3_stmt *jobdb_query(struct jobdb *db, enum jobdb_statement which, const char *format, ...);
/* Whether there is (another) row; resets the statement when there is not. NULL is fine. */
bool jobdb_row(struct jobdb *db, sqlite3_stmt *statement);
/* Ends a query whose rows were not all read. NULL is fine. */
void jobdb_end(sqlite3_stmt *statement);

/* Runs a change inside the transaction, beginning it when there is none. Returns how many rows it changed. */
int jobdb_change(struct jobdb *db, enum jobdb_statement which, const char *format, ...);
/* The same for a change that returns a row; end it with jobdb_end(). */
sqlite3_stmt *jobdb_change_returning(struct jobdb *db, enum jobdb_statement which, const char *format, ...);

/* A column's text, never NULL ("" for NULL); borrowed until the next step. */
const char *jobdb_text(sqlite3_stmt *statement, int column);
/* A column's text or NULL. */
const char *jobdb_text_or_null(sqlite3_stmt *statement, int column);

/* Copies a text, cut to the buffer. */
void jobdb_copy_text(char *ret_buffer, size_t size, const char *text);
/* The first integer of a query's first row, or INT64_MAX when it has none. */
int64_t jobdb_first_or_never(struct jobdb *db, sqlite3_stmt *row);

/* Whether an outcome may touch the job: its work must still be this one, but "stored" is always true. */
bool jobdb_concerns(const struct jobdb_batch *batch, const char *work, bool in_flight, enum cause cause);

/* The counters of a target in this transaction. */
struct jobdb_counts *jobdb_counts_of(struct jobdb *db, int64_t destination_id, int64_t album_id);

/* A token from the columns active, scope and album; its texts are yours. */
void jobdb_read_token(sqlite3_stmt *row, int first, struct jobdb_token *ret_token);
void jobdb_token_release(struct jobdb_token *token);

/* The columns id, instance_id, series_id, receipt, size, received_at, tries, attempts, batch_limit,
 * attempt_mark, urgent from first on. */
void jobdb_read_item(sqlite3_stmt *row, int first, struct jobdb_item *ret_item);

#endif
