#include "common/jobs/read.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/receipt.h"
#include "common/jobs/connection.h"
#include "common/jobs/gauge.h"
#include "common/jobs/row.h"
#include "common/jobs/show.h"
#include "common/jobs/states.h"
#include "common/jobs/target.h"
#include "common/jobs/token.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* clang-format off */
#define FEW_OF_EACH "sorts at most as many as are asked for, of each destination"
#define ONE_STUDY   "sorts what belongs to one study or series"

/* `felucca jobs`: ?1 state, ?2 destination, ?3 study, ?4 series, ?5 received since, ?6 limit, ?7 1: deferred
 * only, ?8 the first delivery that may be so new, ?9 received before, ?10 calling AE title, ?11 a hash of the study. */
#define HAS_HASH(study) "(?11 IS NULL OR EXISTS (SELECT 1 FROM search_hash WHERE hash = ?11 AND study = " study "))"
#define DELIVERY_COLUMNS \
    "'delivery', w.id, w.state, d.name, NULL, i.study, i.series, i.sop_instance, i.receipt, w.reason, w.tries," \
    " w.attempts, w.http_status, i.size, i.received_at, w.due_at, w.finished_at, i.calling_aet"
#define DELIVERY_MATCHES \
    "(?1 IS NULL OR w.state = ?1) AND w.tries >= ?7" \
    " AND (?2 IS NULL OR w.destination_id = (SELECT id FROM destination WHERE name = ?2))" \
    " AND (?4 IS NULL OR i.series = ?4) AND i.received_at >= ?5 AND i.received_at < ?9" \
    " AND (?10 IS NULL OR i.calling_aet = ?10) AND " HAS_HASH("i.study")
/* What the index does not know must hold before the newest are chosen. */
#define RECEIVED_SO \
    "(?9 = 9223372036854775807 AND ?10 IS NULL OR EXISTS (SELECT 1 FROM instance n WHERE n.id = instance_id" \
    " AND n.received_at < ?9 AND (?10 IS NULL OR n.calling_aet = ?10)))"
/* The newest of each destination, by the index of a state, and of these the newest. */
#define DELIVERIES_IN(index, condition) \
    "SELECT " DELIVERY_COLUMNS " FROM destination d JOIN delivery w ON w.id IN (SELECT id FROM delivery" \
    " INDEXED BY " index " WHERE destination_id = d.id AND " condition " AND id >= ?8 AND tries >= ?7 AND " RECEIVED_SO " ORDER BY id DESC LIMIT ?6)" \
    " JOIN instance i ON i.id = w.instance_id WHERE " DELIVERY_MATCHES " ORDER BY w.id DESC LIMIT ?6"
