-- A study that KHEOPS is asked to look at again (ensure_visible), once nothing of it has been stored for a while.
CREATE TABLE fetch (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    study          TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('queued', 'fetching', 'fetched', 'failed')),
    due_at         INTEGER NOT NULL,               -- queued: not before
    again          INTEGER NOT NULL DEFAULT 0,     -- 1: more was stored while it was fetching; due_at is for that
    work           TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    attempt_mark   INTEGER NOT NULL DEFAULT -1,
    http_status    INTEGER,
    reason         TEXT,
    created_at     INTEGER NOT NULL,               -- when the last instance was stored
    finished_at    INTEGER,
    UNIQUE (destination_id, study)
) STRICT;
