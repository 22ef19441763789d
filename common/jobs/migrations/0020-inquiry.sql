-- Series about which KHEOPS is asked for the headers. The view `studies` counts instances, no more receipts.
CREATE TABLE inquiry (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    album_id       INTEGER NOT NULL REFERENCES album (id),
    series_id      INTEGER NOT NULL,
    study          TEXT NOT NULL,
    series         TEXT NOT NULL,
    request_id     INTEGER NOT NULL,               -- the operator's
    since          INTEGER NOT NULL,               -- of its instances those received since
    until          INTEGER NOT NULL,               -- and until are asked about
    anew           TEXT,                           -- a share in one of these states is made anew
    state          TEXT NOT NULL CHECK (state IN ('queued', 'asking', 'answered', 'failed')),
    heard          INTEGER NOT NULL DEFAULT 0,     -- the last instance that KHEOPS told of
    doubt          TEXT,                           -- why one of those heard so far cannot be decided
    due_at         INTEGER NOT NULL,               -- queued: not before
    work           TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    attempt_mark   INTEGER NOT NULL DEFAULT -1,    -- when the last attempt was made
    http_status    INTEGER,
    reason         TEXT,                           -- what came of it
    created_at     INTEGER NOT NULL,
    finished_at    INTEGER,
    UNIQUE (album_id, series_id)
) STRICT;
ALTER TABLE request ADD COLUMN asked_kheops INTEGER NOT NULL DEFAULT 0;
