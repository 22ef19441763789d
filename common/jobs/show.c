#include "common/jobs/show.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

#include <stdlib.h>

#define ONE_STUDY "sorts what belongs to one study or series"
#define BY_END    "reads an index, for a person who has the end of a UID alone"
#define PARKED    "reads what is in quarantine, which is little"

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
