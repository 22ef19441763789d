/* Quarantined files, and the record of what operators asked for. */
#include "common/base/memory.h"
#include "common/jobs/operator.h"
#include "common/jobs/sql.h"

#include <string.h>

/* ---- quarantine ---- */

size_t jobdb_read_quarantine(struct jobdb *db, int64_t *cursor, size_t most,
                             void (*each)(void *context, const struct jobdb_quarantined *file), void *context)
{
    size_t count = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_READ_QUARANTINE, "ii", *cursor, (int64_t)most);
    while (jobdb_row(db, row)) {
        struct jobdb_quarantined file = {
            .id = sqlite3_column_int64(row, 0),
            .reason = jobdb_text(row, 2),
            .calling_aet = jobdb_text_or_null(row, 3),
            .called_aet = jobdb_text_or_null(row, 4),
            .study = jobdb_text_or_null(row, 5),
            .sop_instance = jobdb_text_or_null(row, 6),
            .size = sqlite3_column_int64(row, 7),
            .received_at = sqlite3_column_int64(row, 8),
            .quarantined_at = sqlite3_column_int64(row, 9),
        };
        (void)snprintf(file.receipt, sizeof file.receipt, "%s", jobdb_text(row, 1));
        *cursor = file.id;
        count++;
        each(context, &file);
    }
    return count;
}

void jobdb_take_back(struct jobdb *db, int64_t instance_id)
{
    (void)jobdb_change(db, SQL_FORGET_INSTANCE, "i", instance_id);
}

bool jobdb_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until)
{
    return jobdb_change(db, SQL_DROP_QUARANTINED, "iii", instance_id, now, keep_until) > 0;
}

int64_t jobdb_find_instance(struct jobdb *db, const char *receipt)
{
    int64_t id = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_FIND_INSTANCE, "s", receipt);
    if (jobdb_row(db, row)) {
        id = sqlite3_column_int64(row, 0);
        jobdb_end(row);
    }
    return id;
}

/* ---- requests ---- */

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
