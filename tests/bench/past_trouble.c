#include "tests/bench/past.h"

#include "common/base/cleanup.h"

#include <sqlite3.h>

static void close_sql(sqlite3 **sql)
{
    (void)sqlite3_close(*sql);
}

#define HAS_MANY "EXISTS (SELECT 1 FROM delivery WHERE id = 40000 AND state = 'sent')"

static const char *const troubles[] = {
    /* one study of 40,000 images in 800 series */
    "UPDATE series SET lane_id = 1 WHERE id <= 800 AND " HAS_MANY,
    "DELETE FROM lane WHERE id BETWEEN 2 AND 800 AND " HAS_MANY,
    "UPDATE instance SET study = (SELECT study FROM lane WHERE id = 1) WHERE id <= 40000 AND " HAS_MANY,
    "UPDATE share SET study = (SELECT study FROM lane WHERE id = 1) WHERE series_id <= 800 AND " HAS_MANY,
    /* all that waited has failed, each 50th series for a reason of its own, and a third of the series as well */
    "UPDATE delivery SET state = 'failed', tries = 3, attempts = 3, http_status = 409, finished_at = due_at + 1000,"
    " reason = '0x0110 ' || CASE WHEN series_id % 50 = 0 THEN series_id ELSE series_id % 7 END WHERE state = 'queued'",
    "UPDATE share SET state = 'failed', tries = 3, http_status = 403, finished_at = due_at + 1000,"
    " reason = 'refused ' || series_id % 7 WHERE state = 'waiting'",
    "UPDATE series SET queued = 0, next_due = 0 WHERE queued > 0",
    "UPDATE lane SET queued = 0, next_due = 0, ready = 0 WHERE queued > 0",
    "UPDATE destination SET failed = queued, queued = 0",
    "UPDATE album SET failed = waiting, waiting = 0",
    "INSERT INTO event (at, kind, delivery_id, instance_id, destination_id, http_status, detail)"
    " SELECT finished_at, 'trouble', id, instance_id, destination_id, 409, reason FROM delivery WHERE state = 'failed'",
    /* files that belong to nobody */
    "INSERT INTO instance (receipt, state, place, calling_aet, called_aet, source_address, size, received_at,"
    " decided_at, reason) SELECT 'q' || substr(receipt, 2), 'quarantined', 'quarantine', 'MODALITY', 'NOBODY',"
    " '192.0.2.1', 1000, received_at, decided_at, 'no node is called NOBODY ' || id % 7 FROM instance WHERE state = 'active' AND id % 2 = 0",
};

int past_trouble(const char *state_dir, struct text *ret_reason)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(close_sql) sqlite3 *sql = NULL;
    text_format(&path, "%s/jobs.db", state_dir);
    int code = sqlite3_open(text_string(&path), &sql);
    if (code == SQLITE_OK)
        code = sqlite3_exec(sql, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < sizeof troubles / sizeof *troubles; i++)
        code = sqlite3_exec(sql, troubles[i], NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        text_append(ret_reason, sqlite3_errmsg(sql));
    return code == SQLITE_OK ? 0 : -1;
}
