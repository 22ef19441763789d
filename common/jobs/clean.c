#include "common/jobs/clean.h"

#include "common/base/memory.h"
#include "common/jobs/sql.h"

#include <stdlib.h>
#include <string.h>

static void read_file(sqlite3_stmt *row, struct jobdb_file *ret_file)
{
    ret_file->instance_id = sqlite3_column_int64(row, 0);
    (void)snprintf(ret_file->receipt, sizeof ret_file->receipt, "%s", jobdb_text(row, 1));
    ret_file->place = SPOOL_QUEUE;
    (void)spool_place_parse(jobdb_text(row, 2), &ret_file->place);
}

/* All files of a query at once, so that the caller may change rows while it goes through them. */
static struct jobdb_file *read_files(struct jobdb *db, sqlite3_stmt *row, size_t *ret_count)
{
    struct jobdb_file *files = NULL;
    size_t count = 0, capacity = 0;
    while (jobdb_row(db, row)) {
        files = memory_grow(files, &capacity, count + 1, sizeof *files);
        read_file(row, &files[count++]);
    }
    *ret_count = count;
    return files;
}

struct finished {
    struct jobdb_file file;
    enum jobdb_fate fate;
};

static void mark_fate(struct jobdb *db, const struct finished *finished, int64_t keep_dropped_until)
{
    int64_t id = finished->file.instance_id;
    if (finished->fate == JOBDB_KEEP)
        (void)jobdb_change(db, SQL_SET_PLACE, "is", id, spool_place_name(SPOOL_KEPT));
    if (finished->fate == JOBDB_DROP)
        (void)jobdb_change(db, SQL_SET_DROPPED, "ii", id, keep_dropped_until);
}

size_t jobdb_each_finished(struct jobdb *db, int64_t now, int64_t keep_dropped_until, size_t limit,
                           void (*each)(void *context, const struct jobdb_file *file, enum jobdb_fate fate),
                           void *context)
{
    struct finished *finished = NULL;
    size_t count = 0, capacity = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_EACH_FINISHED, "i", (int64_t)limit);
    while (jobdb_row(db, row)) {
        finished = memory_grow(finished, &capacity, count + 1, sizeof *finished);
        read_file(row, &finished[count].file);
        finished[count].file.place = SPOOL_QUEUE;
        finished[count].fate = sqlite3_column_int64(row, 2) <= now ? JOBDB_REMOVE : JOBDB_KEEP;
        if (sqlite3_column_int(row, 3) != 0 && keep_dropped_until > now)
            finished[count].fate = JOBDB_DROP;
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        mark_fate(db, &finished[i], keep_dropped_until);
        each(context, &finished[i].file, finished[i].fate);
    }
    free(finished);
    return count;
}

static size_t walk(struct jobdb *db, sqlite3_stmt *row, int64_t *cursor,
                   void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    size_t count;
    struct jobdb_file *files = read_files(db, row, &count);
    for (size_t i = 0; i < count; i++) {
        each(context, &files[i]);
        if (cursor)
            *cursor = files[i].instance_id;
    }
    free(files);
    return count;
}

size_t jobdb_each_expired(struct jobdb *db, int64_t now, size_t limit,
                          void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    return walk(db, jobdb_query(db, SQL_EACH_EXPIRED, "ii", now, (int64_t)limit), NULL, each, context);
}

size_t jobdb_each_active(struct jobdb *db, int64_t *cursor, size_t limit,
                         void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    return walk(db, jobdb_query(db, SQL_EACH_ACTIVE, "ii", *cursor, (int64_t)limit), cursor, each, context);
}

size_t jobdb_each_quarantined(struct jobdb *db, int64_t *cursor, size_t limit,
                              void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    return walk(db, jobdb_query(db, SQL_EACH_QUARANTINED, "ii", *cursor, (int64_t)limit), cursor, each,
                context);
}

void jobdb_file_gone(struct jobdb *db, int64_t instance_id)
{
    (void)jobdb_change(db, SQL_SET_PLACE, "is", instance_id, "gone");
}
