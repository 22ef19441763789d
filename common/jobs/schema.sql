-- The job database of Felucca: what has been done with what was received.
--
-- Written by the router only; readable by anyone who may read the file: sqlite3 -readonly jobs.db
-- Begin with the views at the end: status, backlog, failures, studies, timeline.
-- Times are milliseconds since 1970 (UTC) in tables and ISO 8601 text in views.
-- No patient name, id, birth date or token is ever stored here.

-- A destination as the configuration names it, what it has learned about it, and counters for `status`.
CREATE TABLE destination (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    origin        TEXT NOT NULL,               -- scheme://host:port of its STOW URL
    configured    INTEGER NOT NULL DEFAULT 1,  -- 0: the configuration no longer names it; its jobs wait
    state         TEXT NOT NULL DEFAULT 'up' CHECK (state IN ('up', 'backing off', 'blocked')),
    held          INTEGER NOT NULL DEFAULT 0,  -- 1: an operator holds it
    since         INTEGER NOT NULL DEFAULT 0,  -- when the state began
    until         INTEGER NOT NULL DEFAULT 0,  -- when the next probe may go out
    failures      INTEGER NOT NULL DEFAULT 0,  -- failed requests in a row
    stored        INTEGER NOT NULL DEFAULT 0,  -- jobs that ever succeeded here: what "bounded" is measured by
    queued        INTEGER NOT NULL DEFAULT 0,
    deferred      INTEGER NOT NULL DEFAULT 0,  -- of the queued: tried before
    in_flight     INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    last_error    TEXT,
    last_error_at INTEGER,
    token_active  INTEGER,                     -- what introspection last said of its STOW token: 1 good, 0 not,
    token_scope   TEXT,                        -- 2 a person's login token
    token_album   TEXT,
    token_at      INTEGER,
    undecided     INTEGER NOT NULL DEFAULT 0,  -- deliveries whose condition cannot be decided
    address       TEXT NOT NULL DEFAULT '',    -- where its requests go (config/address.h)
    fresh_mark    INTEGER NOT NULL DEFAULT 0,  -- its stored when address or token last changed
    home_album    TEXT,                        -- id of the album that everything goes to; NULL: not known
    home_stored   INTEGER NOT NULL DEFAULT 0,  -- its stored when that was decided: equal, nothing went there yet;
                                               -- -1: an operator decided it
    moved_at      INTEGER NOT NULL DEFAULT 0,  -- when it became another place: what was stored before is elsewhere
    held_by       TEXT,                        -- who holds it, and since when
    held_at       INTEGER,
    token_first_at   INTEGER,                  -- when its STOW token was told of first,
    token_expires_at INTEGER                   -- and when it ends, where the server says so
) STRICT;

-- An album of a destination, what it has learned about it, and counters.
CREATE TABLE album (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    name           TEXT NOT NULL,
    configured     INTEGER NOT NULL DEFAULT 1,
    state          TEXT NOT NULL DEFAULT 'up' CHECK (state IN ('up', 'backing off', 'blocked')),
    held           INTEGER NOT NULL DEFAULT 0,
    since          INTEGER NOT NULL DEFAULT 0,
    until          INTEGER NOT NULL DEFAULT 0,
    failures       INTEGER NOT NULL DEFAULT 0,
    stored         INTEGER NOT NULL DEFAULT 0,
    waiting        INTEGER NOT NULL DEFAULT 0, -- shares whose series has no stored instance yet
    queued         INTEGER NOT NULL DEFAULT 0,
    deferred       INTEGER NOT NULL DEFAULT 0,
    in_flight      INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    last_error     TEXT,
    last_error_at  INTEGER,
    token_active   INTEGER,                    -- what introspection last said of its destination token
    token_scope    TEXT,
    token_album    TEXT,
    token_at       INTEGER,
    source_active  INTEGER,                    -- and of its source token
    source_scope   TEXT,
    source_album   TEXT,
    source_at      INTEGER,
    undecided      INTEGER NOT NULL DEFAULT 0, -- shares whose condition cannot be decided
    address        TEXT NOT NULL DEFAULT '',   -- a digest of the API's URL
    fresh_mark     INTEGER NOT NULL DEFAULT 0, -- its stored when address or tokens last changed
    moved_at       INTEGER NOT NULL DEFAULT 0, -- when it became another album: what was shared before is elsewhere
    held_by        TEXT,
    held_at        INTEGER,
    token_first_at    INTEGER,                 -- of its destination token
    token_expires_at  INTEGER,
    source_first_at   INTEGER,                 -- and of its source token
    source_expires_at INTEGER,
    UNIQUE (destination_id, name)
) STRICT;

