-- What was stored before this version is no series that is new at its destination.
ALTER TABLE series ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;
UPDATE series SET stored_at = 1 WHERE stored = 1;
ALTER TABLE delivery ADD COLUMN collided_at INTEGER NOT NULL DEFAULT 0;
