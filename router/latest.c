#include "router/latest.h"

#include "common/base/fnv.h"

enum { PORTION = 2 /* questions to the database */, IDS = 512 /* that one of them is about */ };

/* A byte that is in no text of UTF-8 parts them. */
static uint64_t digest_of(const struct jobdb_past *row)
{
    return fnv_text(fnv_byte(fnv_text(FNV_START, row->study), 0xff), row->series);
}

/* Whether it was not known before. */
static bool learn(struct latest *latest, uint64_t digest)
{
    for (size_t i = 0; i < latest->count; i++)
        if (latest->known[i] == digest)
            return false;
    latest->known[latest->count++] = digest;
    return true;
}

/* All down to that image were looked at. */
static void pass_to(struct latest *latest, int64_t id)
{
    latest->looked += latest->before - id;
    latest->before = id;
}

enum latest_step latest_next(struct latest *latest, struct jobdb *db, struct jobdb_past *ret_row)
{
    if (latest->before == 0)
        latest->before = jobdb_newest_past(db) + 1;
    for (int i = 0; i < PORTION && latest->before > 1; i++) {
        if (latest->count == LATEST_SERIES || latest->looked >= LATEST_LOOKED) {
            latest->more = true;
            return LATEST_OVER;
        }
        int64_t from = latest->before > IDS ? latest->before - IDS : 1;
        if (!jobdb_last_asked(db, latest->destination_id, latest->left_out, from, latest->before, ret_row)) {
            pass_to(latest, from);
            continue;
        }
        pass_to(latest, ret_row->id);
        if (!learn(latest, digest_of(ret_row)))
            continue;
        latest->before = jobdb_first_of_run(db, ret_row);
        return LATEST_FOUND;
    }
    return latest->before > 1 ? LATEST_NOT_YET : LATEST_OVER;
}