-- One received instance (one receipt: a SOP Instance UID that arrives twice is two of them).
CREATE TABLE instance (
    id              INTEGER PRIMARY KEY,
    receipt         TEXT NOT NULL UNIQUE,      -- names its spool file
    state           TEXT NOT NULL CHECK (state IN ('active', 'done', 'quarantined')),
    place           TEXT NOT NULL CHECK (place IN ('queue', 'quarantine', 'kept', 'dropped', 'gone')),
    study           TEXT,
    series          TEXT,
    sop_instance    TEXT,
    sop_class       TEXT,
    transfer_syntax TEXT,
    calling_aet     TEXT,
    called_aet      TEXT,
    source_address  TEXT,
    urgent          INTEGER NOT NULL DEFAULT 0, -- C-STORE priority HIGH
    size            INTEGER NOT NULL,           -- bytes of the spool file
    received_at     INTEGER NOT NULL,
    decided_at      INTEGER NOT NULL,
    done_at         INTEGER,
    keep_until      INTEGER,                    -- when done: how long the spool file stays
    open_jobs       INTEGER NOT NULL DEFAULT 0, -- deliveries and witnessed shares that are not final
    reason          TEXT                        -- why it is in quarantine
) STRICT;
CREATE INDEX instance_sop ON instance (sop_instance, state);
CREATE INDEX instance_study ON instance (study, series);
CREATE INDEX instance_apart ON instance (series) WHERE done_at = decided_at; -- no destination took it
CREATE INDEX instance_active ON instance (id) WHERE state = 'active';
CREATE INDEX instance_quarantined ON instance (id) WHERE state = 'quarantined';
CREATE INDEX instance_finished ON instance (id) WHERE state = 'done' AND place = 'queue';
CREATE INDEX instance_cleanable ON instance (keep_until) WHERE state = 'done' AND place IN ('kept', 'dropped');
CREATE INDEX instance_history ON instance (done_at) WHERE state = 'done' AND place = 'gone';

