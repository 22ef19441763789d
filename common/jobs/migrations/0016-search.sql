-- Keyed hashes of numbers that people look for; what was received before has none.
CREATE TABLE search_hash (
    hash  TEXT NOT NULL,
    study TEXT NOT NULL,
    PRIMARY KEY (hash, study)
) STRICT, WITHOUT ROWID;
