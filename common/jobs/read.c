#include "common/jobs/read.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/gauge.h"
#include "common/jobs/sql.h"
#include "common/jobs/states.h"
#include "common/jobs/target.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static int64_t first_number(struct jobdb *db, sqlite3_stmt *row)
{
    if (!jobdb_row(db, row))
        return 0;
    int64_t number = sqlite3_column_int64(row, 0);
    jobdb_end(row);
    return number;
}

static void read_rates(struct jobdb *db, int64_t destination_id, int64_t album_id,
                       struct jobdb_status_row *status)
{
    int64_t now = clock_wall_ms();
    sqlite3_stmt *row =
        jobdb_query(db, SQL_READ_TALLY, "iiii", destination_id, album_id, now - HOUR_MS, now - DAY_MS);
    if (!jobdb_row(db, row))
        return;
    status->done_hour = sqlite3_column_int64(row, 0);
    status->done_day = sqlite3_column_int64(row, 1);
    jobdb_end(row);
}

static const char *shown_state(bool configured, bool held, const char *state)
{
    if (!configured)
        return "not configured";
    return held ? "held" : state;
}

/* Of a row that has the destination's STOW token at column 15, and an album's two behind it. */
static void append_token_trouble(sqlite3_stmt *row, bool album, struct text *out)
{
    struct jobdb_token stow, token, source;
    jobdb_read_token(row, 15, &stow);
    jobdb_read_token(row, 18, &token);
    jobdb_read_token(row, 21, &source);
    if (!album)
        (void)jobdb_token_trouble(&stow, WORK_TOKEN_STOW, &stow, out);
    else if (jobdb_token_trouble(&token, WORK_TOKEN_DESTINATION, &stow, out)) {
        AUTO(text_release) struct text other = TEXT_EMPTY;
        if (jobdb_token_trouble(&source, WORK_TOKEN_SOURCE, &stow, &other))
            text_format(out, "; and %s", text_string(&other));
    } else
        (void)jobdb_token_trouble(&source, WORK_TOKEN_SOURCE, &stow, out);
    jobdb_token_release(&stow);
    jobdb_token_release(&token);
    jobdb_token_release(&source);
}

int jobdb_read_status(struct jobdb *db, void (*each)(void *context, const struct jobdb_status_row *row),
                      void *context)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_READ_STATUS, "");
    while (jobdb_row(db, row)) {
        int64_t destination_id = sqlite3_column_int64(row, 0), album_id = sqlite3_column_int64(row, 1);
        struct jobdb_status_row status = {
            .destination = jobdb_text(row, 2),
            .album = jobdb_text_or_null(row, 3),
            .state = shown_state(sqlite3_column_int(row, 4) != 0, sqlite3_column_int(row, 5) != 0,
                                 jobdb_text(row, 6)),
            .waiting = sqlite3_column_int64(row, 7),
            .queued = sqlite3_column_int64(row, 8),
            .deferred = sqlite3_column_int64(row, 9),
            .in_flight = sqlite3_column_int64(row, 10),
            .failed = sqlite3_column_int64(row, 11),
            .last_error = jobdb_text_or_null(row, 12),
            .last_error_at = sqlite3_column_int64(row, 13),
            .until = sqlite3_column_int64(row, 14),
        };
        read_rates(db, destination_id, album_id, &status);
        status.oldest_waiting_at = jobdb_oldest_queued(db, destination_id, album_id);
        AUTO(text_release) struct text trouble = TEXT_EMPTY;
        append_token_trouble(row, album_id != 0, &trouble);
        status.token_trouble = text_string(&trouble);
        each(context, &status);
    }
    return db->error;
}

int jobdb_read_totals(struct jobdb *db, int64_t since, int64_t *ret_done, int64_t *ret_bytes)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_READ_TOTALS, "i", since);
    if (jobdb_row(db, row)) {
        *ret_done = sqlite3_column_int64(row, 0);
        *ret_bytes = sqlite3_column_int64(row, 1);
        jobdb_end(row);
    }
    return db->error;
}

int jobdb_count_quarantined(struct jobdb *db, int64_t *ret_count)
{
    *ret_count = first_number(db, jobdb_query(db, SQL_COUNT_QUARANTINED, ""));
    return db->error;
}

