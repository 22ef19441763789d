#include "common/jobs/request.h"

#include "common/base/cleanup.h"
#include "common/jobs/row.h"

/* clang-format off */
#define REQUEST_COLUMNS \
    "SELECT id, name, verb, user, asked, asked_at, finished_at, changed, skipped, sentence, walk_album," \
    " walk_destination, walk_phase, walk_time, walk_id, already, unmatched, asked_kheops FROM request"
#define STATEMENTS(X) \
    X(ADD_REQUEST, "", \
      "INSERT INTO request (name, verb, user, asked, asked_at, finished_at, changed, skipped, sentence)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, ?9)") \
    X(SAVE_REQUEST, "", \
      "UPDATE request SET finished_at = nullif(?2, 0), changed = ?3, skipped = ?4, sentence = ?5," \
      " walk_album = ?6, walk_destination = ?7, walk_phase = ?8, walk_time = ?9, walk_id = ?10," \
      " already = ?11, unmatched = ?12, asked_kheops = ?13 WHERE id = ?1") \
    X(FIND_REQUEST, "", REQUEST_COLUMNS " WHERE name = ?1") \
    X(OPEN_REQUESTS, "", REQUEST_COLUMNS " WHERE finished_at IS NULL ORDER BY id")
/* clang-format on */
JOBDB_STATEMENTS(request)

int64_t jobdb_add_request(struct jobdb *db, const struct jobdb_request *request)
{
    (void)jobdb_change(db, SQL_ADD_REQUEST, "ssssiiiis", request->name, request->verb, request->user,
                       request->asked, request->asked_at, request->finished_at, request->changed,
                       request->skipped, request->sentence);
    return jobdb_last_id(db);
}

void jobdb_save_request(struct jobdb *db, const struct jobdb_request *request)
{
    const struct jobdb_walk *walk = &request->walk;
    (void)jobdb_change(db, SQL_SAVE_REQUEST, "iiiisiiiiiiii", request->id, request->finished_at,
                       request->changed, request->skipped, request->sentence, walk->album_id,
                       walk->destination_id, (int64_t)walk->phase, walk->time, walk->id, request->already,
                       request->unmatched, request->asked_kheops);
}

static void read_request(struct row *row, struct jobdb_request *ret_request)
{
    *ret_request = (struct jobdb_request){0};
    ret_request->id = row_number(row);
    row_copy(row, ret_request->name, sizeof ret_request->name);
    ret_request->verb = row_text(row);
    ret_request->user = row_text(row);
    ret_request->asked = row_text(row);
    ret_request->asked_at = row_number(row);
    ret_request->finished_at = row_number(row);
    ret_request->changed = row_number(row);
    ret_request->skipped = row_number(row);
    ret_request->sentence = row_text_or_null(row);
    ret_request->walk.album_id = row_number(row);
    ret_request->walk.destination_id = row_number(row);
    ret_request->walk.phase = row_int(row);
    ret_request->walk.time = row_number(row);
    ret_request->walk.id = row_number(row);
    ret_request->already = row_number(row);
    ret_request->unmatched = row_number(row);
    ret_request->asked_kheops = row_number(row);
}

bool jobdb_find_request(struct jobdb *db, const char *name,
                        void (*each)(void *context, const struct jobdb_request *request), void *context)
{
    struct jobdb_request request;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_REQUEST, "s", name);
    if (!row_next(&row))
        return false;
    read_request(&row, &request);
    each(context, &request);
    return true;
}

void jobdb_each_request(struct jobdb *db, void (*each)(void *context, const struct jobdb_request *request),
                        void *context)
{
    struct jobdb_request request;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_OPEN_REQUESTS, "");
    while (row_next(&row)) {
        read_request(&row, &request);
        each(context, &request);
    }
}
