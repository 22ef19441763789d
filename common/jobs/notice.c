#include "common/jobs/notice.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/item.h"
#include "common/jobs/row.h"

#include <string.h>

#define FEW_ROWS "a handful of rows: one for each target of notices"

/* clang-format off */
#define STATEMENTS(X) \
    X(EACH_NOTICE, "", \
      "SELECT id, cause, destination, album, began_at, count, told, told_at FROM notice" \
      " WHERE ended_at IS NULL ORDER BY id") \
    X(BEGIN_NOTICE, "", \
      "INSERT INTO notice (cause, destination, album, began_at, count, told, told_at)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
    X(SAVE_NOTICE, "", "UPDATE notice SET count = ?2, told = ?3, told_at = ?4 WHERE id = ?1") \
    X(END_NOTICE, "", "UPDATE notice SET ended_at = ?2, count = 0 WHERE id = ?1") \
    X(ADD_MESSAGE, "", \
      "INSERT INTO message (notice_id, target, state, what, count, more, made_at)" \
      " VALUES (?1, ?2, 'queued', ?3, ?4, ?5, ?6)") \
    X(IS_TOLD, "", "SELECT 1 FROM message WHERE notice_id = ?1 AND target = ?2 LIMIT 1") \
    X(PICK_MESSAGE, "", \
      "SELECT " MESSAGE_ITEM ", n.id || '-' || m.what || '-' || m.made_at, n.cause, m.what, n.destination, n.album," \
      " m.count, m.more, n.began_at, m.made_at FROM message m JOIN notice n ON n.id = m.notice_id" \
      " WHERE m.target = ?1 AND m.state = 'queued' ORDER BY m.id LIMIT 1") \
    X(LEASE_MESSAGE, "", "UPDATE message SET state = 'sending', work = ?2, tries = tries + 1 WHERE id = ?1") \
    X(MESSAGE_TARGET, "", "SELECT target FROM message WHERE id = ?1 AND work = ?2") \
    X(MESSAGE_SENT, "", "UPDATE message SET state = 'sent', finished_at = ?2 WHERE id = ?1 AND state <> 'sent'") \
    X(MESSAGE_AGAIN, "", "UPDATE message SET state = 'queued' WHERE id = ?1 AND state = 'sending'") \
    X(RECIPIENT_FAILED, "", \
      "INSERT INTO recipient (name, failures, until, last_error, last_error_at) VALUES (?1, ?2, ?3, ?4, ?5)" \
      " ON CONFLICT (name) DO UPDATE SET failures = ?2, until = ?3, last_error = ?4, last_error_at = ?5") \
    X(RECIPIENT_TOOK, "", \
      "INSERT INTO recipient (name, sent_at) VALUES (?1, ?2)" \
      " ON CONFLICT (name) DO UPDATE SET failures = 0, until = 0, sent_at = ?2") \
    X(EACH_RECIPIENT, FEW_ROWS, \
      "SELECT name, failures, until, last_error, last_error_at, sent_at," \
      " (SELECT count(*) FROM message WHERE target = name AND state = 'queued') FROM recipient")
/* clang-format on */
JOBDB_STATEMENTS(notice)

void jobdb_each_notice(struct jobdb *db, void (*each)(void *context, const struct jobdb_notice *notice),
                       void *context)
{
    struct jobdb_notice notice;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_NOTICE, "");
    while (row_next(&row)) {
        notice.id = row_number(&row);
        notice.cause = row_text(&row);
        notice.destination = row_text_or_null(&row);
        notice.album = row_text_or_null(&row);
        notice.began_at = row_number(&row);
        notice.count = row_number(&row);
        notice.told = row_number(&row);
        notice.told_at = row_number(&row);
        each(context, &notice);
    }
}

int64_t jobdb_begin_notice(struct jobdb *db, const struct jobdb_notice *notice)
{
    (void)jobdb_change(db, SQL_BEGIN_NOTICE, "sssiiii", notice->cause, notice->destination, notice->album,
                       notice->began_at, notice->count, notice->told, notice->told_at);
    return jobdb_last_id(db);
}

