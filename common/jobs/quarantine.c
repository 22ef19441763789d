#include "common/jobs/quarantine.h"

#include "common/base/cleanup.h"
#include "common/jobs/line.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

#include <string.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(READ_QUARANTINE, "", \
      "SELECT id, receipt, reason, calling_aet, called_aet, study, sop_instance, size, received_at," \
      " decided_at FROM instance WHERE state = 'quarantined' AND id > ?1 ORDER BY id LIMIT ?2") \
    X(EACH_OVERFULL, "", \
      "SELECT calling_aet, count(*), sum(size) FROM instance WHERE state = 'quarantined'" \
      " GROUP BY 1 HAVING sum(size) > ?1")
/* clang-format on */
JOBDB_STATEMENTS(quarantine)

static void read_quarantined(struct row *row, struct jobdb_quarantined *ret_file)
{
    ret_file->id = row_number(row);
    row_copy(row, ret_file->receipt, sizeof ret_file->receipt);
    ret_file->reason = row_text(row);
    ret_file->calling_aet = row_text_or_null(row);
    ret_file->called_aet = row_text_or_null(row);
    ret_file->study = row_text_or_null(row);
    ret_file->sop_instance = row_text_or_null(row);
    ret_file->size = row_number(row);
    ret_file->received_at = row_number(row);
    ret_file->quarantined_at = row_number(row);
}

size_t jobdb_read_quarantine(struct jobdb *db, int64_t *cursor, size_t most,
                             void (*each)(void *context, const struct jobdb_quarantined *file), void *context)
{
    size_t count = 0;
    struct jobdb_quarantined file;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_READ_QUARANTINE, "ii", *cursor, (int64_t)most);
    while (row_next(&row)) {
        read_quarantined(&row, &file);
        *cursor = file.id;
        count++;
        each(context, &file);
    }
    return count;
}

static bool is_equal(const char *wanted, const char *value)
{
    return !wanted || (value && strcmp(wanted, value) == 0);
}

bool jobdb_parked_is_meant(const struct jobdb_parked *parked, const struct jobdb_quarantined *file)
{
    if (parked->is_line)
        return line_is_reason(parked->reason, file->reason) &&
               line_is_text(parked->calling_aet, file->calling_aet) &&
               line_is_text(parked->called_aet, file->called_aet) && is_equal(parked->study, file->study);
    return (!parked->reason || strstr(file->reason, parked->reason)) &&
           is_equal(parked->calling_aet, file->calling_aet) &&
           is_equal(parked->called_aet, file->called_aet) && is_equal(parked->study, file->study);
}

struct parked_count {
    const struct jobdb_parked *parked;
    int64_t count;
};

static void count_parked(void *context, const struct jobdb_quarantined *file)
{
    struct parked_count *count = context;
    count->count += jobdb_parked_is_meant(count->parked, file);
}

int64_t jobdb_count_parked(struct jobdb *db, const struct jobdb_parked *parked)
{
    enum { AT_ONCE = 500 };
    struct parked_count count = {.parked = parked};
    int64_t cursor = 0;
    while (jobdb_read_quarantine(db, &cursor, AT_ONCE, count_parked, &count) == AT_ONCE)
        continue;
    return count.count;
}

void jobdb_each_overfull(struct jobdb *db, int64_t bytes,
                         void (*each)(void *context, const char *calling_aet, int64_t files, int64_t bytes),
                         void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_OVERFULL, "i", bytes);
    while (row_next(&row)) {
        const char *calling_aet = row_text_or_null(&row);
        int64_t files = row_number(&row);
        each(context, calling_aet, files, row_number(&row));
    }
}

void jobdb_take_back(struct jobdb *db, int64_t instance_id)
{
    (void)move_out(db, MACHINE_INSTANCE, instance_id, CAUSE_RETRIED);
}

bool jobdb_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until)
{
    return move_drop_quarantined(db, instance_id, now, keep_until);
}