static void read_job(sqlite3_stmt *row, struct jobdb_job_row *ret_job)
{
    *ret_job = (struct jobdb_job_row){
        .kind = jobdb_text(row, 0),
        .id = sqlite3_column_int64(row, 1),
        .state = jobdb_text(row, 2),
        .destination = jobdb_text(row, 3),
        .album = jobdb_text_or_null(row, 4),
        .study = jobdb_text_or_null(row, 5),
        .series = jobdb_text_or_null(row, 6),
        .sop_instance = jobdb_text_or_null(row, 7),
        .receipt = jobdb_text_or_null(row, 8),
        .reason = jobdb_text_or_null(row, 9),
        .tries = sqlite3_column_int64(row, 10),
        .attempts = sqlite3_column_int64(row, 11),
        .http_status = sqlite3_column_int64(row, 12),
        .size = sqlite3_column_int64(row, 13),
        .received_at = sqlite3_column_int64(row, 14),
        .due_at = sqlite3_column_int64(row, 15),
        .finished_at = sqlite3_column_int64(row, 16),
    };
}

static void list(struct jobdb *db, sqlite3_stmt *row,
                 void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    struct jobdb_job_row job;
    while (jobdb_row(db, row)) {
        read_job(row, &job);
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
    int64_t first = first_number(db, jobdb_query(db, SQL_FIRST_DELIVERY_SINCE, "s", receipt));
    return first > 0 ? first : INT64_MAX;
}

/* By what there is an index for. */
static enum jobdb_statement deliveries_by(const char *study, const char *state)
{
    static const struct {
        const char *state;
        enum jobdb_statement statement;
    } states[] = {{"queued", SQL_READ_DELIVERIES_QUEUED},  {"sending", SQL_READ_DELIVERIES_SENDING},
                  {"sent", SQL_READ_DELIVERIES_SENT},      {"failed", SQL_READ_DELIVERIES_FAILED},
                  {"excluded", SQL_READ_DELIVERIES_APART}, {"dropped", SQL_READ_DELIVERIES_APART}};
    if (study)
        return SQL_READ_DELIVERIES_OF_STUDY;
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i].state, state) == 0)
            return states[i].statement;
    }
    return SQL_READ_DELIVERIES;
}

static void list_deliveries(struct jobdb *db, const struct jobdb_filter *filter, const char *state,
                            int64_t limit, int64_t deferred,
                            void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    char study[JOBDB_UID_SIZE] = "";
    const char *wanted = filter->study;
    if (filter->series && !wanted) {
        sqlite3_stmt *row = jobdb_query(db, SQL_ASK_STUDY_OF_SERIES, "s", filter->series);
        if (jobdb_row(db, row)) {
            (void)snprintf(study, sizeof study, "%s", jobdb_text(row, 0));
            jobdb_end(row);
        }
        wanted = study;
    }
    list(db,
         jobdb_query(db, deliveries_by(wanted, state), "ssssiiii", state, filter->destination, wanted,
                     filter->series, filter->since, limit, deferred, first_since(db, filter->since)),
         each, context);
}

int jobdb_read_jobs(struct jobdb *db, const struct jobdb_filter *filter,
                    void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    int64_t limit = filter->limit > 0 ? filter->limit : -1;
    /* deferred is no state of its own: queued, and tried before */
    bool deferred = filter->state && strcmp(filter->state, "deferred") == 0;
    const char *state = deferred ? "queued" : filter->state;
    enum delivery_state delivery;
    enum share_state share;
    enum fetch_state fetch;
    /* Only shares have an album, and a fetch is of a whole study. What is never in the state is not looked
     * through. */
    if (!filter->album && (!state || delivery_state_parse(state, &delivery)))
        list_deliveries(db, filter, state, limit, deferred, each, context);
    if (!state || share_state_parse(state, &share))
        list(db,
             jobdb_query(db, SQL_READ_SHARES, "ssssiisi", state, filter->destination, filter->study,
                         filter->series, filter->since, limit, filter->album, (int64_t)deferred),
             each, context);
    if (!filter->album && !filter->series && (!state || fetch_state_parse(state, &fetch)))
        list(db,
             jobdb_query(db, SQL_READ_FETCHES, "sssiii", state, filter->destination, filter->study,
                         filter->since, limit, (int64_t)deferred),
             each, context);
    return db->error;
}