#define STATEMENTS(X) \
    X(READ_STATUS, CONFIG_ONLY, \
      "SELECT d.id, 0, d.name, NULL, d.configured, d.held, d.state, 0, d.queued, d.deferred, d.in_flight," \
      " d.failed, d.undecided, d.last_error, d.last_error_at, d.until, d.token_active, d.token_scope, d.token_album," \
      " NULL, NULL, NULL, NULL, NULL, NULL, NULL," \
      " CASE WHEN d.stored > d.home_stored THEN d.home_album END, (SELECT a.name FROM album a" \
      " WHERE a.destination_id = d.id AND a.configured = 1 AND a.token_active = 1" \
      " AND a.token_album = d.token_album AND a.token_album <> '' ORDER BY a.id LIMIT 1)" \
      " FROM destination d UNION ALL" \
      " SELECT a.destination_id, a.id, d.name, a.name, a.configured, a.held OR d.held, a.state, a.waiting, a.queued," \
      " a.deferred, a.in_flight, a.failed, a.undecided, a.last_error, a.last_error_at, a.until, d.token_active," \
      " d.token_scope, d.token_album, a.token_active, a.token_scope, a.token_album, a.source_active," \
      " a.source_scope, a.source_album, coalesce(d.home_album, CASE WHEN d.token_active = 1 THEN d.token_album END)," \
      " NULL, NULL" \
      " FROM album a JOIN destination d ON d.id = a.destination_id ORDER BY 3, 4") \
    X(READ_TALLY, "", \
      "SELECT coalesce(sum(CASE WHEN started_at > ?3 THEN done ELSE 0 END), 0), coalesce(sum(done), 0)" \
      " FROM tally WHERE destination_id = ?1 AND album_id = ?2 AND started_at > ?4") \
    X(READ_TOTALS, "at most 288 rows a day and destination", \
      "SELECT coalesce(sum(done), 0), coalesce(sum(bytes), 0) FROM tally" \
      " WHERE album_id = 0 AND started_at > ?1") \
    X(COUNT_QUARANTINED, "", \
      "SELECT count(*) FROM instance INDEXED BY instance_quarantined WHERE state = 'quarantined'") \
    X(FAILED_QUESTIONS, "", \
      "SELECT d.name, NULL, count(*) FROM fetch f INDEXED BY fetch_failed JOIN destination d ON d.id = f.destination_id" \
      " WHERE f.state = 'failed' GROUP BY d.id UNION ALL" \
      " SELECT d.name, a.name, count(*) FROM inquiry q INDEXED BY inquiry_failed JOIN album a ON a.id = q.album_id" \
      " JOIN destination d ON d.id = q.destination_id WHERE q.state = 'failed' GROUP BY a.id") \
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
    X(READ_DELIVERIES_OF_HASH, ONE_STUDY, \
      "SELECT " DELIVERY_COLUMNS " FROM search_hash h JOIN instance i INDEXED BY instance_study ON i.study = h.study" \
      " JOIN delivery w ON w.instance_id = i.id JOIN destination d ON d.id = w.destination_id" \
      " WHERE h.hash = ?11 AND (?3 IS NULL OR i.study = ?3) AND " DELIVERY_MATCHES " ORDER BY w.id DESC LIMIT ?6") \
    X(READ_DELIVERIES_QUEUED, FEW_OF_EACH, DELIVERIES_IN("delivery_waiting", "state = 'queued'")) \
    X(READ_DELIVERIES_SENDING, FEW_OF_EACH, DELIVERIES_IN("delivery_sending", "state = 'sending'")) \
    X(READ_DELIVERIES_SENT, FEW_OF_EACH, DELIVERIES_IN("delivery_sent", "state = 'sent'")) \
    X(READ_DELIVERIES_FAILED, FEW_OF_EACH, DELIVERIES_IN("delivery_failed", "state = 'failed'")) \
    X(READ_DELIVERIES_UNDECIDED, FEW_OF_EACH, DELIVERIES_IN("delivery_undecided", "state = 'undecided'")) \
    X(READ_DELIVERIES_APART, FEW_OF_EACH, DELIVERIES_IN("delivery_apart", "state IN ('excluded', 'dropped') AND state = ?1")) \
    X(READ_SHARES, "an operator's question, answered newest first and ended by its limit", \
      "SELECT 'share', s.id, s.state, d.name, a.name, s.study, s.series, NULL, NULL, s.reason, s.tries," \
      " s.attempts, s.http_status, 0, s.created_at, s.due_at, s.finished_at, i.calling_aet" \
      " FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id" \
      " LEFT JOIN instance i ON i.id = s.witness_id" \
      " WHERE (?1 IS NULL OR s.state = ?1) AND s.tries >= ?8 AND (?2 IS NULL OR d.name = ?2)" \
      " AND (?3 IS NULL OR s.study = ?3) AND (?4 IS NULL OR s.series = ?4) AND s.created_at >= ?5" \
      " AND (?7 IS NULL OR a.name = ?7) AND s.created_at < ?9 AND (?10 IS NULL OR i.calling_aet = ?10)" \
      " AND " HAS_HASH("s.study") " ORDER BY s.id DESC LIMIT ?6") \
    X(READ_FETCHES, "an operator's question, answered newest first and ended by its limit", \
      "SELECT 'fetch', f.id, f.state, d.name, NULL, f.study, NULL, NULL, NULL, f.reason, f.tries," \
      " f.attempts, f.http_status, 0, f.created_at, f.due_at, f.finished_at, NULL" \
      " FROM fetch f JOIN destination d ON d.id = f.destination_id" \
      " WHERE (?1 IS NULL OR f.state = ?1) AND (?2 IS NULL OR d.name = ?2)" \
      " AND (?3 IS NULL OR f.study = ?3) AND f.created_at >= ?4 AND f.created_at < ?7 AND (?6 = 0 OR f.tries > 0)" \
      " AND " HAS_HASH("f.study") " ORDER BY f.id DESC LIMIT ?5") \
    X(READ_INQUIRIES, "an operator's question, answered newest first and ended by its limit", \
      "SELECT 'inquiry', q.id, q.state, d.name, a.name, q.study, q.series, NULL, NULL, coalesce(q.reason, q.doubt), q.tries," \
      " q.attempts, q.http_status, 0, q.created_at, q.due_at, q.finished_at, NULL" \
      " FROM inquiry q JOIN destination d ON d.id = q.destination_id JOIN album a ON a.id = q.album_id" \
      " WHERE (?1 IS NULL OR q.state = ?1) AND (?2 IS NULL OR d.name = ?2) AND (?3 IS NULL OR q.study = ?3)" \
      " AND (?4 IS NULL OR q.series = ?4) AND q.created_at >= ?5 AND (?7 IS NULL OR a.name = ?7)" \
      " AND (?8 = 0 OR q.tries > 0) AND q.created_at < ?9 AND " HAS_HASH("q.study") " ORDER BY q.id DESC LIMIT ?6")
