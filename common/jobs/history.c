#include "common/jobs/history.h"

#include "common/base/memory.h"
#include "common/jobs/sql.h"

#include <stdlib.h>
#include <string.h>

enum { TALLY_MS = 5 * 60 * 1000 };

/* ---- adding ---- */

void jobdb_tally(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now, int64_t done,
                 int64_t bytes, int64_t failed)
{
    (void)jobdb_change(db, SQL_TALLY, "iiiiii", destination_id, album_id, now - now % TALLY_MS, done, bytes,
                       failed);
}

void jobdb_add_event(struct jobdb *db, const struct jobdb_event *event)
{
    (void)jobdb_change(db, SQL_ADD_EVENT, "isiiiiiis", event->at, event->kind, event->instance_id,
                       event->delivery_id, event->share_id, event->destination_id, event->album_id,
                       (int64_t)event->http_status, event->detail);
}

/* ---- forgetting ---- */

struct old {
    int64_t instance_id;
    char study[JOBDB_UID_SIZE];
};

/* What is kept for a study as a whole goes with the last of its instances; else nothing happens. */
static void forget_study(struct jobdb *db, const char *study)
{
    (void)jobdb_change(db, SQL_FORGET_SHARES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_FETCHES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_SERIES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_LANES, "s", study);
}

size_t jobdb_forget(struct jobdb *db, int64_t before, size_t limit)
{
    size_t count = 0, forgotten = 0;
    struct old *old = memory_new(limit, sizeof *old);
    sqlite3_stmt *row = jobdb_query(db, SQL_EACH_FORGOTTEN, "ii", before, (int64_t)limit);
    while (jobdb_row(db, row)) {
        old[count].instance_id = sqlite3_column_int64(row, 0);
        (void)snprintf(old[count++].study, JOBDB_UID_SIZE, "%s", jobdb_text(row, 1));
    }
    for (size_t i = 0; i < count; i++) {
        forgotten += jobdb_change(db, SQL_FORGET_INSTANCE, "i", old[i].instance_id) > 0;
        if (i + 1 == count || strcmp(old[i].study, old[i + 1].study) != 0)
            forget_study(db, old[i].study);
    }
    free(old);
    (void)jobdb_change(db, SQL_FORGET_EVENTS, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_REQUESTS, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_TALLIES, "i", before);
    return forgotten;
}
