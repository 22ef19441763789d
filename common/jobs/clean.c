#include "common/jobs/clean.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/row.h"

#include <stdlib.h>

/* clang-format off */
#define EACH_SPARE \
    "SELECT id, receipt, place FROM instance WHERE state = 'done' AND place IN ('kept', 'dropped')"
#define SENT " (SELECT 1 FROM delivery w WHERE w.instance_id = instance.id AND w.state = 'sent')"
#define STATEMENTS(X) \
    X(EACH_FINISHED, "", \
      "SELECT i.id, i.receipt, i.place, i.keep_until, i.keep_until <= i.done_at, EXISTS (SELECT 1 FROM delivery w WHERE w.instance_id = i.id" \
      " AND w.state = 'dropped') FROM instance i WHERE i.state = 'done' AND i.place = 'queue'" \
      " ORDER BY i.id LIMIT ?1") \
    X(EACH_EXPIRED, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'done' AND place IN ('kept', 'dropped')" \
      " AND keep_until <= ?1 ORDER BY keep_until LIMIT ?2") \
    X(EACH_STORED, "only while the disk is short", EACH_SPARE " AND place = 'kept' AND EXISTS" SENT " ORDER BY keep_until LIMIT ?1") \
    X(EACH_DROPPED, "only while the disk is short", EACH_SPARE " AND place = 'dropped' ORDER BY keep_until LIMIT ?1") \
    X(EACH_NEVER_STORED, "only while the disk is short", EACH_SPARE " AND place = 'kept' AND NOT EXISTS" SENT " ORDER BY keep_until LIMIT ?1") \
    X(EACH_ACTIVE, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'active' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(EACH_QUARANTINED, "", \
      "SELECT id, receipt, place FROM instance WHERE state = 'quarantined' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(SET_PLACE, "", "UPDATE instance SET place = ?2 WHERE id = ?1") \
    X(SET_DROPPED, "", \
      "UPDATE instance SET place = ?2, keep_until = max(coalesce(keep_until, 0), ?3) WHERE id = ?1")
/* clang-format on */
JOBDB_STATEMENTS(clean)

/* The next three columns: id, receipt and place. */
static void read_file(struct row *row, struct jobdb_file *ret_file)
{
    ret_file->instance_id = row_number(row);
    row_copy(row, ret_file->receipt, sizeof ret_file->receipt);
    ret_file->place = SPOOL_QUEUE;
    (void)spool_place_parse(row_text(row), &ret_file->place);
}

/* ---- finished instances ---- */

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
        (void)jobdb_change(db, SQL_SET_DROPPED, "isi", id, spool_place_name(SPOOL_DROPPED),
                           keep_dropped_until);
}

/* Rows must not change under their own query: they are read first. */
static struct finished *read_finished(struct jobdb *db, int64_t now, int64_t keep_dropped_until, size_t limit,
                                      size_t *ret_count)
{
    struct finished *finished = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_FINISHED, "i", (int64_t)limit);
    while (row_next(&row)) {
        finished = memory_grow(finished, &capacity, count + 1, sizeof *finished);
        struct finished *one = &finished[count++];
        read_file(&row, &one->file);
        bool over = row_number(&row) <= now;
        bool kept_for_no_time = row_flag(&row);
        one->fate = over || kept_for_no_time ? JOBDB_REMOVE : JOBDB_KEEP;
        if (row_flag(&row) && keep_dropped_until > now)
            one->fate = JOBDB_DROP;
    }
    *ret_count = count;
    return finished;
}

size_t jobdb_each_finished(struct jobdb *db, int64_t now, int64_t keep_dropped_until, size_t limit,
                           void (*each)(void *context, const struct jobdb_file *file, enum jobdb_fate fate),
                           void *context)
{
    size_t count;
    struct finished *finished = read_finished(db, now, keep_dropped_until, limit, &count);
    for (size_t i = 0; i < count; i++) {
        mark_fate(db, &finished[i], keep_dropped_until);
        each(context, &finished[i].file, finished[i].fate);
    }
    free(finished);
    return count;
}

/* ---- walks over files ---- */

/* All files of a query at once, so that the caller may change rows while it goes through them. */
static struct jobdb_file *read_files(struct row row, size_t *ret_count)
{
    struct jobdb_file *files = NULL;
    size_t count = 0, capacity = 0;
    while (row_next(&row)) {
        files = memory_grow(files, &capacity, count + 1, sizeof *files);
        read_file(&row, &files[count++]);
    }
    *ret_count = count;
    return files;
}

static size_t walk_files(struct row row, int64_t *cursor,
                         void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    size_t count;
    struct jobdb_file *files = read_files(row, &count);
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
    return walk_files(jobdb_query(db, SQL_EACH_EXPIRED, "ii", now, (int64_t)limit), NULL, each, context);
}

size_t jobdb_each_spare(struct jobdb *db, enum jobdb_spare spare, size_t limit,
                        void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    static const int each_of[JOBDB_SPARES] = {[JOBDB_SPARE_STORED] = SQL_EACH_STORED,
                                              [JOBDB_SPARE_DROPPED] = SQL_EACH_DROPPED,
                                              [JOBDB_SPARE_NEVER_STORED] = SQL_EACH_NEVER_STORED};
    return walk_files(jobdb_query(db, each_of[spare], "i", (int64_t)limit), NULL, each, context);
}

size_t jobdb_each_active(struct jobdb *db, int64_t *cursor, size_t limit,
                         void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    return walk_files(jobdb_query(db, SQL_EACH_ACTIVE, "ii", *cursor, (int64_t)limit), cursor, each, context);
}

size_t jobdb_each_quarantined(struct jobdb *db, int64_t *cursor, size_t limit,
                              void (*each)(void *context, const struct jobdb_file *file), void *context)
{
    return walk_files(jobdb_query(db, SQL_EACH_QUARANTINED, "ii", *cursor, (int64_t)limit), cursor, each,
                      context);
}

void jobdb_file_gone(struct jobdb *db, int64_t instance_id)
{
    (void)jobdb_change(db, SQL_SET_PLACE, "is", instance_id, "gone");
}