/* clang-format on */
JOBDB_STATEMENTS(read)

/* ---- status ---- */

static void read_rates(struct jobdb *db, int64_t destination_id, int64_t album_id,
                       struct jobdb_status_row *status)
{
    int64_t now = clock_wall_ms();
    AUTO(row_end)
    struct row row =
        jobdb_query(db, SQL_READ_TALLY, "iiii", destination_id, album_id, now - HOUR_MS, now - DAY_MS);
    if (!row_next(&row))
        return;
    status->done_hour = row_number(&row);
    status->done_day = row_number(&row);
}

static const char *shown_state(bool configured, bool held, const char *state)
{
    if (!configured)
        return "not configured";
    return held ? "held" : state;
}

/* The next columns are the destination's STOW token, an album's two behind it, and what is around them. */
static void append_token_trouble(struct row *row, const struct jobdb_status_row *status, struct text *out)
{
    struct jobdb_token stow, token, source;
    token_read(row, &stow);
    token_read(row, &token);
    token_read(row, &source);
    struct token_place_facts facts = {.destination = status->destination};
    facts.written = row_text(row);
    facts.home = row_text(row);
    facts.own = row_text(row);
    if (!status->album)
        (void)jobdb_token_trouble(&stow, WORK_TOKEN_STOW, &facts, out);
    else if (jobdb_token_trouble(&token, WORK_TOKEN_DESTINATION, &facts, out) != TOKEN_FINE) {
        AUTO(text_release) struct text other = TEXT_EMPTY;
        if (jobdb_token_trouble(&source, WORK_TOKEN_SOURCE, &facts, &other) != TOKEN_FINE)
            text_format(out, "; and %s", text_string(&other));
    } else
        (void)jobdb_token_trouble(&source, WORK_TOKEN_SOURCE, &facts, out);
    token_release(&stow);
    token_release(&token);
    token_release(&source);
}

