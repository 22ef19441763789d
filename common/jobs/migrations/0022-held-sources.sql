-- To which sources an operator lets no report on storage commitment go.
CREATE TABLE held_source (
    calling_aet TEXT PRIMARY KEY,
    held_by     TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
