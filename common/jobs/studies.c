#include "common/jobs/studies.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

/* clang-format off */
#define COUNT_OF_STUDY(row, condition) \
    "(SELECT count(*) FROM instance n INDEXED BY instance_study JOIN delivery w ON w.instance_id = n.id" \
    " WHERE n.study = " row ".study AND " condition ")"
#define COUNT_OF(condition) COUNT_OF_STUDY("s", condition)
#define ONE_OF(condition) "EXISTS (SELECT 1 FROM share h JOIN album a ON a.id = h.album_id WHERE h.study = s.study AND " condition ")"
/* ?1 state, ?2 destination, ?3 album, ?4 a beginning or an end of the study, ?5 something was received since, ?6 and
 * before, ?7 calling AE title, ?8 a hash, ?9 limit. The cheap questions are asked first. */
#define STATEMENTS(X) \
    X(READ_STUDIES, "an operator's question: groups all instances that are remembered", \
      "WITH s AS (SELECT study, count(DISTINCT series) AS series," \
      " count(DISTINCT coalesce(sop_instance, receipt)) AS instances, count(*) AS received," \
      " sum(state = 'quarantined') AS quarantined, min(received_at) AS first_at, max(received_at) AS last_at," \
      " min(calling_aet) AS calling_aet, max(?7 IS NULL OR calling_aet = ?7) AS from_it" \
      " FROM instance INDEXED BY instance_study WHERE study IS NOT NULL" \
      " AND (?8 IS NULL OR study IN (SELECT h.study FROM search_hash h WHERE h.hash = ?8))" \
      " AND (?4 IS NULL OR substr(study, 1, length(?4)) = ?4 OR substr(study, -length(?4)) = ?4)" \
      " GROUP BY study HAVING max(received_at) >= ?5 AND min(received_at) < ?6)," \
      " t AS (SELECT s.*, " COUNT_OF("w.state = 'sent'") " AS delivered, " \
      COUNT_OF("w.state IN ('queued', 'sending')") " AS waiting, " COUNT_OF("w.state = 'failed'") " AS failed, " \
      COUNT_OF("w.state = 'undecided'") " AS undecided FROM s WHERE from_it" \
      " AND (?2 IS NULL OR EXISTS (SELECT 1 FROM instance n JOIN delivery w ON w.instance_id = n.id" \
      " JOIN destination d ON d.id = w.destination_id WHERE n.study = s.study AND d.name = ?2" \
      " AND w.state <> 'excluded'))" \
      " AND (?3 IS NULL OR " ONE_OF("a.name = ?3") "))," \
      " u AS (SELECT t.*, CASE WHEN failed > 0 OR EXISTS (SELECT 1 FROM share h WHERE h.study = t.study" \
      " AND h.state = 'failed') THEN 'failed' WHEN waiting > 0 OR EXISTS (SELECT 1 FROM share h" \
      " WHERE h.study = t.study AND h.state IN ('waiting', 'queued', 'sharing')) THEN 'waiting'" \
      " WHEN undecided > 0 OR EXISTS (SELECT 1 FROM share h WHERE h.study = t.study AND h.state = 'undecided')" \
      " THEN 'undecided' WHEN quarantined > 0 THEN 'quarantined' WHEN delivered > 0 THEN 'done'" \
      " WHEN " COUNT_OF_STUDY("t", "w.state = 'dropped'") " > 0 THEN 'dropped' ELSE 'excluded' END" \
      " AS state FROM t)" \
      " SELECT study, state, calling_aet, series, instances, received, delivered, waiting, failed, undecided, quarantined," \
      " first_at, last_at, (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT d.name FROM instance n" \
      " JOIN delivery w ON w.instance_id = n.id JOIN destination d ON d.id = w.destination_id" \
      " WHERE n.study = u.study AND w.state = 'sent' ORDER BY d.name))," \
      " (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT a.name FROM share h JOIN album a ON a.id = h.album_id" \
      " WHERE h.study = u.study AND h.state = 'shared' ORDER BY a.name))" \
      " FROM u WHERE ?1 IS NULL OR state = ?1 ORDER BY last_at DESC, study LIMIT ?9")
/* clang-format on */
JOBDB_STATEMENTS(studies)

static void read_study(struct row *row, struct jobdb_study_row *ret_study)
{
    ret_study->study = row_text(row);
    ret_study->state = row_text(row);
    ret_study->calling_aet = row_text_or_null(row);
    ret_study->series = row_number(row);
    ret_study->instances = row_number(row);
    ret_study->received = row_number(row);
    ret_study->delivered = row_number(row);
    ret_study->waiting = row_number(row);
    ret_study->failed = row_number(row);
    ret_study->undecided = row_number(row);
    ret_study->quarantined = row_number(row);
    ret_study->first_received_at = row_number(row);
    ret_study->last_received_at = row_number(row);
    ret_study->destinations = row_text_or_null(row);
    ret_study->albums = row_text_or_null(row);
}

int jobdb_read_studies(struct jobdb *db, const struct jobdb_filter *filter,
                       void (*each)(void *context, const struct jobdb_study_row *row), void *context)
{
    int64_t until = filter->until > 0 ? filter->until : INT64_MAX;
    int64_t limit = filter->limit > 0 ? filter->limit : -1;
    struct jobdb_study_row study;
    AUTO(row_end)
    struct row row =
        jobdb_query(db, SQL_READ_STUDIES, "ssssiissi", filter->state, filter->destination, filter->album,
                    filter->study, filter->since, until, filter->calling_aet, filter->hash, limit);
    while (row_next(&row)) {
        read_study(&row, &study);
        each(context, &study);
    }
    return db->error;
}
