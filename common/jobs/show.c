#include "common/jobs/show.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

#include <stdlib.h>

#define ONE_STUDY  "sorts what belongs to one study or series"
#define BY_END     "reads an index, for a person who has the end of a UID alone"
#define IN_TROUBLE "groups what failed, is undecided or in quarantine"
#define OF_A_PAGE  "sorts what one page shows"
#define PARKED     "reads what is in quarantine, which is little"

/* clang-format off */
/* Why a delivery w to a destination d does not go, by the destination alone. */
#define WAITS \
    "CASE WHEN w.state <> 'queued' THEN NULL" \
    " WHEN NOT d.configured THEN 'the configuration does not name the destination'" \
    " WHEN d.held THEN 'an operator holds the destination'" \
    " WHEN d.state <> 'up' THEN 'the destination is ' || d.state || ': ' || coalesce(d.last_error, '')" \
    " END"

/* ?1, ?2 and ?3 are a, b and n. */
#define STATEMENTS(X) \
    X(SNAPSHOT, "", "BEGIN") \
    X(ASK_NEXT_STUDY, "", \
      "SELECT study FROM instance WHERE study >= ?1 AND study < ?2 ORDER BY study LIMIT 1") \
    X(ASK_NEXT_SERIES, "", \
      "SELECT series FROM series WHERE series >= ?1 AND series < ?2 ORDER BY series LIMIT 1") \
    X(ASK_NEXT_SERIES_APART, "", \
      "SELECT series FROM instance WHERE done_at = decided_at AND series >= ?1 AND series < ?2" \
      " ORDER BY series LIMIT 1") \
    X(ASK_NEXT_SERIES_PARKED, PARKED, \
      "SELECT min(series) AS series FROM instance INDEXED BY instance_quarantined" \
      " WHERE state = 'quarantined' AND series >= ?1 AND series < ?2 HAVING min(series) IS NOT NULL") \
    X(ASK_NEXT_SOP_INSTANCE, "", \
      "SELECT sop_instance FROM instance WHERE sop_instance >= ?1 AND sop_instance < ?2" \
      " ORDER BY sop_instance LIMIT 1") \
    X(ASK_NEXT_RECEIPT, "", \
      "SELECT receipt FROM instance WHERE receipt >= ?1 AND receipt < ?2 ORDER BY receipt LIMIT 1") \
    X(ASK_ENDING_STUDIES, BY_END, \
      "SELECT DISTINCT study FROM instance INDEXED BY instance_study WHERE study > '' AND substr(study, -length(?1)) = ?1" \
      " LIMIT ?3") \
    X(ASK_ENDING_SERIES, BY_END, \
      "SELECT DISTINCT series FROM instance INDEXED BY instance_study WHERE study > '' AND substr(series, -length(?1)) = ?1" \
      " LIMIT ?3") \
    X(ASK_ENDING_SOP_INSTANCES, BY_END, \
      "SELECT DISTINCT sop_instance FROM instance INDEXED BY instance_sop WHERE sop_instance > ''" \
      " AND substr(sop_instance, -length(?1)) = ?1 LIMIT ?3") \
    X(ASK_RECEIPT_OF_DELIVERY, "", \
      "SELECT i.receipt FROM delivery w JOIN instance i ON i.id = w.instance_id WHERE w.id = ?3") \
    X(ASK_RECEIPT_OF_INSTANCE, "", "SELECT receipt FROM instance WHERE id = ?3") \
    X(ASK_SERIES_OF_SHARE, "", "SELECT series FROM share WHERE id = ?3") \
    X(ASK_STUDY_OF_FETCH, "", "SELECT study FROM fetch WHERE id = ?3") \
    X(ASK_SERIES_OF_INQUIRY, "", "SELECT series FROM inquiry WHERE id = ?3") \
    X(ASK_INQUIRIES, "", \
      "SELECT q.id, d.name AS destination, a.name AS album, q.series, q.state, q.tries, q.attempts, q.http_status," \
      " coalesce(q.reason, q.doubt) AS reason, CASE WHEN q.state = 'queued' THEN q.due_at END AS due_at, q.finished_at" \
      " FROM inquiry q JOIN destination d ON d.id = q.destination_id JOIN album a ON a.id = q.album_id" \
      " WHERE q.study = ?1 AND (?2 IS NULL OR q.series = ?2)") \
    X(ASK_FETCHES, "", \
      "SELECT f.id, d.name AS destination, f.state, f.tries, f.attempts, f.http_status, f.reason," \
      " CASE WHEN f.state = 'queued' THEN f.due_at END AS due_at, f.finished_at" \
      " FROM fetch f JOIN destination d ON d.id = f.destination_id WHERE f.study = ?1") \
    X(ASK_STUDY_OF_SERIES, PARKED, \
      "SELECT coalesce(" \
      "(SELECT l.study FROM series e JOIN lane l ON l.id = e.lane_id WHERE e.series = ?1 LIMIT 1)," \
      "(SELECT study FROM instance WHERE done_at = decided_at AND series = ?1 LIMIT 1)," \
      "(SELECT study FROM instance INDEXED BY instance_quarantined WHERE state = 'quarantined'" \
      " AND series = ?1 LIMIT 1)) AS study") \
    X(ASK_STUDIES_OF_HASH, ONE_STUDY, \
      "SELECT study, (SELECT max(received_at) FROM instance i WHERE i.study = h.study) AS last_received_at" \
      " FROM search_hash h WHERE h.hash = ?1 ORDER BY last_received_at DESC LIMIT ?3") \
    X(ASK_RECEIPTS, ONE_STUDY, \
      "SELECT receipt FROM instance WHERE sop_instance = ?1 ORDER BY receipt DESC LIMIT ?3") \
    X(ASK_INSTANCE, "", \
      "SELECT id, sop_instance, series, study, receipt, sop_class, transfer_syntax, state, reason," \
      " received_at, calling_aet, source_address, called_aet, size, urgent, decided_at, done_at, place," \
      " keep_until FROM instance WHERE receipt = ?1") \
    X(ASK_INSTANCES, ONE_STUDY, \
      "SELECT receipt, series, sop_instance, state, place, reason, transfer_syntax, calling_aet, called_aet," \
      " source_address FROM instance WHERE study = ?1 AND (?2 IS NULL OR series = ?2) ORDER BY series, id") \
    X(ASK_DELIVERIES, "", \
      "SELECT w.id, d.name AS destination, w.state, w.tries, w.attempts, w.http_status," \
      " CASE WHEN w.state = 'sent' AND w.finished_at <= d.moved_at THEN 'before the destination moved'" \
      " ELSE w.reason END AS reason," \
      " CASE WHEN w.state = 'queued' THEN w.due_at END AS due_at, w.finished_at," \
      " " WAITS " AS waits" \
      " FROM delivery w JOIN destination d ON d.id = w.destination_id WHERE w.instance_id = ?3") \
    X(ASK_SHARES, "", \
      "SELECT s.id, d.name AS destination, a.name AS album, s.series, s.state, s.tries, s.attempts," \
      " s.http_status, CASE WHEN s.state = 'shared' AND s.finished_at <= a.moved_at" \
      " THEN 'before the album became another one' ELSE s.reason END AS reason, s.witness_id = ?3 AS own, s.created_at," \
      " CASE WHEN s.state = 'queued' THEN s.due_at END AS due_at, s.finished_at," \
      " CASE WHEN s.state = 'waiting' THEN 'no instance of the series is stored yet' ||" \
      " CASE WHEN a.state <> 'up' THEN '; and the album is ' || a.state || ': ' || coalesce(a.last_error, '') ELSE '' END" \
      " WHEN s.state <> 'queued' THEN NULL" \
      " WHEN NOT a.configured THEN 'the configuration does not name the album'" \
      " WHEN a.held THEN 'an operator holds the album'" \
      " WHEN a.state <> 'up' THEN 'the album is ' || a.state || ': ' || coalesce(a.last_error, '')" \
      " END AS waits" \
      " FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id" \
      " WHERE s.study = ?1 AND (?2 IS NULL OR s.series = ?2)") \
    X(ASK_INSTANCE_EVENTS, "", \
      "SELECT e.at, e.kind, d.name AS destination, a.name AS album, e.http_status, e.detail" \
      " FROM event e LEFT JOIN destination d ON d.id = e.destination_id" \
      " LEFT JOIN album a ON a.id = e.album_id WHERE e.instance_id = ?3") \
    X(ASK_SHARE_EVENTS, "", \
      "SELECT e.at, e.kind, d.name AS destination, a.name AS album, e.http_status, e.detail" \
      " FROM event e LEFT JOIN destination d ON d.id = e.destination_id" \
      " LEFT JOIN album a ON a.id = e.album_id WHERE e.share_id = ?3 AND e.instance_id IS NULL") \
    X(ASK_SERIES_SUMS, "", \
      "SELECT series, count(DISTINCT coalesce(sop_instance, receipt)) AS instances, count(*) AS received," \
      " sum(size) AS size, min(received_at) AS first_received_at," \
      " max(received_at) AS last_received_at, sum(state = 'quarantined') AS quarantined," \
      " min(calling_aet) AS calling_aet, min(called_aet) AS called_aet" \
      " FROM instance WHERE study = ?1 AND (?2 IS NULL OR series = ?2) GROUP BY series") \
    X(ASK_DELIVERY_SUMS, ONE_STUDY, \
      "SELECT i.series, d.name AS destination, w.state, count(*) AS count, min(w.reason) AS reason," \
      " " WAITS " AS waits" \
      " FROM instance i JOIN delivery w ON w.instance_id = i.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1 AND (?2 IS NULL OR i.series = ?2)" \
      " GROUP BY i.series, w.destination_id, w.state") \
    X(ASK_HOME, "", \
      "SELECT home_album FROM destination WHERE name = ?1 AND origin = ?2 AND stored > home_stored") \
    X(ASK_STUDY_REASONS, ONE_STUDY, \
      "SELECT d.name AS destination, NULL AS album, w.http_status, w.reason, count(*) AS count," \
      " count(DISTINCT i.series) AS series," \
      " min(w.finished_at) AS first_at, max(w.finished_at) AS last_at" \
      " FROM instance i INDEXED BY instance_study JOIN delivery w ON w.instance_id = i.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1 AND w.state = 'failed'" \
      " GROUP BY w.destination_id, w.http_status, w.reason" \
      " UNION ALL SELECT d.name, a.name, s.http_status, s.reason, count(*), count(*), min(s.finished_at)," \
      " max(s.finished_at) FROM share s INDEXED BY share_study JOIN album a ON a.id = s.album_id JOIN destination d ON d.id = s.destination_id" \
      " WHERE s.study = ?1 AND s.state = 'failed' GROUP BY s.album_id, s.http_status, s.reason" \
      " ORDER BY count DESC LIMIT 20") \
    X(ASK_STUDY_MARKS, ONE_STUDY, \
      "SELECT w.finished_at AS at, d.name AS destination, NULL AS album, w.state, count(*) AS count, w.http_status," \
      " w.reason FROM instance i INDEXED BY instance_study JOIN delivery w ON w.instance_id = i.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1 AND w.finished_at > 0 AND w.state <> 'excluded'" \
      " GROUP BY w.finished_at, w.destination_id, w.state, w.http_status, w.reason" \
      " UNION ALL SELECT s.finished_at, d.name, a.name, s.state, count(*), s.http_status, s.reason" \
      " FROM share s JOIN album a ON a.id = s.album_id JOIN destination d ON d.id = s.destination_id" \
      " WHERE s.study = ?1 AND s.finished_at > 0 GROUP BY s.finished_at, s.album_id, s.state, s.http_status, s.reason" \
      " ORDER BY 1 DESC LIMIT 200") \
    X(ASK_STUDY_TIMES, ONE_STUDY, \
      "SELECT received_at AS at, 'received' AS what, NULL AS destination, NULL AS album, count(*) AS count" \
      " FROM instance INDEXED BY instance_study WHERE study = ?1 GROUP BY received_at" \
      " UNION ALL SELECT decided_at, 'decided', NULL, NULL, count(*)" \
      " FROM instance INDEXED BY instance_study WHERE study = ?1 AND state <> 'quarantined' GROUP BY decided_at" \
      " UNION ALL SELECT w.finished_at, w.state, d.name, NULL, count(*)" \
      " FROM instance i INDEXED BY instance_study JOIN delivery w ON w.instance_id = i.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1 AND w.finished_at > 0 AND w.state <> 'excluded'" \
      " GROUP BY w.finished_at, w.destination_id, w.state" \
      " UNION ALL SELECT s.finished_at, s.state, d.name, a.name, count(*)" \
      " FROM share s JOIN album a ON a.id = s.album_id JOIN destination d ON d.id = s.destination_id" \
      " WHERE s.study = ?1 AND s.finished_at > 0 GROUP BY s.finished_at, s.album_id, s.state" \
      " UNION ALL SELECT e.at, e.kind, d.name, NULL, count(*)" \
      " FROM instance i INDEXED BY instance_study JOIN event e ON e.instance_id = i.id" \
      " JOIN delivery w ON w.id = e.delivery_id JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1" \
      " AND (e.kind = 'trouble' OR (e.kind = 'failed' AND NOT (w.state = 'failed' AND w.finished_at = e.at)))" \
      " GROUP BY e.at, e.kind, w.destination_id" \
      " UNION ALL SELECT e.at, e.kind, d.name, a.name, count(*)" \
      " FROM share s JOIN event e ON e.share_id = s.id JOIN album a ON a.id = s.album_id" \
      " JOIN destination d ON d.id = s.destination_id WHERE s.study = ?1" \
      " AND (e.kind = 'trouble' OR (e.kind = 'failed' AND NOT (s.state = 'failed' AND s.finished_at = e.at)))" \
      " GROUP BY e.at, e.kind, s.album_id LIMIT ?3") \
    X(ASK_STUDY_EVENTS, ONE_STUDY, \
      "SELECT e.at, e.kind, d.name AS destination, a.name AS album, e.http_status, e.detail, count(*) AS count" \
      " FROM instance i INDEXED BY instance_study JOIN event e ON e.instance_id = i.id" \
      " LEFT JOIN destination d ON d.id = e.destination_id LEFT JOIN album a ON a.id = e.album_id" \
      " WHERE i.study = ?1 GROUP BY e.at, e.kind, e.destination_id, e.album_id, e.http_status, e.detail" \
      " ORDER BY e.at DESC LIMIT 100") \
    X(ASK_FAILED_GROUPS, IN_TROUBLE, \
      "SELECT 'delivery' AS job, d.name AS destination, NULL AS album, g.http_status, g.reason, g.count, g.studies," \
      " g.first_at, g.last_at, g.study, (SELECT i.calling_aet FROM delivery o INDEXED BY delivery_failed_reason" \
      " JOIN instance i ON i.id = o.instance_id WHERE o.state = 'failed' AND o.destination_id = g.destination_id" \
      " AND o.http_status IS g.http_status AND o.reason IS g.reason LIMIT 1) AS calling_aet FROM (" \
      "SELECT w.destination_id, w.http_status, w.reason, sum(w.count) AS count, count(DISTINCT l.study) AS studies," \
      " min(w.first_at) AS first_at, max(w.last_at) AS last_at, max(l.study) AS study FROM (" \
      "SELECT destination_id, http_status, reason, series_id, count(*) AS count, min(finished_at) AS first_at," \
      " max(finished_at) AS last_at FROM delivery INDEXED BY delivery_failed_reason WHERE state = 'failed'" \
      " GROUP BY destination_id, http_status, reason, series_id) w" \
      " JOIN series r ON r.id = w.series_id JOIN lane l ON l.id = r.lane_id" \
      " GROUP BY w.destination_id, w.http_status, w.reason) g JOIN destination d ON d.id = g.destination_id" \
      " UNION ALL SELECT 'share', d.name, a.name, s.http_status, s.reason, count(*), count(DISTINCT s.study)," \
      " min(s.finished_at), max(s.finished_at), max(s.study), NULL" \
      " FROM share s INDEXED BY share_failed JOIN album a ON a.id = s.album_id" \
      " JOIN destination d ON d.id = s.destination_id WHERE s.state = 'failed'" \
      " GROUP BY s.album_id, s.http_status, s.reason" \
      " UNION ALL SELECT 'fetch', d.name, NULL, f.http_status, f.reason, count(*), count(DISTINCT f.study)," \
      " min(f.finished_at), max(f.finished_at), max(f.study), NULL" \
      " FROM fetch f INDEXED BY fetch_failed JOIN destination d ON d.id = f.destination_id WHERE f.state = 'failed'" \
      " GROUP BY f.destination_id, f.http_status, f.reason" \
      " UNION ALL SELECT 'inquiry', d.name, a.name, q.http_status, q.reason, count(*), count(DISTINCT q.study)," \
      " min(q.finished_at), max(q.finished_at), max(q.study), NULL" \
      " FROM inquiry q INDEXED BY inquiry_failed JOIN album a ON a.id = q.album_id" \
      " JOIN destination d ON d.id = q.destination_id WHERE q.state = 'failed'" \
      " GROUP BY q.album_id, q.http_status, q.reason ORDER BY count DESC LIMIT 100") \
    X(ASK_UNDECIDED_GROUPS, IN_TROUBLE, \
      "SELECT 'delivery' AS job, d.name AS destination, NULL AS album, NULL AS http_status, w.reason, count(*) AS count," \
      " count(DISTINCT i.study) AS studies, min(i.decided_at) AS first_at, max(i.decided_at) AS last_at," \
      " max(i.study) AS study, min(i.calling_aet) AS calling_aet" \
      " FROM delivery w INDEXED BY delivery_undecided JOIN instance i ON i.id = w.instance_id" \
      " JOIN destination d ON d.id = w.destination_id WHERE w.state = 'undecided' GROUP BY w.destination_id, w.reason" \
      " UNION ALL SELECT 'share', d.name, a.name, NULL, s.reason, count(*), count(DISTINCT s.study)," \
      " min(s.created_at), max(s.created_at), max(s.study), NULL" \
      " FROM share s INDEXED BY share_apart JOIN album a ON a.id = s.album_id" \
      " JOIN destination d ON d.id = s.destination_id WHERE s.state IN ('undecided', 'dropped') AND s.state = 'undecided' GROUP BY s.album_id, s.reason" \
      " ORDER BY count DESC LIMIT 100") \
    X(ASK_QUARANTINE_GROUPS, IN_TROUBLE, \
      "SELECT reason, calling_aet, called_aet, count(*) AS count, sum(size) AS bytes, min(decided_at) AS first_at," \
      " max(decided_at) AS last_at, max(receipt) AS receipt" \
      " FROM instance INDEXED BY instance_quarantined WHERE state = 'quarantined'" \
      " GROUP BY reason, calling_aet, called_aet ORDER BY count DESC LIMIT 100") \
    X(ASK_STUDY_QUARANTINE, ONE_STUDY, \
      "SELECT reason, calling_aet, called_aet, count(*) AS count, sum(size) AS bytes, min(decided_at) AS first_at," \
      " max(decided_at) AS last_at FROM instance WHERE study = ?1 AND state = 'quarantined'" \
      " GROUP BY reason, calling_aet, called_aet ORDER BY count DESC LIMIT 100") \
    X(ASK_JOURNAL, "", \
      "SELECT e.id, e.at, e.kind, d.name AS destination, a.name AS album, e.http_status, e.detail," \
      " coalesce(i.study, s.study) AS study FROM event e LEFT JOIN destination d ON d.id = e.destination_id" \
      " LEFT JOIN album a ON a.id = e.album_id LEFT JOIN instance i ON i.id = e.instance_id" \
      " LEFT JOIN share s ON s.id = e.share_id WHERE e.id < ?3 ORDER BY e.id DESC LIMIT 100") \
    X(ASK_REQUESTS, "", \
      "SELECT id, user, verb, asked_at, finished_at, changed, skipped, sentence FROM request" \
      " ORDER BY id DESC LIMIT 50") \
    X(ASK_PACE, "at most 2,016 rows a week and target", \
      "SELECT started_at AS at, sum(CASE WHEN album_id = 0 THEN done ELSE 0 END) AS delivered," \
      " sum(CASE WHEN album_id = 0 THEN bytes ELSE 0 END) AS bytes," \
      " sum(CASE WHEN album_id = 0 THEN 0 ELSE done END) AS shared, sum(failed) AS failed" \
      " FROM tally INDEXED BY tally_age WHERE started_at >= ?3 GROUP BY started_at") \
    X(ASK_RECEIVED, "", \
      "SELECT received_at / 300000 * 300000 AS at, count(*) AS received, sum(size) AS bytes FROM instance" \
      " WHERE receipt >= ?1 GROUP BY 1") \
    X(ASK_SENDERS, OF_A_PAGE, \
      "SELECT calling_aet, source_address, called_aet, count(*) AS instances, count(DISTINCT study) AS studies," \
      " sum(size) AS bytes, sum(state = 'quarantined') AS quarantined, min(received_at) AS first_received_at," \
      " max(received_at) AS last_received_at FROM instance WHERE id > ?3" \
      " GROUP BY calling_aet, source_address, called_aet ORDER BY last_received_at DESC LIMIT 200") \
    X(ASK_CONDITION_DAYS, "at most a row a day and target", \
      "SELECT d.name AS destination, a.name AS album, m.day, m.yes, m.no, m.undecided FROM matching_day m" \
      " JOIN destination d ON d.id = m.destination_id LEFT JOIN album a ON a.id = m.album_id WHERE m.day >= ?1" \
      " ORDER BY m.destination_id, m.album_id, m.day") \
    X(ASK_LAST_INSTANCE, "", "SELECT max(id) AS id, min(received_at) AS at FROM instance WHERE id = (SELECT max(id) FROM instance)") \
    X(ASK_UNFINISHED, ONE_STUDY, \
      "SELECT w.id, i.sop_instance, i.receipt, d.name AS destination, w.state, w.tries, w.reason" \
      " FROM instance i JOIN delivery w ON w.instance_id = i.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE i.study = ?1 AND (?2 IS NULL OR i.series = ?2)" \
      " AND w.state IN ('failed', 'undecided', 'queued', 'sending') ORDER BY w.state, w.id LIMIT ?3")
/* clang-format on */
JOBDB_STATEMENTS(show)

static const int statements[] = {
#define X(name) SQL_ASK_##name,
    JOBDB_QUESTION_MAP(X)
#undef X
};

static struct jobdb_field read_field(struct row *row)
{
    struct jobdb_field field = {.name = row_name(row)};
    if (row_is_number(row)) {
        field.kind = JOBDB_NUMBER;
        field.number = row_number(row);
    } else if ((field.text = row_text_or_null(row))) {
        field.kind = JOBDB_TEXT;
    }
    return field;
}

int jobdb_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n,
              void (*each)(void *context, const struct jobdb_field *fields, size_t count), void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, statements[question], "ssi", a, b, n);
    size_t count = row_width(&row);
    struct jobdb_field *fields = memory_new(count, sizeof *fields);
    while (row_next(&row)) {
        for (size_t i = 0; i < count; i++)
            fields[i] = read_field(&row);
        each(context, fields, count);
    }
    free(fields);
    return db->error;
}

void jobdb_snapshot_begin(struct jobdb *db)
{
    (void)row_exists(jobdb_query(db, SQL_SNAPSHOT, ""));
}

void jobdb_snapshot_end(struct jobdb *db)
{
    jobdb_end(db);
}
