-- name: read_only
-- why: nothing that a backtest does by mistake can change the city's record
SET default_transaction_read_only = on;

-- name: samples_within
-- why: the past of one Datastream, a page at a time, so that years of it fit
SELECT o.datastream_id, o.phenomenon_time AS time, o.result AS value, o.quality, o.ingested_at AS arrived,
       CASE o.provenance WHEN 'derived' THEN coalesce(o.input_provenance, 'derived') ELSE o.provenance END
           AS provenance
FROM observation o
WHERE o.datastream_id = %(datastream_id)s AND o.phenomenon_time >= %(begin)s AND o.phenomenon_time < %(end)s
ORDER BY o.phenomenon_time
LIMIT %(limit)s;

-- name: fired_within
-- why: what the engine recorded at the time, to be compared with
SELECT firing_since, resolved_at, withdrawn_at IS NOT NULL AS withdrawn
FROM alert
WHERE rule = %(rule)s AND datastream_id = %(datastream_id)s AND firing_since < %(end)s
  AND coalesce(resolved_at, 'infinity'::timestamptz) > %(start)s
ORDER BY firing_since, id;
