#include "common/jobs/request.h"

#include "common/jobs/sql.h"

#include <stdio.h>

int64_t jobdb_add_request(struct jobdb *db, const struct jobdb_request *request)
{
    (void)jobdb_change(db, SQL_ADD_REQUEST, "ssssiiiis", request->name, request->verb, request->user,
                       request->asked, request->asked_at, request->finished_at, request->changed,
                       request->skipped, request->sentence);
    return (int64_t)sqlite3_last_insert_rowid(db->sql);
}

void jobdb_save_request(struct jobdb *db, const struct jobdb_request *request)
{
    const struct jobdb_walk *walk = &request->walk;
    (void)jobdb_change(db, SQL_SAVE_REQUEST, "iiiisiiiiiii", request->id, request->finished_at,
                       request->changed, request->skipped, request->sentence, walk->album_id,
                       walk->destination_id, (int64_t)walk->phase, walk->time, walk->id, request->already,
                       request->unmatched);
}

static void read_request(sqlite3_stmt *row, struct jobdb_request *ret_request)
{
    *ret_request = (struct jobdb_request){
        .id = sqlite3_column_int64(row, 0),
        .verb = jobdb_text(row, 2),
        .user = jobdb_text(row, 3),
        .asked = jobdb_text(row, 4),
        .asked_at = sqlite3_column_int64(row, 5),
        .finished_at = sqlite3_column_int64(row, 6),
        .changed = sqlite3_column_int64(row, 7),
        .skipped = sqlite3_column_int64(row, 8),
        .sentence = jobdb_text_or_null(row, 9),
        .walk = {.album_id = sqlite3_column_int64(row, 10),
                 .destination_id = sqlite3_column_int64(row, 11),
                 .phase = sqlite3_column_int(row, 12),
                 .time = sqlite3_column_int64(row, 13),
                 .id = sqlite3_column_int64(row, 14)},
        .already = sqlite3_column_int64(row, 15),
        .unmatched = sqlite3_column_int64(row, 16),
    };
    (void)snprintf(ret_request->name, sizeof ret_request->name, "%s", jobdb_text(row, 1));
}

bool jobdb_find_request(struct jobdb *db, const char *name,
                        void (*each)(void *context, const struct jobdb_request *request), void *context)
{
    struct jobdb_request request;
    sqlite3_stmt *row = jobdb_query(db, SQL_FIND_REQUEST, "s", name);
    if (!jobdb_row(db, row))
        return false;
    read_request(row, &request);
    each(context, &request);
    jobdb_end(row);
    return true;
}

void jobdb_each_request(struct jobdb *db, void (*each)(void *context, const struct jobdb_request *request),
                        void *context)
{
    struct jobdb_request request;
    sqlite3_stmt *row = jobdb_query(db, SQL_OPEN_REQUESTS, "");
    while (jobdb_row(db, row)) {
        read_request(row, &request);
        each(context, &request);
    }
}
