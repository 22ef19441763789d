-- What people are told of, and what each target of `notify` took.
CREATE TABLE notice (
    id          INTEGER PRIMARY KEY,
    cause       TEXT NOT NULL,              -- a word of `notify: when`
    destination TEXT,                       -- its name; NULL: about none
    album       TEXT,
    began_at    INTEGER NOT NULL,
    ended_at    INTEGER,
    count       INTEGER NOT NULL,           -- how many there are
    told        INTEGER NOT NULL,           -- of them, how many a message told of
    told_at     INTEGER NOT NULL
) STRICT;
CREATE TABLE message (
    id          INTEGER PRIMARY KEY,
    notice_id   INTEGER NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    target      TEXT NOT NULL,              -- its name in the configuration
    state       TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent')),
    what        TEXT NOT NULL CHECK (what IN ('begins', 'more', 'over')),
    count       INTEGER NOT NULL,
    more        INTEGER NOT NULL,           -- how many came since the message before
    made_at     INTEGER NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    work        TEXT,                       -- the last one that it was in
    finished_at INTEGER
) STRICT;
CREATE TABLE recipient (
    name          TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL DEFAULT 0, -- in a row
    until         INTEGER NOT NULL DEFAULT 0, -- when the next try may be made
    last_error    TEXT,
    last_error_at INTEGER,
    sent_at       INTEGER                     -- when it last took something
) STRICT, WITHOUT ROWID;
