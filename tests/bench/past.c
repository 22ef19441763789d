#include "tests/bench/past.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/target.h"
#include "common/spool/spool.h"
#include "tests/support/files.h"
#include "tests/support/stock.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_A_ROW = 650 /* an instance with its delivery, and its part of all indexes */ };

/* ---- rows ---- */

/* The rows n from 0 to ?2, those from ?1 on wait; ?3 is now, ?4 the size of a spool file, ?5 the destination.
 * What is finished arrived evenly between 20 days and one day ago, what waits an hour ago. */
#define ROWS                                                                                               \
    "WITH RECURSIVE k (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM k WHERE n + 1 < ?2), r AS (SELECT n, "  \
    "n >= ?1 AS waits, CASE WHEN n < ?1 THEN ?3 - 1728000000 + n * 1641600000 / ?1 ELSE ?3 - 3600000 END " \
    "AS at FROM k)"
#define EACH_SERIES " FROM r WHERE n % 50 = 0"
#define STUDY       "printf('2.25.1%037lld', n / 50)"
#define SERIES      "printf('2.25.2%037lld', n / 50)"

static const char *const inserts[] = {
    "INSERT INTO lane (id, destination_id, study, queued, next_due, last_served, ready) " ROWS
    " SELECT n / 50 + 1, ?5, " STUDY ", waits * 50, CASE WHEN waits THEN at ELSE 0 END, 0, waits" EACH_SERIES,
    "INSERT INTO series (id, lane_id, series, stored, known, queued, next_due) " ROWS
    " SELECT n / 50 + 1, n / 50 + 1, " SERIES
    ", NOT waits, NOT waits, waits * 50, CASE WHEN waits THEN at ELSE 0 END" EACH_SERIES,
    "INSERT INTO instance (id, receipt, state, place, study, series, sop_instance, sop_class, "
    "transfer_syntax,"
    " calling_aet, called_aet, source_address, size, received_at, decided_at, done_at, open_jobs) " ROWS
    " SELECT n + 1, printf('%012llx%020llx', at, n), CASE WHEN waits THEN 'active' ELSE 'done' END,"
    " CASE WHEN waits THEN 'queue' ELSE 'gone' END, " STUDY ", " SERIES
    ", printf('2.25.3%037lld', n), '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.1.2.1', 'MODALITY', 'BENCH',"
    " '192.0.2.1', ?4, at, at + 50, CASE WHEN NOT waits THEN at + 60000 END,"
    " CASE WHEN NOT waits THEN 0 WHEN n % 50 = 0 THEN 3 ELSE 1 END FROM r",
    "INSERT INTO delivery (id, instance_id, destination_id, series_id, state, due_at, tries, http_status,"
    " finished_at) " ROWS
    " SELECT n + 1, n + 1, ?5, n / 50 + 1, CASE WHEN waits THEN 'queued' ELSE 'sent' END, at, NOT waits,"
    " CASE WHEN NOT waits THEN 200 END, CASE WHEN NOT waits THEN at + 30000 END FROM r",
    "INSERT INTO share (destination_id, album_id, series_id, study, series, witness_id, state, due_at, tries,"
    " http_status, created_at, finished_at) " ROWS " SELECT ?5, a.id, n / 50 + 1, " STUDY ", " SERIES
    ", n + 1, CASE WHEN waits THEN 'waiting' ELSE 'shared' END, at, NOT waits, CASE WHEN NOT waits THEN 201 "
    "END, at, CASE WHEN NOT waits THEN at + 60000 END FROM r JOIN album a ON a.name IN ('ct', 'all')"
    " WHERE n % 50 = 0",
    /* 5472: of five minutes each in 19 days */
    "INSERT INTO tally (destination_id, album_id, started_at, done, bytes) " ROWS
    " SELECT ?5, 0, (?3 / 300000 - 5760 + n) * 300000, ?1 / 5472, ?1 / 5472 * ?4 FROM r WHERE n < min(?1, "
    "5472)",
    "UPDATE destination SET queued = ?2 - ?1, stored = ?1 WHERE id = ?5",
    "UPDATE album SET waiting = (?2 - ?1) / 50, stored = ?1 / 50"
    " WHERE destination_id = ?5 AND name IN ('ct', 'all')",
};

struct past {
    sqlite3 *sql;
    int64_t numbers[5]; /* ?1 and so on */
    struct text *reason;
};

static void close_past(struct past *past)
{
    (void)sqlite3_close(past->sql);
}

