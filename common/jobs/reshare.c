#include "common/jobs/reshare.h"

#include "common/base/cleanup.h"
#include "common/jobs/row.h"
#include "common/jobs/share.h"
#include "common/jobs/states.h"

#include <string.h>

/* clang-format off */
#define PAST \
    "i.id, i.state, i.place, i.reason, i.receipt, i.study, i.series, i.sop_instance, i.sop_class," \
    " i.transfer_syntax, i.calling_aet, i.called_aet, i.source_address, i.urgent," \
    " i.keep_until"
#define STATEMENTS(X) \
    X(NEXT_SERIES, "", \
      "SELECT e.id, l.destination_id, l.study, e.series, e.stored FROM series e JOIN lane l ON l.id = e.lane_id" \
      " WHERE e.id > ?1 ORDER BY e.id LIMIT 1") \
    X(NEXT_SERIES_OF, "the series of one study", \
      "SELECT e.id, l.destination_id, l.study, e.series, e.stored FROM lane l JOIN series e ON e.lane_id = l.id" \
      " WHERE l.study = ?2 AND e.id > ?1 ORDER BY e.id LIMIT 1") \
    X(NEXT_SERIES_NAMED, "one series, of each destination", \
      "SELECT e.id, l.destination_id, l.study, e.series, e.stored FROM series e JOIN lane l ON l.id = e.lane_id" \
      " WHERE e.series = ?2 AND (?3 IS NULL OR l.study = ?3) AND e.id > ?1 ORDER BY e.id LIMIT 1") \
    X(HAS_SHARE, "", \
      "SELECT 1 FROM share WHERE album_id = ?1 AND series_id = ?2 AND state <> 'undecided'" \
      " AND (?3 IS NULL OR instr(',' || ?3 || ',', ',' || state || ',') = 0)") \
    X(NEXT_PAST, "", \
      "SELECT " PAST " FROM instance i JOIN delivery w" \
      " ON w.instance_id = i.id AND w.destination_id = ?1 WHERE i.study = ?2 AND i.series = ?3 AND i.id > ?4" \
      " AND i.received_at >= ?5 AND i.received_at <= ?6 AND w.state NOT IN ('undecided', 'excluded', 'dropped')" \
      " ORDER BY i.id LIMIT 1") \
    X(NEXT_ASKED, "", \
      "SELECT " PAST " FROM instance i JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?1" \
      " WHERE i.study = ?2 AND (i.series, i.id) > (?3, ?4) AND (?5 IS NULL OR i.series = ?5)" \
      " AND (?6 OR w.state NOT IN ('undecided', 'excluded', 'dropped')) ORDER BY i.series, i.id LIMIT 1") \
    X(LAST_ASKED, "", \
      "SELECT " PAST " FROM instance i CROSS JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?1" \
      " WHERE i.id >= ?3 AND i.id < ?4 AND (?2 OR w.state NOT IN ('undecided', 'excluded', 'dropped'))" \
      " ORDER BY i.id DESC LIMIT 1") \
    X(NEWEST_PAST, "", "SELECT max(id) FROM instance") \
    X(RUN_OF_SERIES, "the instances of one series", \
      "SELECT min(id), count(*) FROM instance WHERE study = ?1 AND series = ?2 AND id <= ?3") \
    X(FIND_PAST, "", "SELECT " PAST " FROM instance i WHERE i.id = ?1")
/* clang-format on */
JOBDB_STATEMENTS(reshare)

static bool read_series(struct row row, struct jobdb_series *ret_series)
{
    bool found = row_next(&row);
    if (found) {
        ret_series->id = row_number(&row);
        ret_series->destination_id = row_number(&row);
        row_copy(&row, ret_series->study, sizeof ret_series->study);
        row_copy(&row, ret_series->series, sizeof ret_series->series);
        ret_series->stored = row_flag(&row);
    }
    row_end(&row);
    return found;
}

bool jobdb_next_series(struct jobdb *db, const char *study, const char *series, int64_t after,
                       struct jobdb_series *ret_series)
{
    if (series)
        return read_series(jobdb_query(db, SQL_NEXT_SERIES_NAMED, "iss", after, series, study), ret_series);
    return read_series(study ? jobdb_query(db, SQL_NEXT_SERIES_OF, "is", after, study)
                             : jobdb_query(db, SQL_NEXT_SERIES, "i", after),
                       ret_series);
}

