#include "common/jobs/jobdb.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/counts.h"
#include "common/jobs/lane.h"
#include "common/jobs/migrate.h"
#include "common/jobs/row.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

enum { BUSY_MS = 5000 };

/* ---- errors ---- */

static int error_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
        return ERR_NOSPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_DENIED;
    case SQLITE_CANTOPEN:
        return ERR_ABSENT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_DAMAGED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_IOERR:
        return ERR_IO;
    case SQLITE_INTERRUPT:
        return ERR_TOO_LONG;
    default:
        return ERR_DB;
    }
}

void jobdb_fail(struct jobdb *db, const char *doing)
{
    if (db->error != 0)
        return;
    db->error = error_of(sqlite3_extended_errcode(db->sql));
    text_format(&db->sentence, "%s: %s", doing, sqlite3_errmsg(db->sql));
}

int jobdb_error_code(const struct jobdb *db)
{
    return db->error;
}

const char *jobdb_error(const struct jobdb *db)
{
    return text_string(&db->sentence);
}

/* ---- the transaction ---- */

int jobdb_commit(struct jobdb *db)
{
    counts_write(db);
    if (db->in_transaction)
        jobdb_end(db);
    if (db->error == 0)
        db->in_transaction = false;
    return db->error;
}

bool jobdb_is_dirty(const struct jobdb *db)
{
    return db->in_transaction;
}

/* ---- opening ---- */

int jobdb_execute(struct jobdb *db, const char *sql, const char *doing)
{
    if (db->error == 0 && sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
        jobdb_fail(db, doing);
    return db->error;
}

static int64_t user_version(struct jobdb *db)
{
    int64_t version = row_first(row_ask(db->sql, "PRAGMA user_version", NULL), -1);
    if (version < 0)
        jobdb_fail(db, "jobs.db");
    return version;
}

static void refuse_version(struct jobdb *db, int error, const char *sentence, int64_t version)
{
    db->error = error;
    text_format(&db->sentence, "%s (schema version %lld, this program's is %d)", sentence, (long long)version,
                jobdb_schema_version());
}

static int check_version(struct jobdb *db, bool may_change)
{
    int64_t version = user_version(db);
    if (db->error != 0)
        return db->error;
    if (version > jobdb_schema_version())
        refuse_version(db, ERR_VERSION,
                       "jobs.db was made by a newer Felucca: use that program, or move the file away",
                       version);
    else if (may_change)
        jobdb_migrate(db, version);
    else if (version == 0)
        refuse_version(db, ERR_ABSENT, "jobs.db is empty: the router has not run yet", version);
    else if (version < jobdb_schema_version())
        refuse_version(
            db, ERR_VERSION,
            "jobs.db is an older Felucca's: the router of this one brings it up to date when it starts",
            version);
    return db->error;
}

/* Nobody asks SQLite for its statistics: without them, and without its mutexes, it is a tenth quicker. */
static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_sql(struct jobdb *db, const char *path, int flags)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* before any thread has opened one */
    (void)pthread_once(&once, configure_library);
    if (sqlite3_open_v2(path, &db->sql, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        jobdb_fail(db, "jobs.db");
        return db->error;
    }
    (void)sqlite3_busy_timeout(db->sql, BUSY_MS);
    return 0;
}

static void set_up_writer(struct jobdb *db)
{
    int keep_wal = 1;
    (void)jobdb_execute(db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
                        "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
                        "jobs.db");
    (void)sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_wal);
    /* Migrations may take a table apart that others refer to: they check the references themselves. */
    if (check_version(db, true) == 0 && jobdb_execute(db, "PRAGMA foreign_keys = ON", "jobs.db") == 0) {
        lane_open_all(db);
        (void)jobdb_commit(db);
    }
}

/* SQLite would give it what the umask leaves of 0644, and its log the mode that it has. One that is there is not
 * touched: closing it would end the locks of this process. A failure is told by the open that follows. */
static void make_file(const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
}

static int open_database(const char *state_dir, bool write, struct jobdb **ret_db, struct text *ret_reason)
{
    AUTO(jobdb_destroy) struct jobdb *db = memory_new(1, sizeof *db);
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db", state_dir);
    if (write)
        make_file(text_string(&path));
    int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (open_sql(db, text_string(&path), flags) == 0) {
        if (write)
            set_up_writer(db);
        else
            (void)check_version(db, false);
    }
    if (db->error != 0) {
        text_format(ret_reason, "%s: %s", text_string(&path), jobdb_error(db));
        return db->error;
    }
    *ret_db = db;
    db = NULL;
    return 0;
}

int jobdb_open(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason)
{
    return open_database(state_dir, true, ret_db, ret_reason);
}

int jobdb_open_reader(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason)
{
    return open_database(state_dir, false, ret_db, ret_reason);
}

static int is_too_long(void *context)
{
    const struct jobdb *db = context;
    return clock_monotonic_ms() >= db->limit_at;
}

void jobdb_limit(struct jobdb *db, int64_t milliseconds)
{
    enum { STEPS = 4000 }; /* of SQLite's machine: less than a millisecond */
    db->limit_at = clock_monotonic_ms() + milliseconds;
    sqlite3_progress_handler(db->sql, STEPS, is_too_long, db);
}

void jobdb_destroy(struct jobdb **db)
{
    if (!*db)
        return;
    for (size_t i = 0; i < sizeof(*db)->statements / sizeof *(*db)->statements; i++)
        (void)sqlite3_finalize((*db)->statements[i]);
    (void)sqlite3_close((*db)->sql);
    text_release(&(*db)->sentence);
    memory_free(&(*db)->counts);
    memory_free(db);
}

int jobdb_set_aside(const char *state_dir, int64_t now, struct text *ret_name)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    text_format(&goal, "jobs.db.broken-%lld", (long long)now);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        AUTO(text_release) struct text from = TEXT_EMPTY;
        AUTO(text_release) struct text to = TEXT_EMPTY;
        text_format(&from, "%s/jobs.db%s", state_dir, parts[i]);
        text_format(&to, "%s/%s%s", state_dir, text_string(&goal), parts[i]);
        if (rename(text_string(&from), text_string(&to)) != 0 && errno != ENOENT)
            return err_from_errno(errno);
    }
    text_append(ret_name, text_string(&goal));
    return 0;
}
