-- What conditions have said each day; what the sums of five minutes know of it is taken over.
CREATE TABLE matching_day (
    destination_id INTEGER NOT NULL,
    album_id       INTEGER NOT NULL,
    day            TEXT NOT NULL,
    yes            INTEGER NOT NULL DEFAULT 0,
    no             INTEGER NOT NULL DEFAULT 0,
    undecided      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination_id, album_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX matching_day_age ON matching_day (day);
INSERT INTO matching_day (destination_id, album_id, day, yes, no)
SELECT destination_id, album_id, date(started_at / 1000, 'unixepoch', 'localtime'), sum(yes), sum(no) FROM tally
 WHERE yes + no > 0 GROUP BY 1, 2, 3;