-- Keyed hashes of a study's Accession Numbers, Patient IDs and Study IDs (docs/security.md), never the numbers:
-- `felucca show --accession 12345` asks for the hash. A Patient ID with an issuer has a second one, of the two.
CREATE TABLE search_hash (
    hash  TEXT NOT NULL,
    study TEXT NOT NULL,
    PRIMARY KEY (hash, study)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_hash_study ON search_hash (study);

-- A lane: one study on its way to one destination. Dispatch picks a lane, then a batch from it.
CREATE TABLE lane (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    study          TEXT NOT NULL,
    queued         INTEGER NOT NULL DEFAULT 0,
    urgent         INTEGER NOT NULL DEFAULT 0, -- of the queued: with priority HIGH
    next_due       INTEGER NOT NULL DEFAULT 0, -- of the queued
    last_served    INTEGER NOT NULL DEFAULT 0, -- counts up with each batch: the smallest goes first
    ready          INTEGER NOT NULL DEFAULT 0, -- 1: something is due and nothing forbids it
    closed         INTEGER NOT NULL DEFAULT 0, -- 1: waits for another request of the study to end
    vacant         INTEGER NOT NULL DEFAULT 0, -- 0: nothing of it went there yet; 1: something did; 2: and the study
                                               -- was not there before
    UNIQUE (destination_id, study)
) STRICT;
CREATE INDEX lane_ready ON lane (destination_id, (urgent > 0) DESC, last_served) WHERE ready = 1;
CREATE INDEX lane_sleeping ON lane (next_due) WHERE ready = 0 AND closed = 0 AND queued > 0;
CREATE INDEX lane_study ON lane (study);
CREATE INDEX lane_urgent ON lane (destination_id) WHERE urgent > 0;

-- A series of a lane. Until the destination knows it, it is in one request at a time.
CREATE TABLE series (
    id       INTEGER PRIMARY KEY,
    lane_id  INTEGER NOT NULL REFERENCES lane (id),
    series   TEXT NOT NULL,
    stored   INTEGER NOT NULL DEFAULT 0, -- 1: an instance of it was stored: its shares may go
    known    INTEGER NOT NULL DEFAULT 0, -- 1: and the destination has not denied that since
    queued   INTEGER NOT NULL DEFAULT 0,
    next_due INTEGER NOT NULL DEFAULT 0,
    flights  INTEGER NOT NULL DEFAULT 0, -- requests in flight that have deliveries of it
    stored_at INTEGER NOT NULL DEFAULT 0, -- when the first instance of it was stored; 0: none was
    UNIQUE (lane_id, series)
) STRICT;
CREATE INDEX series_uid ON series (series);
CREATE INDEX series_known ON series (lane_id) WHERE known = 1;
CREATE INDEX series_in_flight ON series (id) WHERE flights > 0;
CREATE INDEX series_queued ON series (lane_id, known, next_due) WHERE queued > 0 AND (known = 1 OR flights = 0);

-- One instance to one destination.
CREATE TABLE delivery (
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
    ends           INTEGER NOT NULL DEFAULT 0,     -- requests in a row whose end told nothing
    absent         INTEGER NOT NULL DEFAULT 0,     -- 1: its UID was not there before anything of it went there;
                                                   -- -1: not known, and something did before tries began anew
    collided_at    INTEGER NOT NULL DEFAULT 0,     -- when it first seemed to meet another request there (blame.h)
    UNIQUE (instance_id, destination_id)
) STRICT;
CREATE INDEX delivery_queued ON delivery (series_id, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_waiting ON delivery (destination_id, id) WHERE state = 'queued';
CREATE INDEX delivery_sending ON delivery (work) WHERE state = 'sending';
CREATE INDEX delivery_sent ON delivery (destination_id, id) WHERE state = 'sent'; -- the newest, behind any backlog
CREATE INDEX delivery_apart ON delivery (destination_id, id) WHERE state IN ('excluded', 'dropped');
CREATE INDEX delivery_undecided ON delivery (destination_id, id) WHERE state = 'undecided';
CREATE INDEX delivery_absent ON delivery (destination_id) WHERE absent = 1;
CREATE INDEX delivery_failed ON delivery (destination_id, finished_at) WHERE state = 'failed';
-- All that has one cause, without a look at the rows.
CREATE INDEX delivery_failed_reason ON delivery (destination_id, http_status, reason, series_id, finished_at, state)
    WHERE state = 'failed';

-- One series into one album, because an instance of it (the witness) met the album's condition.
CREATE TABLE share (
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
CREATE INDEX share_series ON share (series_id);
CREATE INDEX share_study ON share (study);
CREATE INDEX share_witness ON share (witness_id);
CREATE INDEX share_queued ON share (album_id, due_at, id) WHERE state = 'queued';
CREATE INDEX share_probe ON share (album_id, tries, id DESC) WHERE state = 'queued';
CREATE INDEX share_open ON share (album_id, id) WHERE state IN ('waiting', 'queued');
CREATE INDEX share_apart ON share (album_id, state, id) WHERE state IN ('undecided', 'dropped');
CREATE INDEX share_sharing ON share (work) WHERE state = 'sharing';
CREATE INDEX share_failed ON share (album_id, finished_at) WHERE state = 'failed';

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
CREATE INDEX fetch_queued ON fetch (destination_id, due_at, id) WHERE state = 'queued';
CREATE INDEX fetch_fetching ON fetch (work) WHERE state = 'fetching';
CREATE INDEX fetch_failed ON fetch (destination_id, finished_at) WHERE state = 'failed';
CREATE INDEX fetch_study ON fetch (study);

-- A series about which KHEOPS is asked, since nothing here knows its headers any more (reshare --from-kheops): one row an
-- album and series. What KHEOPS answers is never written down, only what came of it.
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
CREATE INDEX inquiry_queued ON inquiry (album_id, due_at, id) WHERE state = 'queued';
CREATE INDEX inquiry_asking ON inquiry (work) WHERE state = 'asking';
CREATE INDEX inquiry_answered ON inquiry (album_id, finished_at) WHERE state = 'answered';
CREATE INDEX inquiry_failed ON inquiry (album_id, finished_at) WHERE state = 'failed';
CREATE INDEX inquiry_study ON inquiry (study);
CREATE INDEX inquiry_request ON inquiry (request_id);

-- What happened, in order, beside what the rows above already tell: trouble, refusals, changes of a
-- destination, and what operators did.
CREATE TABLE event (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    instance_id    INTEGER REFERENCES instance (id) ON DELETE CASCADE,
    delivery_id    INTEGER REFERENCES delivery (id) ON DELETE CASCADE,
    share_id       INTEGER REFERENCES share (id) ON DELETE CASCADE,
    destination_id INTEGER,
    album_id       INTEGER,
    http_status    INTEGER,
    detail         TEXT
) STRICT;
CREATE INDEX event_instance ON event (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX event_delivery ON event (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX event_share ON event (share_id) WHERE share_id IS NOT NULL;
CREATE INDEX event_at ON event (at);

-- What operators asked for, and how far it has come: a change of many jobs is made in portions, and goes on after a
-- restart. SELECT user, verb, changed, sentence FROM request ORDER BY id DESC LIMIT 10;
CREATE TABLE request (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,        -- random, of whoever asks: what is asked twice is done once
    verb             TEXT NOT NULL,
    user             TEXT NOT NULL,
    asked            TEXT NOT NULL,               -- the whole of it, as JSON
    asked_at         INTEGER NOT NULL,
    finished_at      INTEGER,
    changed          INTEGER NOT NULL DEFAULT 0,
    skipped          INTEGER NOT NULL DEFAULT 0,
    sentence         TEXT,                        -- what was answered
    walk_album       INTEGER NOT NULL DEFAULT 0,  -- where it stands among the jobs
    walk_destination INTEGER NOT NULL DEFAULT 0,
    walk_phase       INTEGER NOT NULL DEFAULT 0,
    walk_time        INTEGER NOT NULL DEFAULT 0,
    walk_id          INTEGER NOT NULL DEFAULT 0,
    already          INTEGER NOT NULL DEFAULT 0,  -- reshare: series that the album has asked for before,
    unmatched        INTEGER NOT NULL DEFAULT 0,  -- series that do not meet its condition,
    asked_kheops     INTEGER NOT NULL DEFAULT 0   -- and series about which KHEOPS is asked
) STRICT;
CREATE INDEX request_open ON request (id) WHERE finished_at IS NULL;
CREATE INDEX request_finished ON request (finished_at) WHERE finished_at IS NOT NULL;

-- What was done in each five minutes, so that rates need no scan: album_id 0 counts deliveries.
CREATE TABLE tally (
    destination_id INTEGER NOT NULL,
    album_id       INTEGER NOT NULL,
    started_at     INTEGER NOT NULL, -- of the five minutes
    done           INTEGER NOT NULL DEFAULT 0,
    bytes          INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    yes            INTEGER NOT NULL DEFAULT 0, -- instances that its condition was true for,
    no             INTEGER NOT NULL DEFAULT 0, -- and false for
    PRIMARY KEY (destination_id, album_id, started_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_age ON tally (started_at);

-- What the condition of a destination (album_id 0; with its sop_classes) or album has said of what was received, since
-- it is as it is. A target without one has no row.
CREATE TABLE matching (
    destination_id   INTEGER NOT NULL,
    album_id         INTEGER NOT NULL,
    condition        TEXT NOT NULL,              -- a digest of it
    since            INTEGER NOT NULL,           -- when it came into force
    yes              INTEGER NOT NULL DEFAULT 0, -- instances
    no               INTEGER NOT NULL DEFAULT 0,
    undecided        INTEGER NOT NULL DEFAULT 0,
    series           INTEGER NOT NULL DEFAULT 0, -- that it was asked about; after a restart some count twice
    matched_at       INTEGER,                    -- the last yes
    unmatched_since  INTEGER,                    -- the first series after that; NULL: there was none
    unmatched_series INTEGER NOT NULL DEFAULT 0, -- series after that
    PRIMARY KEY (destination_id, album_id)
) STRICT, WITHOUT ROWID;

-- The same of each day, which is the gateway's own (its time zone); kept as long as the history.
CREATE TABLE matching_day (
    destination_id INTEGER NOT NULL,
    album_id       INTEGER NOT NULL,
    day            TEXT NOT NULL,              -- 2026-01-31
    yes            INTEGER NOT NULL DEFAULT 0, -- instances
    no             INTEGER NOT NULL DEFAULT 0,
    undecided      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination_id, album_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX matching_day_age ON matching_day (day);

-- The clock by which the times of this database were written; at most one row. The router writes it once an hour.
CREATE TABLE clock (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    wall_at    INTEGER NOT NULL, -- the wall clock
    trusted_at INTEGER NOT NULL, -- the time by which things expire: behind a wall clock that leapt forward
    doubt_ms   INTEGER NOT NULL  -- for how long it still falls behind; 0: it does not
) STRICT;

-- What people are told of (`notify` in felucca.yaml): one row for each cause and time.
-- SELECT * FROM notice WHERE ended_at IS NULL;
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
CREATE INDEX notice_open ON notice (id) WHERE ended_at IS NULL;
CREATE INDEX notice_ended ON notice (ended_at) WHERE ended_at IS NOT NULL;

-- What each target of `notify` is to be told, in this order.
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
CREATE INDEX message_notice ON message (notice_id);
CREATE INDEX message_queued ON message (target, id) WHERE state = 'queued';
CREATE INDEX message_sending ON message (work) WHERE state = 'sending';

-- What was learned of each target of `notify`.
CREATE TABLE recipient (
    name          TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL DEFAULT 0, -- in a row
    until         INTEGER NOT NULL DEFAULT 0, -- when the next try may be made
    last_error    TEXT,
    last_error_at INTEGER,
    sent_at       INTEGER                     -- when it last took something
) STRICT, WITHOUT ROWID;

-- What sources asked to be committed (storage commitment, docs/commitment.md), one row a transaction.
--     waiting ──all are decided──▶ queued ──▶ reporting ──acknowledged──▶ reported
--                                    ▲            │ not taken
--                                    └────────────┴──for too long──▶ failed      dropped: by an operator
-- SELECT * FROM commitment WHERE state IN ('waiting', 'queued', 'reporting', 'failed');
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
CREATE INDEX commitment_open ON commitment (state, id) WHERE state IN ('waiting', 'queued', 'reporting', 'failed');
CREATE INDEX commitment_patience ON commitment (patience_until) WHERE state = 'waiting';
CREATE INDEX commitment_queued ON commitment (calling_aet, called_aet, id) WHERE state = 'queued';
CREATE INDEX commitment_reporting ON commitment (work) WHERE state = 'reporting';
CREATE INDEX commitment_transaction ON commitment (transaction_uid);
CREATE INDEX commitment_finished ON commitment (finished_at) WHERE state IN ('reported', 'dropped');

-- The instances of a transaction, and what became of each.
CREATE TABLE referenced (
    id            INTEGER PRIMARY KEY,
    commitment_id INTEGER NOT NULL REFERENCES commitment (id) ON DELETE CASCADE,
    sop_class     TEXT NOT NULL,
    sop_instance  TEXT NOT NULL,
    outcome       INTEGER                      -- NULL: not decided; 0: committed; else the Failure Reason (0008,1197)
) STRICT;
CREATE INDEX referenced_commitment ON referenced (commitment_id, id);
CREATE INDEX referenced_open ON referenced (id) WHERE outcome IS NULL;
CREATE INDEX referenced_instance ON referenced (sop_instance);

-- What was learned of each source that gets reports.
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

-- Titles to which an operator lets no report go.
CREATE TABLE held_source (
    calling_aet TEXT PRIMARY KEY,
    held_by     TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- views ----

-- status: one row a destination and one an album. SELECT * FROM status;
CREATE VIEW status AS
SELECT d.name AS destination, NULL AS album,
       CASE WHEN NOT d.configured THEN 'not configured' WHEN d.held THEN 'held' ELSE d.state END AS state,
       NULL AS waiting, d.queued, d.deferred, d.in_flight, d.failed, d.undecided,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = 0
          AND t.started_at > (unixepoch() - 3600) * 1000) AS done_hour,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = 0
          AND t.started_at > (unixepoch() - 86400) * 1000) AS done_day,
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', i.received_at / 1000, 'unixepoch')
          FROM delivery w JOIN instance i ON i.id = w.instance_id
         WHERE w.destination_id = d.id AND w.state = 'queued' ORDER BY w.id LIMIT 1) AS oldest_waiting,
       d.last_error,
       strftime('%Y-%m-%dT%H:%M:%SZ', d.last_error_at / 1000, 'unixepoch') AS last_error_at,
       CASE WHEN d.held THEN d.held_by END AS held_by,
       strftime('%Y-%m-%dT%H:%M:%SZ', CASE WHEN d.held THEN d.held_at WHEN d.since > 0 THEN d.since END / 1000,
                'unixepoch') AS since
  FROM destination d
 WHERE d.configured OR d.queued + d.in_flight + d.failed + d.undecided > 0
    OR EXISTS (SELECT 1 FROM album a WHERE a.destination_id = d.id
                  AND a.waiting + a.queued + a.in_flight + a.failed + a.undecided > 0)
UNION ALL
SELECT d.name, a.name,
       CASE WHEN NOT a.configured THEN 'not configured' WHEN a.held OR d.held THEN 'held' ELSE a.state END,
       a.waiting, a.queued, a.deferred, a.in_flight, a.failed, a.undecided,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = a.id
          AND t.started_at > (unixepoch() - 3600) * 1000),
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = a.id
          AND t.started_at > (unixepoch() - 86400) * 1000),
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', s.created_at / 1000, 'unixepoch')
          FROM share s WHERE s.album_id = a.id AND s.state = 'queued' ORDER BY s.due_at LIMIT 1),
       a.last_error,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.last_error_at / 1000, 'unixepoch'),
       CASE WHEN a.held THEN a.held_by WHEN d.held THEN d.held_by END,
       strftime('%Y-%m-%dT%H:%M:%SZ', CASE WHEN a.held THEN a.held_at WHEN d.held THEN d.held_at
                WHEN a.since > 0 THEN a.since END / 1000, 'unixepoch')
  FROM album a JOIN destination d ON d.id = a.destination_id
 WHERE a.configured OR a.waiting + a.queued + a.in_flight + a.failed + a.undecided > 0
ORDER BY 1, 2;

-- conditions: what each condition has said of what was received. SELECT * FROM conditions WHERE yes = 0;
CREATE VIEW conditions AS
SELECT d.name AS destination, a.name AS album,
       strftime('%Y-%m-%dT%H:%M:%SZ', m.since / 1000, 'unixepoch') AS since, m.yes, m.no, m.undecided, m.series,
       (SELECT coalesce(sum(t.yes), 0) FROM tally t WHERE t.destination_id = m.destination_id
          AND t.album_id = m.album_id AND t.started_at > (unixepoch() - 3600) * 1000) AS yes_hour,
       (SELECT coalesce(sum(t.no), 0) FROM tally t WHERE t.destination_id = m.destination_id
          AND t.album_id = m.album_id AND t.started_at > (unixepoch() - 3600) * 1000) AS no_hour,
       (SELECT coalesce(sum(t.yes), 0) FROM tally t WHERE t.destination_id = m.destination_id
          AND t.album_id = m.album_id AND t.started_at > (unixepoch() - 86400) * 1000) AS yes_day,
       (SELECT coalesce(sum(t.no), 0) FROM tally t WHERE t.destination_id = m.destination_id
          AND t.album_id = m.album_id AND t.started_at > (unixepoch() - 86400) * 1000) AS no_day,
       strftime('%Y-%m-%dT%H:%M:%SZ', m.matched_at / 1000, 'unixepoch') AS matched_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', m.unmatched_since / 1000, 'unixepoch') AS unmatched_since, m.unmatched_series
  FROM matching m JOIN destination d ON d.id = m.destination_id LEFT JOIN album a ON a.id = m.album_id
 ORDER BY 1, 2;

-- backlog: what waits, about in the order in which it will go, and why it waits. SELECT * FROM backlog LIMIT 20;
CREATE VIEW backlog AS
SELECT 'delivery' AS job, w.id, d.name AS destination, NULL AS album, i.study, i.series, i.sop_instance,
       CASE WHEN NOT d.configured THEN 'the configuration does not name the destination'
            WHEN d.held THEN 'an operator holds the destination'
            WHEN d.state <> 'up' THEN 'the destination is ' || d.state || ': ' || coalesce(d.last_error, '')
            WHEN w.due_at > unixepoch() * 1000 THEN 'tried before: ' || coalesce(w.reason, '')
            WHEN l.closed THEN 'a request of its study is under way'
            WHEN e.known = 0 AND e.flights > 0 THEN 'a first request of its series is under way'
            ELSE 'its turn has not come' END AS because,
       strftime('%Y-%m-%dT%H:%M:%SZ', w.due_at / 1000, 'unixepoch') AS due
  FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN destination d ON d.id = w.destination_id
  JOIN series e ON e.id = w.series_id JOIN lane l ON l.id = e.lane_id
 WHERE w.state = 'queued'
UNION ALL
SELECT 'share', s.id, d.name, a.name, s.study, s.series, NULL,
       CASE WHEN s.state = 'waiting' THEN 'no instance of the series is stored yet'
            WHEN NOT a.configured THEN 'the configuration does not name the album'
            WHEN d.held THEN 'an operator holds the destination'
            WHEN a.held THEN 'an operator holds the album'
            WHEN a.state <> 'up' THEN 'the album is ' || a.state || ': ' || coalesce(a.last_error, '')
            WHEN s.due_at > unixepoch() * 1000 THEN 'tried before: ' || coalesce(s.reason, '')
            ELSE 'its turn has not come' END,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.due_at / 1000, 'unixepoch')
  FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id
 WHERE s.state IN ('waiting', 'queued')
UNION ALL
SELECT 'fetch', f.id, d.name, NULL, f.study, NULL, NULL,
       CASE WHEN NOT d.configured THEN 'the configuration does not name the destination'
            WHEN d.held THEN 'an operator holds the destination'
            WHEN d.state <> 'up' THEN 'the destination is ' || d.state || ': ' || coalesce(d.last_error, '')
            WHEN f.tries > 0 THEN 'tried before: ' || coalesce(f.reason, '')
            WHEN f.due_at > unixepoch() * 1000 THEN 'something of the study was stored a moment ago'
            ELSE 'its turn has not come: deliveries go first' END,
       strftime('%Y-%m-%dT%H:%M:%SZ', f.due_at / 1000, 'unixepoch')
  FROM fetch f JOIN destination d ON d.id = f.destination_id
 WHERE f.state = 'queued'
UNION ALL
SELECT 'inquiry', q.id, d.name, a.name, q.study, q.series, NULL,
       CASE WHEN NOT a.configured THEN 'the configuration does not name the album'
            WHEN d.held THEN 'an operator holds the destination'
            WHEN a.held THEN 'an operator holds the album'
            WHEN q.reason IS NOT NULL THEN 'tried before: ' || q.reason
            ELSE 'its turn has not come: shares go first' END,
       strftime('%Y-%m-%dT%H:%M:%SZ', q.due_at / 1000, 'unixepoch')
  FROM inquiry q JOIN destination d ON d.id = q.destination_id JOIN album a ON a.id = q.album_id
 WHERE q.state = 'queued';

-- failures: what somebody must look at. SELECT * FROM failures;
CREATE VIEW failures AS
SELECT 'delivery' AS job, w.id, d.name AS destination, NULL AS album, i.study, i.series, i.sop_instance,
       w.http_status, w.reason, strftime('%Y-%m-%dT%H:%M:%SZ', w.finished_at / 1000, 'unixepoch') AS at
  FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN destination d ON d.id = w.destination_id
 WHERE w.state = 'failed'
UNION ALL
SELECT 'share', s.id, d.name, a.name, s.study, s.series, NULL, s.http_status, s.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.finished_at / 1000, 'unixepoch')
  FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id
 WHERE s.state = 'failed'
