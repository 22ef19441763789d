-- What has worked since address and tokens last changed, and requests whose end told nothing.
ALTER TABLE destination ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE destination ADD COLUMN fresh_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE album ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE album ADD COLUMN fresh_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