void jobdb_save_notice(struct jobdb *db, const struct jobdb_notice *notice)
{
    (void)jobdb_change(db, SQL_SAVE_NOTICE, "iiii", notice->id, notice->count, notice->told, notice->told_at);
}

void jobdb_end_notice(struct jobdb *db, int64_t id, int64_t now)
{
    (void)jobdb_change(db, SQL_END_NOTICE, "ii", id, now);
}

/* ---- messages ---- */

void jobdb_add_message(struct jobdb *db, const struct jobdb_notice *notice, const char *target,
                       enum work_notice_state what, int64_t more, int64_t now)
{
    (void)jobdb_change(db, SQL_ADD_MESSAGE, "issiii", notice->id, target, work_notice_state_name(what),
                       notice->count, more, now);
}

bool jobdb_is_told(struct jobdb *db, int64_t notice_id, const char *target)
{
    return row_exists(jobdb_query(db, SQL_IS_TOLD, "is", notice_id, target));
}

static enum work_notice_state state_named(const char *name)
{
    int state = 0;
    while (state < WORK_NOTICE_TEST &&
           strcmp(work_notice_state_name((enum work_notice_state)state), name) != 0)
        state++;
    return (enum work_notice_state)state;
}

static struct work_notice *read_message(struct row *row)
{
    struct work_notice *notice = memory_new(1, sizeof *notice);
    notice->id = memory_string(row_text(row));
    notice->cause = memory_string(row_text(row));
    notice->state = state_named(row_text(row));
    notice->destination = memory_string(row_text_or_null(row));
    notice->album = memory_string(row_text_or_null(row));
    notice->count = row_number(row);
    notice->more = row_number(row);
    notice->since = row_number(row);
    notice->at = row_number(row);
    return notice;
}

bool jobdb_pick_message(struct jobdb *db, const char *target, struct jobdb_batch *batch,
                        struct work_notice **ret_notice)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_PICK_MESSAGE, "s", target);
    if (!row_next(&row))
        return false;
    struct jobdb_item *item = jobdb_batch_add(batch);
    item_read(&row, item);
    *ret_notice = read_message(&row);
    row_end(&row); /* a row must not change under its own query */
    batch->stage = WORK_NOTIFY;
    (void)jobdb_change(db, SQL_LEASE_MESSAGE, "is", item->id, batch->work);
    return true;
}

bool jobdb_message_target(struct jobdb *db, int64_t id, const char *work, struct text *ret_target)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_MESSAGE_TARGET, "is", id, work);
    if (!row_next(&row))
        return false;
    text_append(ret_target, row_text(&row));
    return true;
}

void jobdb_message_sent(struct jobdb *db, int64_t id, int64_t now)
{
    (void)jobdb_change(db, SQL_MESSAGE_SENT, "ii", id, now);
}

void jobdb_message_again(struct jobdb *db, int64_t id)
{
    (void)jobdb_change(db, SQL_MESSAGE_AGAIN, "i", id);
}

/* ---- recipients ---- */

void jobdb_recipient_failed(struct jobdb *db, const char *name, int64_t failures, int64_t until,
                            const char *error, int64_t now)
{
    (void)jobdb_change(db, SQL_RECIPIENT_FAILED, "siisi", name, failures, until, error, now);
}

void jobdb_recipient_took(struct jobdb *db, const char *name, int64_t now)
{
    (void)jobdb_change(db, SQL_RECIPIENT_TOOK, "si", name, now);
}

int jobdb_each_recipient(struct jobdb *db,
                         void (*each)(void *context, const struct jobdb_recipient *recipient), void *context)
{
    struct jobdb_recipient recipient;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_RECIPIENT, "");
    while (row_next(&row)) {
        recipient.name = row_text(&row);
        recipient.failures = row_number(&row);
        recipient.until = row_number(&row);
        recipient.last_error = row_text_or_null(&row);
        recipient.last_error_at = row_number(&row);
        recipient.sent_at = row_number(&row);
        recipient.waiting = row_number(&row);
        each(context, &recipient);
    }
    return db->error;
}
