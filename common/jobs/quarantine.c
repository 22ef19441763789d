#include "common/jobs/quarantine.h"

#include "common/jobs/sql.h"

#include <stdio.h>

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