UNION ALL
SELECT 'fetch', f.id, d.name, NULL, f.study, NULL, NULL, f.http_status, f.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', f.finished_at / 1000, 'unixepoch')
  FROM fetch f JOIN destination d ON d.id = f.destination_id
 WHERE f.state = 'failed'
UNION ALL
SELECT 'inquiry', q.id, d.name, a.name, q.study, q.series, NULL, q.http_status, q.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', q.finished_at / 1000, 'unixepoch')
  FROM inquiry q JOIN destination d ON d.id = q.destination_id JOIN album a ON a.id = q.album_id
 WHERE q.state = 'failed'
UNION ALL
SELECT 'quarantine', i.id, NULL, NULL, i.study, i.series, i.sop_instance, NULL, i.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', i.decided_at / 1000, 'unixepoch')
  FROM instance i WHERE i.state = 'quarantined';

-- studies: one row a study; an instance that was received twice counts once, `received` says how many came. SELECT * FROM studies WHERE study = '1.2.3';
CREATE VIEW studies AS
SELECT i.study, count(DISTINCT i.series) AS series,
       count(DISTINCT coalesce(i.sop_instance, i.receipt)) AS instances,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state = 'sent') AS delivered,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state IN ('queued', 'sending')) AS waiting,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state = 'failed') AS failed,
       (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT a.name FROM share s JOIN album a ON a.id = s.album_id
         WHERE s.study = i.study AND s.state = 'shared' ORDER BY a.name)) AS shared_to,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(i.received_at) / 1000, 'unixepoch') AS first_received,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(i.received_at) / 1000, 'unixepoch') AS last_received,
       count(*) AS received
  FROM instance i WHERE i.study IS NOT NULL GROUP BY i.study;

