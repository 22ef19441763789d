-- How many requests in flight have deliveries of a series.
ALTER TABLE series ADD COLUMN flights INTEGER NOT NULL DEFAULT 0;
UPDATE series SET flights = f.requests FROM (SELECT series_id, count(DISTINCT work) AS requests FROM delivery
 WHERE state = 'sending' GROUP BY series_id) AS f WHERE f.series_id = series.id;
