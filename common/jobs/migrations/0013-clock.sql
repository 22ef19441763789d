-- The clock by which times were written, so that a leap is noticed although the router did not run.
CREATE TABLE clock (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    wall_at    INTEGER NOT NULL,
    trusted_at INTEGER NOT NULL,
    doubt_ms   INTEGER NOT NULL
) STRICT;
