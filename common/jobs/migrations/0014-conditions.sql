-- What conditions say of what is received.
ALTER TABLE tally ADD COLUMN yes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN no INTEGER NOT NULL DEFAULT 0;
CREATE TABLE matching (
    destination_id   INTEGER NOT NULL,
    album_id         INTEGER NOT NULL,
    condition        TEXT NOT NULL,
    since            INTEGER NOT NULL,
    yes              INTEGER NOT NULL DEFAULT 0,
    no               INTEGER NOT NULL DEFAULT 0,
    undecided        INTEGER NOT NULL DEFAULT 0,
    series           INTEGER NOT NULL DEFAULT 0,
    matched_at       INTEGER,
    unmatched_since  INTEGER,
    unmatched_series INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination_id, album_id)
) STRICT, WITHOUT ROWID;