-- timeline: what happened, readable. SELECT * FROM timeline WHERE study = '1.2.3' ORDER BY at;
CREATE VIEW timeline AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', i.received_at / 1000.0, 'unixepoch') AS at, i.study, i.series,
       i.sop_instance, i.receipt, 'received' AS what, NULL AS destination, NULL AS album,
       'from ' || coalesce(i.calling_aet, '?') || ', ' || i.size || ' bytes' AS detail
  FROM instance i
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', w.finished_at / 1000.0, 'unixepoch'), i.study, i.series, i.sop_instance,
       i.receipt, w.state, d.name, NULL, w.reason
  FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN destination d ON d.id = w.destination_id
 WHERE w.finished_at IS NOT NULL
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', s.finished_at / 1000.0, 'unixepoch'), s.study, s.series, NULL, NULL, s.state,
       d.name, a.name, s.reason
  FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id
 WHERE s.finished_at IS NOT NULL
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', f.finished_at / 1000.0, 'unixepoch'), f.study, NULL, NULL, NULL, f.state,
       d.name, NULL, f.reason
  FROM fetch f JOIN destination d ON d.id = f.destination_id
 WHERE f.finished_at IS NOT NULL
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', q.finished_at / 1000.0, 'unixepoch'), q.study, q.series, NULL, NULL, q.state,
       d.name, a.name, q.reason
  FROM inquiry q JOIN destination d ON d.id = q.destination_id JOIN album a ON a.id = q.album_id
 WHERE q.finished_at IS NOT NULL
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch'), i.study, i.series, i.sop_instance, i.receipt,
       e.kind, d.name, a.name, e.detail
  FROM instance i JOIN event e ON e.instance_id = i.id
  LEFT JOIN destination d ON d.id = e.destination_id LEFT JOIN album a ON a.id = e.album_id
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch'), s.study, s.series, NULL, NULL, e.kind, d.name,
       a.name, e.detail
  FROM share s JOIN event e ON e.share_id = s.id
  LEFT JOIN destination d ON d.id = e.destination_id LEFT JOIN album a ON a.id = e.album_id
 WHERE e.instance_id IS NULL
UNION ALL
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch'), NULL, NULL, NULL, NULL, e.kind, d.name, a.name,
       e.detail
  FROM event e LEFT JOIN destination d ON d.id = e.destination_id LEFT JOIN album a ON a.id = e.album_id
 WHERE e.instance_id IS NULL AND e.share_id IS NULL;
