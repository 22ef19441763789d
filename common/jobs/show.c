#include "common/jobs/show.h"

#include "common/jobs/sql.h"

enum { FIELDS_MOST = 24 };

static const enum jobdb_statement statements[] = {
#define X(name) SQL_ASK_##name,
    JOBDB_QUESTION_MAP(X)
#undef X
};

static struct jobdb_field read_field(sqlite3_stmt *row, int column)
{
    struct jobdb_field field = {.name = sqlite3_column_name(row, column)};
    if (sqlite3_column_type(row, column) == SQLITE_INTEGER) {
        field.kind = JOBDB_NUMBER;
        field.number = sqlite3_column_int64(row, column);
    } else if ((field.text = jobdb_text_or_null(row, column))) {
        field.kind = JOBDB_TEXT;
    }
    return field;
}

int jobdb_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n,
              void (*each)(void *context, const struct jobdb_field *fields, size_t count), void *context)
{
    struct jobdb_field fields[FIELDS_MOST];
    sqlite3_stmt *row = jobdb_query(db, statements[question], "ssi", a, b, n);
    while (jobdb_row(db, row)) {
        int count = sqlite3_column_count(row);
        for (int i = 0; i < count && i < FIELDS_MOST; i++)
            fields[i] = read_field(row, i);
        each(context, fields, (size_t)count);
    }
    return db->error;
}

void jobdb_snapshot_begin(struct jobdb *db)
{
    (void)jobdb_row(db, jobdb_query(db, SQL_SNAPSHOT, ""));
}

void jobdb_snapshot_end(struct jobdb *db)
{
    if (db->error == 0)
        (void)jobdb_row(db, jobdb_query(db, SQL_COMMIT, ""));
}
