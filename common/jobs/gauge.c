#include "common/jobs/gauge.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/jobs/row.h"

#include <sys/stat.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(EACH_DEPTH, CONFIG_ONLY, \
      "SELECT id, 0, name, NULL, 0, queued, deferred, in_flight, failed, undecided, token_active, NULL FROM destination" \
      " UNION ALL SELECT a.destination_id, a.id, d.name, a.name, a.waiting, a.queued, a.deferred," \
      " a.in_flight, a.failed, a.undecided, a.token_active, a.source_active" \
      " FROM album a JOIN destination d ON d.id = a.destination_id") \
    X(QUEUED_OF_DESTINATION, "", "SELECT queued FROM destination WHERE id = ?1") \
    X(QUEUED_OF_ALBUM, "", "SELECT queued FROM album WHERE id = ?1") \
    X(OLDEST_DELIVERY, "", \
      "SELECT i.received_at FROM delivery w JOIN instance i ON i.id = w.instance_id" \
      " WHERE w.destination_id = ?1 AND w.state = 'queued' ORDER BY w.id LIMIT 1") \
    X(OLDEST_SHARE, "", \
      "SELECT created_at FROM share WHERE album_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(OLDEST_FAILED_DELIVERY, "", \
      "SELECT finished_at FROM delivery WHERE destination_id = ?1 AND state = 'failed'" \
      " ORDER BY finished_at LIMIT 1") \
    X(OLDEST_FAILED_SHARE, "", \
      "SELECT finished_at FROM share WHERE album_id = ?1 AND state = 'failed' ORDER BY finished_at LIMIT 1")
/* clang-format on */
JOBDB_STATEMENTS(gauge)

/* ---- destinations and albums ---- */

int64_t jobdb_oldest_queued(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    return row_first(album_id ? jobdb_query(db, SQL_OLDEST_SHARE, "i", album_id)
                              : jobdb_query(db, SQL_OLDEST_DELIVERY, "i", destination_id),
                     0);
}

int64_t jobdb_queued(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    return row_first(album_id ? jobdb_query(db, SQL_QUEUED_OF_ALBUM, "i", album_id)
                              : jobdb_query(db, SQL_QUEUED_OF_DESTINATION, "i", destination_id),
                     0);
}

static int64_t oldest_failed(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    return row_first(album_id ? jobdb_query(db, SQL_OLDEST_FAILED_SHARE, "i", album_id)
                              : jobdb_query(db, SQL_OLDEST_FAILED_DELIVERY, "i", destination_id),
                     0);
}

static int read_known_or_not(struct row *row)
{
    bool known = !row_is_null(row);
    int is = row_int(row);
    return known ? is : -1;
}

static void read_depth(struct jobdb *db, struct row *row, struct jobdb_depth *ret_depth)
{
    int64_t destination_id = row_number(row);
    int64_t album_id = row_number(row);
    ret_depth->destination = row_text(row);
    ret_depth->album = row_text_or_null(row);
    ret_depth->waiting = row_number(row);
    ret_depth->queued = row_number(row);
    ret_depth->deferred = row_number(row);
    ret_depth->in_flight = row_number(row);
    ret_depth->failed = row_number(row);
    ret_depth->undecided = row_number(row);
    ret_depth->token_active = read_known_or_not(row);
    ret_depth->source_active = read_known_or_not(row);
    ret_depth->oldest_queued_at = jobdb_oldest_queued(db, destination_id, album_id);
    ret_depth->oldest_failed_at = oldest_failed(db, destination_id, album_id);
}

void jobdb_each_depth(struct jobdb *db, void (*each)(void *context, const struct jobdb_depth *depth),
                      void *context)
{
    struct jobdb_depth depth;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_DEPTH, "");
    while (row_next(&row)) {
        read_depth(db, &row, &depth);
        each(context, &depth);
    }
}

/* ---- the database's own files ---- */

static int64_t size_of(const char *state_dir, const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct stat status;
    text_format(&path, "%s/%s", state_dir, name);
    return stat(text_string(&path), &status) == 0 ? (int64_t)status.st_size : 0;
}

void jobdb_file_sizes(const char *state_dir, int64_t *ret_database, int64_t *ret_wal)
{
    *ret_database = size_of(state_dir, "jobs.db");
    *ret_wal = size_of(state_dir, "jobs.db-wal");
}
