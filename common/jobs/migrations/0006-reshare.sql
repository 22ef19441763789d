-- Shares that an operator asked for, and what came of asking.
ALTER TABLE share ADD COLUMN request_id INTEGER;
ALTER TABLE request ADD COLUMN already INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN unmatched INTEGER NOT NULL DEFAULT 0;
