-- What operators asked for, and since when a job counts as old.
ALTER TABLE delivery ADD COLUMN retried_at INTEGER;
ALTER TABLE share ADD COLUMN retried_at INTEGER;
CREATE TABLE request (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    verb             TEXT NOT NULL,
    user             TEXT NOT NULL,
    asked            TEXT NOT NULL,
    asked_at         INTEGER NOT NULL,
    finished_at      INTEGER,
    changed          INTEGER NOT NULL DEFAULT 0,
    skipped          INTEGER NOT NULL DEFAULT 0,
    sentence         TEXT,
    walk_album       INTEGER NOT NULL DEFAULT 0,
    walk_destination INTEGER NOT NULL DEFAULT 0,
    walk_phase       INTEGER NOT NULL DEFAULT 0,
    walk_time        INTEGER NOT NULL DEFAULT 0,
    walk_id          INTEGER NOT NULL DEFAULT 0
) STRICT;
