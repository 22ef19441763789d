ALTER TABLE destination ADD COLUMN home_album TEXT;
ALTER TABLE destination ADD COLUMN home_stored INTEGER NOT NULL DEFAULT 0;
UPDATE destination SET home_album = token_album WHERE token_active = 1 AND token_album <> '';
