-- The state `undecided`: a condition that cannot be decided. A CHECK cannot be altered, so two tables are made anew.
ALTER TABLE destination ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE album ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
CREATE TABLE new_delivery (
    id             INTEGER PRIMARY KEY,
    instance_id    INTEGER NOT NULL REFERENCES instance (id) ON DELETE CASCADE,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    series_id      INTEGER,                        -- of table series; NULL: excluded at once
    state          TEXT NOT NULL
                   CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'undecided', 'excluded', 'dropped')),
    due_at         INTEGER NOT NULL,               -- queued: not before
    work           TEXT,                           -- sending: the request it is in
    tries          INTEGER NOT NULL DEFAULT 0,     -- requests that it was in
    attempts       INTEGER NOT NULL DEFAULT 0,     -- of them, failures that count
    attempt_mark   INTEGER NOT NULL DEFAULT -1,    -- the destination's stored at its last attempt; -1: none yet
    batch_limit    INTEGER NOT NULL DEFAULT 0,     -- 0, or the largest request for it; < 0: while not 'up'
    http_status    INTEGER,                        -- of the last answer
    reason         TEXT,
    finished_at    INTEGER,
    retried_at     INTEGER,                        -- when an operator last wanted it tried again: its age counts from there
    UNIQUE (instance_id, destination_id)
) STRICT;
INSERT INTO new_delivery (id, instance_id, destination_id, series_id, state, due_at, work, tries, attempts, attempt_mark, batch_limit, http_status, reason, finished_at, retried_at)
    SELECT id, instance_id, destination_id, series_id, state, due_at, work, tries, attempts, attempt_mark, batch_limit, http_status, reason, finished_at, retried_at FROM delivery;
DROP TABLE delivery;
ALTER TABLE new_delivery RENAME TO delivery;
CREATE TABLE new_share (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    album_id       INTEGER NOT NULL REFERENCES album (id),
    series_id      INTEGER NOT NULL REFERENCES series (id),
    study          TEXT NOT NULL,
    series         TEXT NOT NULL,
    witness_id     INTEGER REFERENCES instance (id) ON DELETE SET NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('waiting', 'queued', 'sharing', 'shared', 'failed', 'undecided', 'dropped')),
    due_at         INTEGER NOT NULL,
    work           TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    attempt_mark   INTEGER NOT NULL DEFAULT -1,
    http_status    INTEGER,
    reason         TEXT,
    created_at     INTEGER NOT NULL,
    finished_at    INTEGER,
    retried_at     INTEGER,
    request_id     INTEGER,                        -- an operator asked for it (felucca reshare), not its witness
    UNIQUE (album_id, series_id)
) STRICT;
INSERT INTO new_share (id, destination_id, album_id, series_id, study, series, witness_id, state, due_at, work, tries, attempts, attempt_mark, http_status, reason, created_at, finished_at, retried_at, request_id)
    SELECT id, destination_id, album_id, series_id, study, series, witness_id, state, due_at, work, tries, attempts, attempt_mark, http_status, reason, created_at, finished_at, retried_at, request_id FROM share;
DROP TABLE share;
ALTER TABLE new_share RENAME TO share;
