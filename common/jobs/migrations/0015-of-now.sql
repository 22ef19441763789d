-- Who holds a target, since when; when its tokens were told of first, and when they end.
ALTER TABLE destination ADD COLUMN held_by TEXT;
ALTER TABLE destination ADD COLUMN held_at INTEGER;
ALTER TABLE destination ADD COLUMN token_first_at INTEGER;
ALTER TABLE destination ADD COLUMN token_expires_at INTEGER;
ALTER TABLE album ADD COLUMN held_by TEXT;
ALTER TABLE album ADD COLUMN held_at INTEGER;
ALTER TABLE album ADD COLUMN token_first_at INTEGER;
ALTER TABLE album ADD COLUMN token_expires_at INTEGER;
ALTER TABLE album ADD COLUMN source_first_at INTEGER;
ALTER TABLE album ADD COLUMN source_expires_at INTEGER;
UPDATE destination SET token_first_at = token_at;
UPDATE album SET token_first_at = token_at, source_first_at = source_at;
