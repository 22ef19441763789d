-- A job database of schema version 1, as a router of that version left it when it was killed: rows in every table,
-- jobs in every state. Synthetic. Never changed: tests bring it to the present version. Its main destination and
-- albums are those of the tests' rig.
BEGIN TRANSACTION;
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
    token_active  INTEGER,                     -- what introspection last said of its STOW token
    token_scope   TEXT,
    token_album   TEXT,
    token_at      INTEGER
) STRICT;
INSERT INTO destination VALUES(1,'main','http://127.0.0.1:9',1,'backing off',0,1767225701000,1767225760000,1,5,6,3,2,1,'the server answers 500',1767225701000,NULL,NULL,NULL,NULL);
INSERT INTO destination VALUES(2,'other','http://127.0.0.1:10',1,'up',0,0,0,0,0,1,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO destination VALUES(3,'past','http://127.0.0.1:11',1,'up',0,0,0,0,0,1,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL);
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
    UNIQUE (destination_id, name)
) STRICT;
INSERT INTO album VALUES(1,1,'ct',1,'up',0,0,0,0,0,4,0,0,1,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO album VALUES(2,1,'mr',1,'blocked',1,1767225701000,1767225760000,2,0,1,0,0,0,1,'the server answers 403',1767225701000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO album VALUES(3,1,'all',1,'up',0,0,0,0,0,1,1,1,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO album VALUES(4,2,'former',1,'up',0,0,0,0,0,0,1,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO instance VALUES(1,'019b76daabe8000000000000fe10cca1','done','gone','2.25.101','2.25.101.1','2.25.101.1.1','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1001,1767225601000,1767225601500,1767225711000,1767225600000,0,NULL);
INSERT INTO instance VALUES(2,'019b76daafd0000000000000fe10cca2','active','queue','2.25.101','2.25.101.1','2.25.101.1.2','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1002,1767225602000,1767225602500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(3,'019b76dab3b8000000000000fe10cca3','active','queue','2.25.101','2.25.101.2','2.25.101.2.3','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1003,1767225603000,1767225603500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(4,'019b76dab7a0000000000000fe10cca4','active','queue','2.25.102','2.25.102.1','2.25.102.1.4','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1004,1767225604000,1767225604500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(5,'019b76dabb88000000000000fe10cca5','done','gone','2.25.102','2.25.102.2','2.25.102.2.5','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1005,1767225605000,1767225605500,1767225701000,1767225701000,0,NULL);
INSERT INTO instance VALUES(6,'019b76dabf70000000000000fe10cca6','active','queue','2.25.103','2.25.103.1','2.25.103.1.6','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',1,1006,1767225606000,1767225606500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(7,'019b76dac358000000000000fe10cca7','done','gone','2.25.103','2.25.103.1','2.25.103.1.7','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1007,1767225607000,1767225607500,1767225711000,1767225600000,0,NULL);
INSERT INTO instance VALUES(8,'019b76dac740000000000000fe10cca8','active','queue','2.25.104','2.25.104.1','2.25.104.1.8','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1008,1767225608000,1767225608500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(9,'019b76dacb28000000000000fe10cca9','active','queue','2.25.104','2.25.104.1','2.25.104.1.9','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1009,1767225609000,1767225609500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(10,'019b76dacf10000000000000fe10ccaa','active','queue','2.25.104','2.25.104.1','2.25.104.1.10','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1010,1767225610000,1767225610500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(11,'019b76dad2f8000000000000fe10ccab','active','queue','2.25.105','2.25.105.1','2.25.105.1.11','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1011,1767225611000,1767225611500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(12,'019b76dad6e0000000000000fe10ccac','active','queue','2.25.105','2.25.105.2','2.25.105.2.12','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',1,1012,1767225612000,1767225612500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(13,'019b76dadac8000000000000fe10ccad','active','queue','2.25.105','2.25.105.2','2.25.105.2.13','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1013,1767225613000,1767225613500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(14,'019b76dadeb0000000000000fe10ccae','active','queue','2.25.106','2.25.106.1','2.25.106.1.14','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1014,1767225614000,1767225614500,NULL,NULL,2,NULL);
INSERT INTO instance VALUES(15,'019b76dae298000000000000fe10ccaf','active','queue','2.25.106','2.25.106.1','2.25.106.1.15','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',1,1015,1767225615000,1767225615500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(16,'019b76dae680000000000000fe10ccb0','done','kept','2.25.107','2.25.107.1','2.25.107.1.16','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','FIRST','192.0.2.7',0,1016,1767225616000,1767225616500,1767225616500,1767830400000,0,NULL);
INSERT INTO instance VALUES(17,'019b76daea68000000000000fe10ccb1','active','queue','2.25.108','2.25.108.1','2.25.108.1.17','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','SECOND','192.0.2.7',0,1017,1767225617000,1767225617500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(18,'019b76daee50000000000000fe10ccb2','done','gone','2.25.108','2.25.108.1','2.25.108.1.18','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','SECOND','192.0.2.7',0,1018,1767225618000,1767225618500,1767225701000,1767225701000,0,NULL);
INSERT INTO instance VALUES(19,'019b76daf238000000000000fe10ccb3','active','queue','2.25.109','2.25.109.1','2.25.109.1.19','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','SECOND','192.0.2.7',0,1019,1767225619000,1767225619500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(20,'019b76daf620000000000000fe10ccb4','active','queue','2.25.109','2.25.109.2','2.25.109.2.20','1.2.840.10008.5.1.4.1.1.2','1.2.840.10008.1.2.1','CT01','SECOND','192.0.2.7',0,1020,1767225620000,1767225620500,NULL,NULL,1,NULL);
INSERT INTO instance VALUES(21,'019b76dafff000000000000fe10ccaff','quarantined','quarantine',NULL,NULL,NULL,NULL,NULL,'CT01','NOBODY',NULL,0,900,1767225600000,1767225600000,NULL,NULL,0,'no node of the configuration is called NOBODY');
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
    UNIQUE (destination_id, study)
) STRICT;
INSERT INTO lane VALUES(1,1,'2.25.101',0,0,9223372036854775807,1767225701481000,0,0);
INSERT INTO lane VALUES(2,1,'2.25.102',0,0,9223372036854775807,1767225701482001,0,0);
INSERT INTO lane VALUES(3,1,'2.25.103',0,0,9223372036854775807,1767225701482002,0,0);
INSERT INTO lane VALUES(4,1,'2.25.104',1,0,1767225610500,1767225701483000,0,1);
INSERT INTO lane VALUES(5,1,'2.25.105',3,1,1767225760000,1767225701483001,0,0);
INSERT INTO lane VALUES(6,1,'2.25.106',2,1,1767225614500,0,1,0);
INSERT INTO lane VALUES(7,2,'2.25.108',0,0,9223372036854775807,1767225701485000,0,0);
INSERT INTO lane VALUES(8,3,'2.25.109',1,0,1767225619500,0,1,0);
INSERT INTO lane VALUES(9,2,'2.25.109',1,0,1767225620500,0,1,0);
CREATE TABLE series (
    id       INTEGER PRIMARY KEY,
    lane_id  INTEGER NOT NULL REFERENCES lane (id),
    series   TEXT NOT NULL,
    stored   INTEGER NOT NULL DEFAULT 0, -- 1: an instance of it was stored: its shares may go
    known    INTEGER NOT NULL DEFAULT 0, -- 1: and the destination has not denied that since
    queued   INTEGER NOT NULL DEFAULT 0,
    next_due INTEGER NOT NULL DEFAULT 0,
    UNIQUE (lane_id, series)
) STRICT;
INSERT INTO series VALUES(1,1,'2.25.101.1',1,1,0,0);
INSERT INTO series VALUES(2,1,'2.25.101.2',1,1,0,0);
INSERT INTO series VALUES(3,2,'2.25.102.1',0,0,0,0);
INSERT INTO series VALUES(4,2,'2.25.102.2',0,0,0,0);
INSERT INTO series VALUES(5,3,'2.25.103.1',1,1,0,0);
INSERT INTO series VALUES(6,4,'2.25.104.1',0,0,1,1767225610500);
INSERT INTO series VALUES(7,5,'2.25.105.1',0,0,1,1767225760000);
INSERT INTO series VALUES(8,5,'2.25.105.2',0,0,2,1767225760000);
INSERT INTO series VALUES(9,6,'2.25.106.1',0,0,2,1767225614500);
INSERT INTO series VALUES(10,7,'2.25.108.1',1,1,0,0);
INSERT INTO series VALUES(11,8,'2.25.109.1',0,0,1,1767225619500);
INSERT INTO series VALUES(12,9,'2.25.109.2',0,0,1,1767225620500);
CREATE TABLE delivery (
    id             INTEGER PRIMARY KEY,
    instance_id    INTEGER NOT NULL REFERENCES instance (id) ON DELETE CASCADE,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    series_id      INTEGER,                        -- of table series; NULL: excluded
    state          TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'excluded', 'dropped')),
    due_at         INTEGER NOT NULL,               -- queued: not before
    work           TEXT,                           -- sending: the request it is in
    tries          INTEGER NOT NULL DEFAULT 0,     -- requests that it was in
    attempts       INTEGER NOT NULL DEFAULT 0,     -- of them, failures that count
    attempt_mark   INTEGER NOT NULL DEFAULT -1,    -- the destination's stored at its last attempt; -1: none yet
    batch_limit    INTEGER NOT NULL DEFAULT 0,     -- 0, or the largest request that it may be part of
    http_status    INTEGER,                        -- of the last answer
    reason         TEXT,
    finished_at    INTEGER,
    UNIQUE (instance_id, destination_id)
) STRICT;
INSERT INTO delivery VALUES(1,1,1,1,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(2,2,1,1,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(3,3,1,2,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(4,4,1,3,'failed',1767225760000,NULL,1,1,3,0,409,'refused: 0xA900',1767225701000);
INSERT INTO delivery VALUES(5,5,1,4,'dropped',1767225760000,NULL,1,1,3,0,409,'dropped by an operator',1767225701000);
INSERT INTO delivery VALUES(6,6,1,5,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(7,7,1,5,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(8,8,1,6,'sending',1767225608500,'0123456789abcdef-10',1,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(9,9,1,6,'sending',1767225609500,'0123456789abcdef-10',1,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(10,10,1,6,'queued',1767225610500,NULL,0,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(11,11,1,7,'queued',1767225760000,NULL,1,1,3,2,500,'the server answers 500',NULL);
INSERT INTO delivery VALUES(12,12,1,8,'queued',1767225760000,NULL,1,1,3,2,500,'the server answers 500',NULL);
INSERT INTO delivery VALUES(13,13,1,8,'queued',1767225760000,NULL,1,1,3,2,500,'the server answers 500',NULL);
INSERT INTO delivery VALUES(14,14,1,9,'queued',1767225614500,NULL,0,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(15,15,1,9,'queued',1767225615500,NULL,0,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(16,16,1,NULL,'excluded',1767225616500,NULL,0,0,-1,0,NULL,'the destination''s condition is false',1767225616500);
INSERT INTO delivery VALUES(17,17,2,10,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(18,18,2,10,'sent',1767225760000,NULL,1,0,3,0,200,NULL,1767225701000);
INSERT INTO delivery VALUES(19,19,3,11,'queued',1767225619500,NULL,0,0,-1,0,NULL,NULL,NULL);
INSERT INTO delivery VALUES(20,20,2,12,'queued',1767225620500,NULL,0,0,-1,0,NULL,NULL,NULL);
CREATE TABLE share (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destination (id),
    album_id       INTEGER NOT NULL REFERENCES album (id),
    series_id      INTEGER NOT NULL REFERENCES series (id),
    study          TEXT NOT NULL,
    series         TEXT NOT NULL,
    witness_id     INTEGER REFERENCES instance (id) ON DELETE SET NULL,
    state          TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'sharing', 'shared', 'failed', 'dropped')),
    due_at         INTEGER NOT NULL,
    work           TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    attempt_mark   INTEGER NOT NULL DEFAULT -1,
    http_status    INTEGER,
    reason         TEXT,
    created_at     INTEGER NOT NULL,
    finished_at    INTEGER,
    UNIQUE (album_id, series_id)
) STRICT;
INSERT INTO share VALUES(1,1,1,1,'2.25.101','2.25.101.1',1,'shared',1767225770000,NULL,1,1,1,201,NULL,1767225601500,1767225711000);
INSERT INTO share VALUES(2,1,3,1,'2.25.101','2.25.101.1',2,'queued',1767225770000,NULL,1,1,1,503,'the server answers 503',1767225602500,NULL);
INSERT INTO share VALUES(3,1,2,2,'2.25.101','2.25.101.2',3,'failed',1767225770000,NULL,1,1,1,404,'the series is not in the album of the source token',1767225603500,1767225711000);
INSERT INTO share VALUES(4,1,1,3,'2.25.102','2.25.102.1',4,'waiting',1767225604500,NULL,0,0,-1,NULL,NULL,1767225604500,NULL);
INSERT INTO share VALUES(5,1,1,5,'2.25.103','2.25.103.1',6,'sharing',1767225701000,'0123456789abcdef-8',1,0,-1,NULL,NULL,1767225606500,NULL);
INSERT INTO share VALUES(6,1,2,5,'2.25.103','2.25.103.1',7,'dropped',1767225770000,NULL,1,1,1,403,'dropped by an operator',1767225607500,1767225711000);
INSERT INTO share VALUES(7,1,1,6,'2.25.104','2.25.104.1',8,'waiting',1767225608500,NULL,0,0,-1,NULL,NULL,1767225608500,NULL);
INSERT INTO share VALUES(8,1,3,6,'2.25.104','2.25.104.1',9,'waiting',1767225609500,NULL,0,0,-1,NULL,NULL,1767225609500,NULL);
INSERT INTO share VALUES(9,1,1,7,'2.25.105','2.25.105.1',11,'waiting',1767225611500,NULL,0,0,-1,NULL,NULL,1767225611500,NULL);
INSERT INTO share VALUES(10,1,2,8,'2.25.105','2.25.105.2',12,'waiting',1767225612500,NULL,0,0,-1,NULL,NULL,1767225612500,NULL);
INSERT INTO share VALUES(11,1,1,9,'2.25.106','2.25.106.1',14,'waiting',1767225614500,NULL,0,0,-1,NULL,NULL,1767225614500,NULL);
INSERT INTO share VALUES(12,2,4,10,'2.25.108','2.25.108.1',17,'queued',1767225701000,NULL,0,0,-1,NULL,NULL,1767225617500,NULL);
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
INSERT INTO event VALUES(1,1767225701000,'trouble',NULL,NULL,NULL,1,NULL,500,'the server answers 500');
INSERT INTO event VALUES(2,1767225701000,'refused',4,4,NULL,1,NULL,409,'refused: 0xA900');
INSERT INTO event VALUES(3,1767225711000,'refused',NULL,NULL,3,1,2,404,'not in the album');
CREATE TABLE tally (
    destination_id INTEGER NOT NULL,
    album_id       INTEGER NOT NULL,
    started_at     INTEGER NOT NULL, -- of the five minutes
    done           INTEGER NOT NULL DEFAULT 0,
    bytes          INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination_id, album_id, started_at)
) STRICT, WITHOUT ROWID;
INSERT INTO tally VALUES(1,0,1767225600000,5,6000,2);
INSERT INTO tally VALUES(1,1,1767225600000,1,0,0);
INSERT INTO tally VALUES(1,2,1767225600000,0,0,2);
INSERT INTO tally VALUES(1,3,1767225600000,0,0,1);
INSERT INTO tally VALUES(2,0,1767225600000,2,1000,0);
CREATE INDEX instance_sop ON instance (sop_instance, state);
CREATE INDEX instance_study ON instance (study, series);
CREATE INDEX instance_active ON instance (id) WHERE state = 'active';
CREATE INDEX instance_quarantined ON instance (id) WHERE state = 'quarantined';
CREATE INDEX instance_finished ON instance (id) WHERE state = 'done' AND place = 'queue';
CREATE INDEX instance_cleanable ON instance (keep_until) WHERE state = 'done' AND place IN ('kept', 'dropped');
CREATE INDEX instance_history ON instance (done_at) WHERE state = 'done' AND place = 'gone';
CREATE INDEX lane_ready ON lane (destination_id, (urgent > 0) DESC, last_served) WHERE ready = 1;
CREATE INDEX lane_sleeping ON lane (next_due) WHERE ready = 0 AND closed = 0 AND queued > 0;
CREATE INDEX lane_study ON lane (study);
CREATE INDEX series_queued ON series (lane_id, known, next_due) WHERE queued > 0;
CREATE INDEX delivery_queued ON delivery (series_id, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_waiting ON delivery (destination_id, id) WHERE state = 'queued';
CREATE INDEX delivery_sending ON delivery (work) WHERE state = 'sending';
CREATE INDEX delivery_failed ON delivery (destination_id, finished_at) WHERE state = 'failed';
CREATE INDEX share_series ON share (series_id);
CREATE INDEX share_study ON share (study);
CREATE INDEX share_witness ON share (witness_id);
CREATE INDEX share_queued ON share (album_id, due_at, id) WHERE state = 'queued';
CREATE INDEX share_sharing ON share (work) WHERE state = 'sharing';
CREATE INDEX share_failed ON share (album_id, finished_at) WHERE state = 'failed';
CREATE INDEX event_instance ON event (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX event_delivery ON event (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX event_share ON event (share_id) WHERE share_id IS NOT NULL;
CREATE INDEX event_at ON event (at);
CREATE VIEW status AS
SELECT d.name AS destination, NULL AS album,
       CASE WHEN NOT d.configured THEN 'not configured' WHEN d.held THEN 'held' ELSE d.state END AS state,
       NULL AS waiting, d.queued, d.deferred, d.in_flight, d.failed,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = 0
          AND t.started_at > (unixepoch() - 3600) * 1000) AS done_hour,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = 0
          AND t.started_at > (unixepoch() - 86400) * 1000) AS done_day,
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', i.received_at / 1000, 'unixepoch')
          FROM delivery w JOIN instance i ON i.id = w.instance_id
         WHERE w.destination_id = d.id AND w.state = 'queued' ORDER BY w.id LIMIT 1) AS oldest_waiting,
       d.last_error,
       strftime('%Y-%m-%dT%H:%M:%SZ', d.last_error_at / 1000, 'unixepoch') AS last_error_at
  FROM destination d
UNION ALL
SELECT d.name, a.name,
       CASE WHEN NOT a.configured THEN 'not configured' WHEN a.held THEN 'held' ELSE a.state END,
       a.waiting, a.queued, a.deferred, a.in_flight, a.failed,
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = a.id
          AND t.started_at > (unixepoch() - 3600) * 1000),
       (SELECT coalesce(sum(t.done), 0) FROM tally t WHERE t.destination_id = d.id AND t.album_id = a.id
          AND t.started_at > (unixepoch() - 86400) * 1000),
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', s.created_at / 1000, 'unixepoch')
          FROM share s WHERE s.album_id = a.id AND s.state = 'queued' ORDER BY s.due_at LIMIT 1),
       a.last_error,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.last_error_at / 1000, 'unixepoch')
  FROM album a JOIN destination d ON d.id = a.destination_id
ORDER BY 1, 2;
CREATE VIEW backlog AS
SELECT 'delivery' AS job, w.id, d.name AS destination, NULL AS album, i.study, i.series, i.sop_instance,
       CASE WHEN NOT d.configured THEN 'the configuration does not name the destination'
            WHEN d.held THEN 'an operator holds the destination'
            WHEN d.state <> 'up' THEN 'the destination is ' || d.state || ': ' || coalesce(d.last_error, '')
            WHEN w.due_at > unixepoch() * 1000 THEN 'tried before: ' || coalesce(w.reason, '')
            WHEN l.closed THEN 'a first request of its study is under way'
            ELSE 'its turn has not come' END AS because,
       strftime('%Y-%m-%dT%H:%M:%SZ', w.due_at / 1000, 'unixepoch') AS due
  FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN destination d ON d.id = w.destination_id
  JOIN series e ON e.id = w.series_id JOIN lane l ON l.id = e.lane_id
 WHERE w.state = 'queued'
UNION ALL
SELECT 'share', s.id, d.name, a.name, s.study, s.series, NULL,
       CASE WHEN s.state = 'waiting' THEN 'no instance of the series is stored yet'
            WHEN NOT a.configured THEN 'the configuration does not name the album'
            WHEN a.held THEN 'an operator holds the album'
            WHEN a.state <> 'up' THEN 'the album is ' || a.state || ': ' || coalesce(a.last_error, '')
            WHEN s.due_at > unixepoch() * 1000 THEN 'tried before: ' || coalesce(s.reason, '')
            ELSE 'its turn has not come' END,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.due_at / 1000, 'unixepoch')
  FROM share s JOIN destination d ON d.id = s.destination_id JOIN album a ON a.id = s.album_id
 WHERE s.state IN ('waiting', 'queued');
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
SELECT 'quarantine', i.id, NULL, NULL, i.study, i.series, i.sop_instance, NULL, i.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', i.decided_at / 1000, 'unixepoch')
  FROM instance i WHERE i.state = 'quarantined';
CREATE VIEW studies AS
SELECT i.study, count(DISTINCT i.series) AS series, count(*) AS instances,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state = 'sent') AS delivered,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state IN ('queued', 'sending')) AS waiting,
       (SELECT count(*) FROM delivery w JOIN instance n ON n.id = w.instance_id
         WHERE n.study = i.study AND w.state = 'failed') AS failed,
       (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT a.name FROM share s JOIN album a ON a.id = s.album_id
         WHERE s.study = i.study AND s.state = 'shared' ORDER BY a.name)) AS shared_to,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(i.received_at) / 1000, 'unixepoch') AS first_received,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(i.received_at) / 1000, 'unixepoch') AS last_received
  FROM instance i WHERE i.study IS NOT NULL GROUP BY i.study;
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
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch'), coalesce(i.study, s.study),
       coalesce(i.series, s.series), i.sop_instance, i.receipt, e.kind, d.name, a.name, e.detail
  FROM event e LEFT JOIN instance i ON i.id = e.instance_id LEFT JOIN share s ON s.id = e.share_id
  LEFT JOIN destination d ON d.id = e.destination_id LEFT JOIN album a ON a.id = e.album_id;
COMMIT;
PRAGMA user_version=1;
