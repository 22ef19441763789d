-- What was at a destination before anything of a study, or of an instance, went there. Of what went there before this
-- version nothing is known.
ALTER TABLE lane ADD COLUMN vacant INTEGER NOT NULL DEFAULT 0;
UPDATE lane SET vacant = 1 WHERE last_served > 0;
ALTER TABLE delivery ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;
