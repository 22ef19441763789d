-- Who asked for storage commitment, for what, and what was reported.
CREATE TABLE commitment (
    id             INTEGER PRIMARY KEY,
    receipt        TEXT NOT NULL UNIQUE,       -- names its file in spool/commitments/
    transaction_uid TEXT NOT NULL,
    calling_aet    TEXT NOT NULL,              -- who asked, and gets the report
    called_aet     TEXT NOT NULL,              -- the node that was asked
    source_address TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'reporting', 'reported', 'failed', 'dropped')),
    asked_at       INTEGER NOT NULL,
    patience_until INTEGER NOT NULL,           -- what is not decided by then is denied
    instances      INTEGER NOT NULL,
    open           INTEGER NOT NULL,           -- of them, not decided
    denied         INTEGER NOT NULL DEFAULT 0, -- of them, decided and not committed
    decided_at     INTEGER,                    -- when all were; a retry sets it anew
    work           TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,
    reason         TEXT,                       -- why the last report was not taken
    finished_at    INTEGER
) STRICT;
CREATE TABLE referenced (
    id            INTEGER PRIMARY KEY,
    commitment_id INTEGER NOT NULL REFERENCES commitment (id) ON DELETE CASCADE,
    sop_class     TEXT NOT NULL,
    sop_instance  TEXT NOT NULL,
    outcome       INTEGER                      -- NULL: not decided; 0: committed; else the Failure Reason (0008,1197)
) STRICT;
CREATE TABLE requester (
    calling_aet   TEXT NOT NULL,
    called_aet    TEXT NOT NULL,
    failures      INTEGER NOT NULL DEFAULT 0,  -- in a row
    until         INTEGER NOT NULL DEFAULT 0,  -- when the next try may be made
    last_error    TEXT,
    last_error_at INTEGER,
    reported_at   INTEGER,                     -- when it last took a report
    PRIMARY KEY (calling_aet, called_aet)
) STRICT, WITHOUT ROWID;
