#include "common/jobs/check.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

/* ---- the questions: a row of an answer is a problem, told in its one column of text ---- */

static const char *const questions[] = {
    /* SQLite's own */
    "SELECT 'damaged: ' || quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'",
    "SELECT 'table ' || \"table\" || ' row ' || rowid || ' refers to a row of ' || parent"
    " || ' that is not there' FROM pragma_foreign_key_check",
    /* destinations and albums */
    "SELECT 'destination ' || name || ' counts ' || queued || '/' || deferred || '/' || in_flight || '/' ||"
    " failed || '/' || undecided || ' queued/deferred/in flight/failed/undecided, rows say ' || q || '/' || t"
    " || '/' || s || '/' || f || '/' || u"
    " FROM (SELECT *,"
    " (SELECT count(*) FROM delivery w WHERE w.destination_id = d.id AND w.state = 'queued') AS q,"
    " (SELECT count(*) FROM delivery w WHERE w.destination_id = d.id AND w.state = 'queued'"
    " AND w.tries > 0) AS t,"
    " (SELECT count(*) FROM delivery w WHERE w.destination_id = d.id AND w.state = 'sending') AS s,"
    " (SELECT count(*) FROM delivery w WHERE w.destination_id = d.id AND w.state = 'failed') AS f,"
    " (SELECT count(*) FROM delivery w WHERE w.destination_id = d.id AND w.state = 'undecided') AS u"
    " FROM destination d) WHERE (queued, deferred, in_flight, failed, undecided) <> (q, t, s, f, u)",
    "SELECT 'album ' || name || ' counts ' || waiting || '/' || queued || '/' || deferred || '/' ||"
    " in_flight || '/' || failed || '/' || undecided"
    " || ' waiting/queued/deferred/in flight/failed/undecided, rows say '"
    " || n || '/' || q || '/' || t || '/' || s || '/' || f || '/' || u FROM (SELECT *,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'waiting') AS n,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'queued') AS q,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'queued' AND w.tries > 0) AS t,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'sharing') AS s,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'failed') AS f,"
    " (SELECT count(*) FROM share w WHERE w.album_id = a.id AND w.state = 'undecided') AS u FROM album a)"
    " WHERE (waiting, queued, deferred, in_flight, failed, undecided) <> (n, q, t, s, f, u)",
    /* series and lanes */
    "SELECT 'series ' || e.id || ' counts ' || e.queued || ' queued, rows say ' || count(w.id)"
    " FROM series e LEFT JOIN delivery w ON w.series_id = e.id AND w.state = 'queued'"
    " GROUP BY e.id HAVING e.queued <> count(w.id)",
    "SELECT 'series ' || e.id || ' is due at ' || e.next_due || ', its first delivery at '"
    " || min(w.due_at) FROM series e JOIN delivery w ON w.series_id = e.id"
    " AND w.state = 'queued' GROUP BY e.id HAVING e.next_due <> min(w.due_at)",
    "SELECT 'series ' || e.id || ' counts ' || e.flights || ' requests in flight, rows say '"
    " || count(DISTINCT w.work) FROM series e LEFT JOIN delivery w ON w.series_id = e.id"
    " AND w.state = 'sending' GROUP BY e.id HAVING e.flights < count(DISTINCT w.work)",
    "SELECT 'series ' || id || ' is known, but nothing of it is stored' FROM series WHERE known = 1"
    " AND stored = 0",
    "SELECT 'lane ' || l.id || ' counts ' || l.queued || ' queued and ' || l.urgent"
    " || ' urgent, rows say ' || count(w.id) || ' and ' || coalesce(sum(i.urgent), 0) FROM lane l"
    " LEFT JOIN series e ON e.lane_id = l.id LEFT JOIN delivery w ON w.series_id = e.id"
    " AND w.state = 'queued' LEFT JOIN instance i ON i.id = w.instance_id"
    " GROUP BY l.id HAVING l.queued <> count(w.id) OR l.urgent <> coalesce(sum(i.urgent), 0)",
    "SELECT 'lane ' || l.id || ' is due at ' || l.next_due || ', its first series at '"
    " || min(e.next_due) FROM lane l JOIN series e ON e.lane_id = l.id AND e.queued > 0"
    " AND (e.known = 1 OR e.flights = 0)"
    " GROUP BY l.id HAVING l.next_due <> min(e.next_due)",
    "SELECT 'lane ' || id || ' is ready, but ' || CASE WHEN closed THEN 'closed' ELSE 'empty' END"
    " FROM lane WHERE ready = 1 AND (closed = 1 OR queued = 0)",
    "SELECT 'lane ' || l.id || ' is closed, but no request of its study is under way' FROM lane l"
    " WHERE l.closed = 1 AND NOT EXISTS (SELECT 1 FROM delivery w"
    " JOIN instance i ON i.id = w.instance_id WHERE w.state = 'sending' AND i.study = l.study)",
    /* instances */
    "SELECT 'instance ' || id || ' (' || receipt || ') counts ' || open_jobs || ' open jobs, rows say ' || n"
    " FROM (SELECT *,"
    " (SELECT count(*) FROM delivery w WHERE w.instance_id = i.id"
    " AND w.state IN ('queued', 'sending', 'failed', 'undecided')) +"
    " (SELECT count(*) FROM share s WHERE s.witness_id = i.id AND s.state NOT IN ('shared', 'dropped')) AS n"
    " FROM instance i) WHERE open_jobs <> n",
    "SELECT 'instance ' || id || ' (' || receipt || ') is ' || state || ' with ' || open_jobs"
    " || ' open jobs, at ' || place || ', done at ' || coalesce(done_at, 'no time') FROM instance"
    " WHERE NOT CASE state WHEN 'active' THEN open_jobs > 0 AND place = 'queue' AND done_at IS NULL"
    " WHEN 'done' THEN open_jobs = 0 AND place <> 'quarantine'"
    " AND done_at IS NOT NULL ELSE open_jobs = 0 AND place = 'quarantine' END",
    "SELECT 'instance ' || i.id || ' (' || i.receipt || ') has no delivery' FROM instance i"
    " WHERE i.state = 'active' AND NOT EXISTS (SELECT 1 FROM delivery w WHERE w.instance_id = i.id)",
    /* deliveries */
    "SELECT 'delivery ' || id || ' is ' || state || ', of work ' || coalesce(work, 'none')"
    " || ', finished at ' || coalesce(finished_at, 'no time') || ', of series '"
    " || coalesce(series_id, 'none') FROM delivery WHERE (state = 'sending') <> (work IS NOT NULL)"
    " OR (state IN ('queued', 'sending', 'undecided')) <> (finished_at IS NULL)"
    " OR (series_id IS NULL AND state <> 'excluded')",
    "SELECT 'delivery ' || w.id || ' is in a lane of another destination, study or series'"
    " FROM delivery w JOIN instance i ON i.id = w.instance_id LEFT JOIN series e ON e.id = w.series_id"
    " LEFT JOIN lane l ON l.id = e.lane_id WHERE w.series_id IS NOT NULL AND (l.id IS NULL"
    " OR (l.destination_id, l.study, e.series) <> (w.destination_id, i.study, i.series))",
    "SELECT 'delivery ' || w.id || ' is sent, but its series is not stored' FROM delivery w"
    " JOIN series e ON e.id = w.series_id JOIN destination d ON d.id = w.destination_id"
    " WHERE w.state = 'sent' AND e.stored = 0 AND w.finished_at > d.moved_at",
    /* shares */
    "SELECT 'share ' || id || ' is ' || state || ', of work ' || coalesce(work, 'none')"
    " || ', finished at ' || coalesce(finished_at, 'no time') FROM share"
    " WHERE (state = 'sharing') <> (work IS NOT NULL) OR (state IN ('waiting', 'queued', 'sharing', 'undecided')) <>"
    " (finished_at IS NULL)",
    "SELECT 'share ' || s.id || ' is ' || s.state || ', its series is ' || CASE"
    " WHEN e.stored THEN '' ELSE 'not ' END || 'stored' FROM share s"
    " JOIN series e ON e.id = s.series_id JOIN destination d ON d.id = s.destination_id"
    " WHERE (s.state = 'waiting' AND e.stored = 1) OR (s.state IN ('queued', 'sharing', 'shared')"
    " AND e.stored = 0 AND coalesce(s.finished_at, s.created_at) > d.moved_at)",
    "SELECT 'share ' || id || ' is ' || state || ', but the instance that asked for it is forgotten'"
    " FROM share WHERE witness_id IS NULL AND request_id IS NULL AND state NOT IN ('shared', 'dropped')",
    /* fetches */
    "SELECT 'fetch ' || id || ' is ' || state || ', of work ' || coalesce(work, 'none') ||"
    " ', finished at ' || coalesce(finished_at, 'no time') || CASE WHEN again THEN ', and again' ELSE '' END"
    " FROM fetch WHERE (state = 'fetching') <> (work IS NOT NULL)"
    " OR (state IN ('queued', 'fetching')) <> (finished_at IS NULL) OR (again = 1 AND state <> 'fetching')",
    /* inquiries */
    "SELECT 'inquiry ' || id || ' is ' || state || ', of work ' || coalesce(work, 'none') ||"
    " ', finished at ' || coalesce(finished_at, 'no time')"
    " FROM inquiry WHERE (state = 'asking') <> (work IS NOT NULL)"
    " OR (state IN ('queued', 'asking')) <> (finished_at IS NULL)",
};

/* ---- asking ---- */

int64_t jobdb_check(struct jobdb *db, void (*each)(void *context, const char *problem), void *context)
{
    int64_t found = 0;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        AUTO(row_end) struct row row = row_ask(db->sql, questions[i], NULL);
        for (; row_next(&row); found++)
            each(context, row_text(&row));
        if (row_failure(&row)) { /* what cannot be asked is a problem, and nothing after it can be */
            each(context, row_failure(&row));
            return found + 1;
        }
    }
    return found;
}
