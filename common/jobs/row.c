#include "common/jobs/row.h"

#include "common/base/memory.h"
#include "common/jobs/connection.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(BEGIN, "", "BEGIN IMMEDIATE") \
    X(COMMIT, "", "COMMIT")
/* clang-format on */
JOBDB_STATEMENTS(row)

const struct jobdb_statement *const jobdb_parts[JOBDB_PARTS] = {
#define X(part) jobdb_statements_##part,
    JOBDB_PART_MAP(X)
#undef X
};

/* ---- statements ---- */

static sqlite3_stmt *row_prepare(struct jobdb *db, int which)
{
    if (db->error != 0)
        return NULL;
    if (db->statements[which])
        return db->statements[which];
    const char *sql = jobdb_parts[which / JOBDB_PART_SIZE][which % JOBDB_PART_SIZE].sql;
    if (sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->statements[which], NULL) !=
        SQLITE_OK) {
        jobdb_fail(db, sql);
        return NULL;
    }
    return db->statements[which];
}

/* life: SQLITE_STATIC where the texts outlive the statement's run. */
static void row_bind(sqlite3_stmt *statement, sqlite3_destructor_type life, const char *format,
                     va_list arguments)
{
    for (int i = 1; *format; i++, format++) {
        if (*format == 'i') {
            (void)sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
        } else {
            const char *text = va_arg(arguments, const char *);
            (void)(text ? sqlite3_bind_text(statement, i, text, -1, life) : sqlite3_bind_null(statement, i));
        }
    }
}

struct row jobdb_query(struct jobdb *db, int which, const char *format, ...)
{
    struct row row = {.db = db, .statement = row_prepare(db, which)};
    if (!row.statement)
        return row;
    va_list arguments;
    va_start(arguments, format);
    row_bind(row.statement, SQLITE_TRANSIENT, format, arguments);
    va_end(arguments);
    return row;
}

struct row jobdb_change_returning(struct jobdb *db, int which, const char *format, ...)
{
    jobdb_begin(db);
    struct row row = {.db = db, .statement = row_prepare(db, which)};
    if (!row.statement)
        return row;
    va_list arguments;
    va_start(arguments, format);
    row_bind(row.statement, SQLITE_STATIC, format, arguments);
    va_end(arguments);
    return row;
}

int jobdb_change(struct jobdb *db, int which, const char *format, ...)
{
    jobdb_begin(db);
    struct row row = {.db = db, .statement = row_prepare(db, which)};
    if (!row.statement)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    row_bind(row.statement, SQLITE_STATIC, format, arguments);
    va_end(arguments);
    (void)row_next(&row);
    row_end(&row);
    return db->error == 0 ? sqlite3_changes(db->sql) : 0;
}

int64_t jobdb_last_id(const struct jobdb *db)
{
    return (int64_t)sqlite3_last_insert_rowid(db->sql);
}

/* ---- the transaction ---- */

void jobdb_begin(struct jobdb *db)
{
    if (db->in_transaction || db->error != 0)
        return;
    (void)row_exists(jobdb_query(db, SQL_BEGIN, ""));
    db->in_transaction = db->error == 0;
}

void jobdb_end(struct jobdb *db)
{
    (void)row_exists(jobdb_query(db, SQL_COMMIT, ""));
}

/* ---- questions that are no statements of ours ---- */

struct row row_ask(struct sqlite3 *sql, const char *question, const char *parameter)
{
    struct row row = {.asked = sql};
    row.failed = sqlite3_prepare_v2(sql, question, -1, &row.statement, NULL) != SQLITE_OK;
    if (!row.failed && parameter)
        (void)sqlite3_bind_text(row.statement, 1, parameter, -1, SQLITE_TRANSIENT);
    return row;
}

const char *row_failure(const struct row *row)
{
    return row->failed ? sqlite3_errmsg(row->asked) : NULL;
}

/* ---- rows ---- */

bool row_next(struct row *row)
{
    if (!row->statement)
        return false;
    int code = sqlite3_step(row->statement);
    row->column = 0;
    if (code == SQLITE_ROW)
        return true;
    row->failed = code != SQLITE_DONE;
    if (row->failed && row->db)
        jobdb_fail(row->db, sqlite3_sql(row->statement));
    row_end(row);
    return false;
}

void row_end(struct row *row)
{
    if (row->asked)
        (void)sqlite3_finalize(row->statement);
    else if (row->statement)
        (void)sqlite3_reset(row->statement);
    row->statement = NULL;
}

/* ---- columns ---- */

int64_t row_number(struct row *row)
{
    return sqlite3_column_int64(row->statement, row->column++);
}

int row_int(struct row *row)
{
    return sqlite3_column_int(row->statement, row->column++);
}

bool row_flag(struct row *row)
{
    return row_number(row) != 0;
}

const char *row_text_or_null(struct row *row)
{
    return (const char *)sqlite3_column_text(row->statement, row->column++);
}

const char *row_text(struct row *row)
{
    const char *text = row_text_or_null(row);
    return text ? text : "";
}

void row_copy(struct row *row, char *ret_buffer, size_t size)
{
    const char *text = row_text(row);
    size_t length = strnlen(text, size - 1);
    memcpy(ret_buffer, text, length);
    ret_buffer[length] = '\0';
}

void row_skip(struct row *row)
{
    row->column++;
}

bool row_is_null(const struct row *row)
{
    return sqlite3_column_type(row->statement, row->column) == SQLITE_NULL;
}

bool row_is_number(const struct row *row)
{
    return sqlite3_column_type(row->statement, row->column) == SQLITE_INTEGER;
}

const char *row_name(const struct row *row)
{
    return sqlite3_column_name(row->statement, row->column);
}

size_t row_width(const struct row *row)
{
    return (size_t)sqlite3_column_count(row->statement);
}

/* ---- whole queries ---- */

int64_t row_first(struct row row, int64_t otherwise)
{
    int64_t first = row_next(&row) ? row_number(&row) : otherwise;
    row_end(&row);
    return first;
}

bool row_exists(struct row row)
{
    bool exists = row_next(&row);
    row_end(&row);
    return exists;
}
