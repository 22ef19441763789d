#include "common/jobs/reshare.h"

#include "common/jobs/sql.h"

#include <string.h>

static bool read_series(struct jobdb *db, sqlite3_stmt *row, struct jobdb_series *ret_series)
{
    if (!jobdb_row(db, row))
        return false;
    *ret_series = (struct jobdb_series){.id = sqlite3_column_int64(row, 0),
                                        .destination_id = sqlite3_column_int64(row, 1),
                                        .stored = sqlite3_column_int(row, 4) != 0};
    jobdb_copy_text(ret_series->study, sizeof ret_series->study, jobdb_text(row, 2));
    jobdb_copy_text(ret_series->series, sizeof ret_series->series, jobdb_text(row, 3));
    jobdb_end(row);
    return true;
}

bool jobdb_next_series(struct jobdb *db, const char *study, int64_t after, struct jobdb_series *ret_series)
{
    if (study)
        return read_series(db, jobdb_query(db, SQL_NEXT_SERIES_OF, "is", after, study), ret_series);
    return read_series(db, jobdb_query(db, SQL_NEXT_SERIES, "i", after), ret_series);
}

bool jobdb_find_series(struct jobdb *db, int64_t id, struct jobdb_series *ret_series)
{
    return read_series(db, jobdb_query(db, SQL_NEXT_SERIES, "i", id - 1), ret_series) && ret_series->id == id;
}

bool jobdb_has_share(struct jobdb *db, int64_t album_id, int64_t series_id)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_HAS_SHARE, "ii", album_id, series_id);
    if (!jobdb_row(db, row))
        return false;
    jobdb_end(row);
    return true;
}

bool jobdb_next_past(struct jobdb *db, const struct jobdb_series *series, int64_t since, int64_t until,
                     int64_t after, struct jobdb_past *ret_past)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_NEXT_PAST, "issiii", series->destination_id, series->study,
                                    series->series, after, since, until);
    if (!jobdb_row(db, row))
        return false;
    *ret_past = (struct jobdb_past){.id = sqlite3_column_int64(row, 0),
                                    .active = strcmp(jobdb_text(row, 1), "active") == 0,
                                    .place = SPOOL_QUEUE,
                                    .poison = sqlite3_column_type(row, 3) != SQLITE_NULL};
    ret_past->gone = !spool_place_parse(jobdb_text(row, 2), &ret_past->place);
    jobdb_copy_text(ret_past->receipt, sizeof ret_past->receipt, jobdb_text(row, 4));
    char *const texts[] = {ret_past->sop_instance, ret_past->sop_class,  ret_past->transfer_syntax,
                           ret_past->calling_aet,  ret_past->called_aet, ret_past->source_address};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        jobdb_copy_text(texts[i], JOBDB_NAME_SIZE, jobdb_text(row, 5 + i));
    jobdb_end(row);
    return true;
}

bool jobdb_reshare(struct jobdb *db, int64_t album_id, const struct jobdb_series *series,
                   const struct jobdb_past *witness, int64_t request_id, int64_t now)
{
    enum share_state state = series->stored ? SHARE_QUEUED : SHARE_WAITING;
    int64_t witness_id = witness->active ? witness->id : 0;
    if (jobdb_change(db, SQL_ADD_RESHARE, "iiissisii", series->destination_id, album_id, series->id,
                     series->study, series->series, witness_id, share_state_name(state), now,
                     request_id) == 0)
        return false;
    if (witness_id)
        (void)jobdb_change(db, SQL_MORE_OPEN_JOBS, "ii", witness_id, (int64_t)1);
    struct jobdb_counts *counts = jobdb_counts_of(db, series->destination_id, album_id);
    *(series->stored ? &counts->queued : &counts->waiting) += 1;
    return true;
}
