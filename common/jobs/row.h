/* row - the statements of the job database: where their texts are, how they are run, and the row that one is
 * at, read column by column.
 *
 * Private to common/jobs. Each file begins with the statements of its subject:
 *
 *     #define STATEMENTS(X) // name, why it may scan (or ""), text
 *         X(FIND_RECEIPT, "", "SELECT state, place FROM instance WHERE receipt = ?1")
 *     JOBDB_STATEMENTS(intake)
 *
 * and JOBDB_PART_MAP lists those files. A statement is prepared once, when it is first used. A test runs
 * EXPLAIN QUERY PLAN over all of them: one that scans a whole table fails it unless it says why it may.
 *
 *     AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_RECEIPT, "s", receipt);
 *     while (row_next(&row)) {
 *         state = row_text(&row);
 *         place = row_text(&row);
 *     }
 *
 * Each reading takes the next column by itself, so two readings are never in one expression, nor in one
 * initializer or call: C leaves open which of them comes first. Texts are borrowed until the next row. */
#ifndef FELUCCA_JOBS_ROW_H
#define FELUCCA_JOBS_ROW_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

/* ---- the texts ---- */

#define JOBDB_PART_MAP(X) /* file */ \
    X(clean)                         \
    X(commitment)                    \
    X(conditions)                    \
    X(counts)                        \
    X(decision)                      \
    X(dispatch)                      \
    X(fetch)                         \
    X(gauge)                         \
    X(history)                       \
    X(inquiry)                       \
    X(intake)                        \
    X(lane)                          \
    X(move)                          \
    X(newest)                        \
    X(notice)                        \
    X(operator)                      \
    X(outcome)                       \
    X(place)                         \
    X(quarantine)                    \
    X(read)                          \
    X(request)                       \
    X(requester)                     \
    X(reshare)                       \
    X(row)                           \
    X(share)                         \
    X(standing)                      \
    X(times)                         \
    X(token_times)                   \
    X(show)                          \
    X(studies)                       \
    X(target)                        \
    X(version)                       \
    X(volume)

struct jobdb_statement {
    const char *name; /* NULL ends a part */
    const char *scan; /* why it may read a whole table, or "" */
    const char *sql;
};

enum { JOBDB_PART_SIZE = 64 }; /* a part has fewer statements */

enum jobdb_part {
#define X(part) JOBDB_PART_##part,
    JOBDB_PART_MAP(X)
#undef X
        JOBDB_PARTS
};

#define X(part) extern const struct jobdb_statement jobdb_statements_##part[];
JOBDB_PART_MAP(X)
#undef X

extern const struct jobdb_statement *const jobdb_parts[JOBDB_PARTS];

/* SQL_x for each x of STATEMENTS, and the table of them. */
#define JOBDB_STATEMENTS(part)                                                                             \
    enum { SQL_BEFORE_##part = JOBDB_PART_##part * JOBDB_PART_SIZE - 1, STATEMENTS(JOBDB_NUMBER_OF) };     \
    const struct jobdb_statement jobdb_statements_##part[] = {STATEMENTS(JOBDB_ROW_OF){NULL, NULL, NULL}}; \
    _Static_assert(sizeof jobdb_statements_##part <= JOBDB_PART_SIZE * sizeof(struct jobdb_statement),     \
                   "a part has fewer statements than JOBDB_PART_SIZE");
#define JOBDB_NUMBER_OF(name, scan, sql) SQL_##name,
#define JOBDB_ROW_OF(name, scan, sql)    {#name, scan, sql},

#define CONFIG_ONLY "a handful of rows, read when the configuration is"
#define CLOCK_ONLY  "at start, and after the wall clock was set"
#define START_ONLY  "read once, at start"

/* ---- running them ---- */

struct row {
    struct jobdb *db;
    struct sqlite3 *asked;          /* row_ask(): whom */
    struct sqlite3_stmt *statement; /* NULL: nothing is left to be read */
    int column;                     /* that is read next */
    bool failed;
};

/* Binds the parameters in the order of the format: i (int64_t), s (const char *, NULL binds NULL). The row is
 * before the first one; after an error of the connection there is none. */
struct row jobdb_query(struct jobdb *db, int which, const char *format, ...);

/* Runs a change inside the transaction, which it begins when there is none. Returns how many rows it
 * changed. */
int jobdb_change(struct jobdb *db, int which, const char *format, ...);
/* The same for a change that returns rows; the texts bound must live until row_end(). */
struct row jobdb_change_returning(struct jobdb *db, int which, const char *format, ...);
/* The id of the row that the last change inserted. */
int64_t jobdb_last_id(const struct jobdb *db);

/* Asks what is no statement of ours, with one parameter or NULL. An error is the row's, not the
 * connection's. */
struct row row_ask(struct sqlite3 *sql, const char *question, const char *parameter);
/* What went wrong with such a question, borrowed; NULL: nothing. */
const char *row_failure(const struct row *row);

/* Goes to the next row, at its first column. False: there is none; the statement is ready for others. */
bool row_next(struct row *row);
/* Ends a query whose rows were not all read; for AUTO(row_end). */
void row_end(struct row *row);

/* ---- reading: the next column ---- */

int64_t row_number(struct row *row); /* 0 for NULL */
int row_int(struct row *row);
bool row_flag(struct row *row);        /* whether it is another number than 0 */
const char *row_text(struct row *row); /* "" for NULL */
const char *row_text_or_null(struct row *row);
void row_copy(struct row *row, char *ret_buffer, size_t size); /* cut to the buffer */
void row_skip(struct row *row);

/* Of the next column, which is still to be read. */
bool row_is_null(const struct row *row);
bool row_is_number(const struct row *row);
const char *row_name(const struct row *row);
/* How many columns the row has. */
size_t row_width(const struct row *row);

/* The whole of a query: the first number of its first row, or otherwise; whether it has a row. */
int64_t row_first(struct row row, int64_t otherwise);
bool row_exists(struct row row);

#endif