static int execute(struct past *past, const char *sql)
{
    if (sqlite3_exec(past->sql, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    text_append(past->reason, sqlite3_errmsg(past->sql));
    return -1;
}

/* Runs a statement, and appends the texts of its first row, one to each of texts. */
static int run(struct past *past, const char *sql, struct text *texts, int text_count)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(past->sql, sql, -1, &row, NULL);
    for (int i = 0; code == SQLITE_OK && i < sqlite3_bind_parameter_count(row); i++)
        code = sqlite3_bind_int64(row, i + 1, past->numbers[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (int i = 0; code == SQLITE_ROW && i < text_count; i++)
        text_append(&texts[i], (const char *)sqlite3_column_text(row, i));
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        text_append(past->reason, sqlite3_errmsg(past->sql));
    (void)sqlite3_finalize(row);
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : -1;
}

/* Nobody else looks at it, and the rows are what the router would write: a small past is checked afterwards. */
static const char settings[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA ignore_check_constraints = ON; PRAGMA threads = 2;";

/* Indexes are made after the rows: a tenth of the time. */
static int fill(struct past *past)
{
    AUTO(text_release) struct text drops = TEXT_EMPTY;
    AUTO(text_release) struct text creates = TEXT_EMPTY;
    struct text texts[2] = {TEXT_EMPTY, TEXT_EMPTY};
    int code = execute(past, settings);
    if (code == 0)
        code =
            run(past,
                "SELECT group_concat('DROP INDEX ' || name, ';'), group_concat(sql, ';') FROM sqlite_master"
                " WHERE type = 'index' AND sql IS NOT NULL",
                texts, 2);
    drops = texts[0];
    creates = texts[1];
    if (code == 0)
        code = execute(past, text_string(&drops));
    for (size_t i = 0; code == 0 && i < sizeof inserts / sizeof *inserts; i++)
        code = run(past, inserts[i], NULL, 0);
    return code == 0 ? execute(past, text_string(&creates)) : code;
}

static int make_empty(const char *state_dir, const char *origin, struct text *ret_reason)
{
    static const char *const albums[] = {NULL, "ct", "mr", "all"};
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    if (jobdb_open(state_dir, &db, ret_reason) != 0)
        return -1;
    for (size_t i = 0; i < sizeof albums / sizeof *albums; i++)
        jobdb_configure(db, "main", albums[i], origin);
    if (jobdb_commit(db) == 0)
        return 0;
    text_append(ret_reason, jobdb_error(db));
    return -1;
}

/* ---- files ---- */

/* One more name of the file; where it has as many as it may have, it is written anew. */
static bool link_file(struct text *source, const char *path)
{
    if (link(text_string(source), path) == 0)
        return true;
    if (errno != EMLINK)
        return false;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    file_read(text_string(source), &bytes);
    (void)unlink(text_string(source));
    file_write(text_string(source), text_string(&bytes), bytes.length);
    return link(text_string(source), path) == 0;
}

static int link_waiting(const struct past *past, const char *state_dir, struct text *source)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    bool good = spool_create(state_dir, &spool) == 0;
    for (int64_t n = past->numbers[0]; good && n < past->numbers[1]; n++) {
        (void)snprintf(receipt, sizeof receipt, "%012llx%020llx",
                       (unsigned long long)(past->numbers[2] - 3600000), (unsigned long long)n);
        text_clear(&path);
        spool_append_path(spool, SPOOL_QUEUE, receipt, &path);
        good = link_file(source, text_string(&path));
    }
    (void)unlink(text_string(source));
    if (!good)
        text_format(past->reason, "cannot make the spool files: %s", strerror(errno));
    return good ? 0 : -1;
}

int64_t past_bytes(int64_t waiting, int64_t finished)
{
    return (waiting + finished) * BYTES_A_ROW * 3 /
           2; /* while the largest index is made, it is there twice */
}

int past_make(const char *state_dir, const char *origin, int64_t waiting, int64_t finished,
              struct text *ret_reason)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text source = TEXT_EMPTY;
    struct dicom_spec spec;
    if (make_empty(state_dir, origin, ret_reason) != 0)
        return -1;
    text_format(&path, "%s/jobs.db", state_dir);
    text_format(&source, "%s/file", state_dir);
    dicom_spec_init(&spec, 1);
    if (dicom_write(&spec, text_string(&source)) != 0)
        return -1;
    AUTO(close_past)
    struct past past = {
        .numbers = {finished, finished + waiting, clock_wall_ms(), file_size(text_string(&source)), 1},
        .reason = ret_reason};
    if (sqlite3_open(text_string(&path), &past.sql) != SQLITE_OK)
        return -1;
    int code = fill(&past) == 0 ? link_waiting(&past, state_dir, &source) : -1;
    sync(); /* or the router's first commits wait for all this */
    return code;
}
