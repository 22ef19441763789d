/* wal - whether somebody's read transaction keeps the database's write-ahead log from shrinking.
 *
 * Every commit goes to the end of jobs.db-wal, which begins anew when all of it is in jobs.db and nobody
 * reads it. A long read transaction forbids that. Told from SQLite's wal-index (jobs.db-shm: its header, and
 * the locks of readers, https://sqlite.org/walformat.html), without opening the database. */
#ifndef FELUCCA_JOBS_WAL_H
#define FELUCCA_JOBS_WAL_H

#include <stdbool.h>
#include <stdint.h>

struct jobdb_wal {
    int64_t bytes;    /* that are in use; 0 where nothing can be told */
    bool held;        /* it is longer than it would be, and somebody reads */
    int64_t holder;   /* the process, 0 when it cannot be told */
    char program[20]; /* its name, "" when it cannot be told */
};

/* This process must not have the database open: closing any file of it would give up the locks that SQLite
 * holds for us. */
void jobdb_wal_look(const char *state_dir, struct jobdb_wal *ret_wal);

/* For a process of which other threads have it open: the file stays open until another one has its name, which nobody
 * of this process reads then. For any thread; what was seen within the last second is told again. */
struct jobdb_wal_watch;
struct jobdb_wal_watch *jobdb_wal_watch_create(void);
/* When this process has the database open no more. */
void jobdb_wal_watch_destroy(struct jobdb_wal_watch **watch);
void jobdb_wal_watch_look(struct jobdb_wal_watch *watch, const char *state_dir, struct jobdb_wal *ret_wal);

#endif