/* All but the tokens, which are the next columns then. */
static void read_status(struct jobdb *db, struct row *row, struct jobdb_status_row *ret_status,
                        struct jobdb_condition *ret_condition)
{
    int64_t destination_id = row_number(row);
    int64_t album_id = row_number(row);
    *ret_status = (struct jobdb_status_row){0};
    ret_status->destination = row_text(row);
    ret_status->album = row_text_or_null(row);
    bool configured = row_flag(row);
    bool held = row_flag(row);
    ret_status->state = shown_state(configured, held, row_text(row));
    ret_status->waiting = row_number(row);
    ret_status->queued = row_number(row);
    ret_status->deferred = row_number(row);
    ret_status->in_flight = row_number(row);
    ret_status->failed = row_number(row);
    ret_status->undecided = row_number(row);
    ret_status->last_error = row_text_or_null(row);
    ret_status->last_error_at = row_number(row);
    ret_status->until = row_number(row);
    read_rates(db, destination_id, album_id, ret_status);
    if (jobdb_find_condition(db, destination_id, album_id, clock_wall_ms(), ret_condition))
        ret_status->condition = ret_condition;
    jobdb_find_standing(db, destination_id, album_id, clock_wall_ms(), &ret_status->standing);
    ret_status->is_past = !jobdb_is_of_now(db, destination_id, album_id);
    ret_status->oldest_waiting_at = jobdb_oldest_queued(db, destination_id, album_id);
}

int jobdb_read_status(struct jobdb *db, void (*each)(void *context, const struct jobdb_status_row *row),
                      void *context)
{
    struct jobdb_status_row status;
    struct jobdb_condition condition;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_READ_STATUS, "");
    while (row_next(&row)) {
        AUTO(text_release) struct text trouble = TEXT_EMPTY;
        read_status(db, &row, &status, &condition);
        append_token_trouble(&row, &status, &trouble);
        status.token_trouble = text_string(&trouble);
        each(context, &status);
    }
    return db->error;
}

int jobdb_read_totals(struct jobdb *db, int64_t since, int64_t *ret_done, int64_t *ret_bytes)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_READ_TOTALS, "i", since);
    if (row_next(&row)) {
        *ret_done = row_number(&row);
        *ret_bytes = row_number(&row);
    }
    return db->error;
}

int jobdb_count_quarantined(struct jobdb *db, int64_t *ret_count)
{
    *ret_count = row_first(jobdb_query(db, SQL_COUNT_QUARANTINED, ""), 0);
    return db->error;
}

int jobdb_each_failed_questions(struct jobdb *db,
                                void (*each)(void *context, const struct jobdb_failed_questions *failed),
                                void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FAILED_QUESTIONS, "");
    while (row_next(&row)) {
        struct jobdb_failed_questions failed = {.destination = row_text(&row)};
        failed.album = row_text_or_null(&row);
        failed.count = row_number(&row);
        each(context, &failed);
    }
    return db->error;
}

/* ---- lists of jobs ---- */

static void read_job(struct row *row, struct jobdb_job_row *ret_job)
{
    ret_job->kind = row_text(row);
    ret_job->id = row_number(row);
    ret_job->state = row_text(row);
    ret_job->destination = row_text(row);
    ret_job->album = row_text_or_null(row);
    ret_job->study = row_text_or_null(row);
    ret_job->series = row_text_or_null(row);
    ret_job->sop_instance = row_text_or_null(row);
    ret_job->receipt = row_text_or_null(row);
    ret_job->reason = row_text_or_null(row);
    ret_job->tries = row_number(row);
    ret_job->attempts = row_number(row);
    ret_job->http_status = row_number(row);
    ret_job->size = row_number(row);
    ret_job->received_at = row_number(row);
    ret_job->due_at = row_number(row);
    ret_job->finished_at = row_number(row);
    ret_job->calling_aet = row_text_or_null(row);
}

static void list_rows(struct row row, void (*each)(void *context, const struct jobdb_job_row *row),
                      void *context)
{
    struct jobdb_job_row job;
    while (row_next(&row)) {
        read_job(&row, &job);
        each(context, &job);
    }
}

/* Receipts are ordered by time, and so, nearly, are the rows that were made of them: of the first ones since
 * then, the lowest delivery. */
static int64_t first_since(struct jobdb *db, int64_t since)
{
    char receipt[RECEIPT_SIZE];
    if (since <= 0)
        return 0;
    (void)snprintf(receipt, sizeof receipt, "%012llx", (unsigned long long)since);
    int64_t first = row_first(jobdb_query(db, SQL_FIRST_DELIVERY_SINCE, "s", receipt), 0);
    return first > 0 ? first : INT64_MAX;
}