bool jobdb_find_series(struct jobdb *db, int64_t id, struct jobdb_series *ret_series)
{
    return read_series(jobdb_query(db, SQL_NEXT_SERIES, "i", id - 1), ret_series) && ret_series->id == id;
}

bool jobdb_has_share(struct jobdb *db, int64_t album_id, int64_t series_id, const char *but)
{
    return row_exists(jobdb_query(db, SQL_HAS_SHARE, "iis", album_id, series_id, but));
}

static bool read_past(struct row row, struct jobdb_past *ret_past)
{
    bool found = row_next(&row);
    if (found) {
        *ret_past = (struct jobdb_past){.place = SPOOL_QUEUE};
        ret_past->id = row_number(&row);
        ret_past->active = strcmp(row_text(&row), instance_state_name(INSTANCE_ACTIVE)) == 0;
        ret_past->gone = !spool_place_parse(row_text(&row), &ret_past->place);
        ret_past->poison = !row_is_null(&row);
        row_skip(&row);
        row_copy(&row, ret_past->receipt, sizeof ret_past->receipt);
        char *const texts[] = {ret_past->study,      ret_past->series,          ret_past->sop_instance,
                               ret_past->sop_class,  ret_past->transfer_syntax, ret_past->calling_aet,
                               ret_past->called_aet, ret_past->source_address};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            row_copy(&row, texts[i], JOBDB_NAME_SIZE);
        ret_past->urgent = row_flag(&row);
        ret_past->keep_until = row_number(&row);
    }
    row_end(&row);
    return found;
}

bool jobdb_next_past(struct jobdb *db, const struct jobdb_series *series, int64_t since, int64_t until,
                     int64_t after, struct jobdb_past *ret_past)
{
    return read_past(jobdb_query(db, SQL_NEXT_PAST, "issiii", series->destination_id, series->study,
                                 series->series, after, since, until),
                     ret_past);
}

bool jobdb_next_asked(struct jobdb *db, const struct jobdb_asked *asked, const struct jobdb_past *after,
                      struct jobdb_past *ret_past)
{
    return read_past(jobdb_query(db, SQL_NEXT_ASKED, "issisi", asked->destination_id, asked->study,
                                 after ? after->series : "", after ? after->id : (int64_t)0, asked->series,
                                 (int64_t)asked->left_out),
                     ret_past);
}

bool jobdb_last_asked(struct jobdb *db, int64_t destination_id, bool left_out, int64_t from, int64_t before,
                      struct jobdb_past *ret_past)
{
    return read_past(jobdb_query(db, SQL_LAST_ASKED, "iiii", destination_id, (int64_t)left_out, from, before),
                     ret_past);
}

int64_t jobdb_newest_past(struct jobdb *db)
{
    struct row row = jobdb_query(db, SQL_NEWEST_PAST, "");
    int64_t newest = row_next(&row) ? row_number(&row) : 0;
    row_end(&row);
    return newest;
}

int64_t jobdb_first_of_run(struct jobdb *db, const struct jobdb_past *past)
{
    struct row row = jobdb_query(db, SQL_RUN_OF_SERIES, "ssi", past->study, past->series, past->id);
    int64_t first = past->id;
    if (row_next(&row)) {
        int64_t least = row_number(&row);
        first = row_number(&row) == past->id - least + 1 ? least : past->id;
    }
    row_end(&row);
    return first;
}

bool jobdb_find_past(struct jobdb *db, int64_t instance_id, struct jobdb_past *ret_past)
{
    return read_past(jobdb_query(db, SQL_FIND_PAST, "i", instance_id), ret_past);
}

bool jobdb_reshare(struct jobdb *db, int64_t album_id, const struct jobdb_series *series,
                   const struct jobdb_past *witness, const char *doubt, int64_t request_id, int64_t now,
                   int64_t keep_until)
{
    const struct share share = {.destination_id = series->destination_id,
                                .album_id = album_id,
                                .series_id = series->id,
                                .study = series->study,
                                .series = series->series,
                                .stored = series->stored,
                                .witness_id = share_active_witness(db, witness->id),
                                .request_id = request_id,
                                .doubt = doubt,
                                .keep_until = keep_until};
    return share_add(db, &share, now);
}