/* By what there is an index for. */
static int deliveries_by(const char *hash, const char *study, const char *state)
{
    static const int by_state[] = {[DELIVERY_QUEUED] = SQL_READ_DELIVERIES_QUEUED,
                                   [DELIVERY_SENDING] = SQL_READ_DELIVERIES_SENDING,
                                   [DELIVERY_SENT] = SQL_READ_DELIVERIES_SENT,
                                   [DELIVERY_FAILED] = SQL_READ_DELIVERIES_FAILED,
                                   [DELIVERY_UNDECIDED] = SQL_READ_DELIVERIES_UNDECIDED,
                                   [DELIVERY_EXCLUDED] = SQL_READ_DELIVERIES_APART,
                                   [DELIVERY_DROPPED] = SQL_READ_DELIVERIES_APART};
    int known;
    if (hash)
        return SQL_READ_DELIVERIES_OF_HASH;
    if (study)
        return SQL_READ_DELIVERIES_OF_STUDY;
    return state && state_parse(MACHINE_DELIVERY, state, &known) ? by_state[known] : SQL_READ_DELIVERIES;
}

static void take_study(void *context, const struct jobdb_field *fields, size_t count)
{
    if (count == 1 && fields->text)
        (void)snprintf(context, JOBDB_UID_SIZE, "%s", fields->text);
}

static void list_deliveries(struct jobdb *db, const struct jobdb_filter *filter, const char *state,
                            int64_t limit, int64_t deferred,
                            void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    char study[JOBDB_UID_SIZE] = "";
    const char *wanted = filter->study;
    int64_t until = filter->until > 0 ? filter->until : INT64_MAX;
    if (filter->series && !wanted) {
        (void)jobdb_ask(db, JOBDB_ASK_STUDY_OF_SERIES, filter->series, NULL, 0, take_study, study);
        wanted = study;
    }
    list_rows(jobdb_query(db, deliveries_by(filter->hash, wanted, state), "ssssiiiiiss", state,
                          filter->destination, wanted, filter->series, filter->since, limit, deferred,
                          first_since(db, filter->since), until, filter->calling_aet, filter->hash),
              each, context);
}

int jobdb_read_jobs(struct jobdb *db, const struct jobdb_filter *filter,
                    void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    int64_t limit = filter->limit > 0 ? filter->limit : -1;
    int64_t until = filter->until > 0 ? filter->until : INT64_MAX;
    /* deferred is no state of its own: queued, and tried before */
    bool deferred = filter->state && strcmp(filter->state, "deferred") == 0;
    const char *state = deferred ? delivery_state_name(DELIVERY_QUEUED) : filter->state;
    int known;
    /* Only shares have an album, and a fetch is of a whole study. What is never in the state is not looked
     * through. */
    if (!filter->album && (!state || state_parse(MACHINE_DELIVERY, state, &known)))
        list_deliveries(db, filter, state, limit, deferred, each, context);
    if (!state || state_parse(MACHINE_SHARE, state, &known))
        list_rows(jobdb_query(db, SQL_READ_SHARES, "ssssiisiiss", state, filter->destination, filter->study,
                              filter->series, filter->since, limit, filter->album, (int64_t)deferred, until,
                              filter->calling_aet, filter->hash),
                  each, context);
    if (!filter->album && !filter->series && !filter->calling_aet &&
        (!state || state_parse(MACHINE_FETCH, state, &known)))
        list_rows(jobdb_query(db, SQL_READ_FETCHES, "sssiiiissss", state, filter->destination, filter->study,
                              filter->since, limit, (int64_t)deferred, until, NULL, NULL, NULL, filter->hash),
                  each, context);
    if (!filter->calling_aet && (!state || state_parse(MACHINE_INQUIRY, state, &known)))
        list_rows(jobdb_query(db, SQL_READ_INQUIRIES, "ssssiisiiss", state, filter->destination,
                              filter->study, filter->series, filter->since, limit, filter->album,
                              (int64_t)deferred, until, NULL, filter->hash),
                  each, context);
    return db->error;
}
