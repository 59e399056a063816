-- name: record
-- why: the least is made here, so that workers can't undo each other; in order of the key, so that they can't block
--      each other either; a batch that waited for the database may be of an hour that is over
INSERT INTO thing_clock AS known (thing_id, hour, this_hour_s, repeated, measured_at)
SELECT thing_id, hour, skew_s, repeated, measured_at
FROM unnest(%(thing_ids)s::text[], %(hours)s::timestamptz[], %(skews_s)s::float8[], %(repeated)s::boolean[],
            %(measured_ats)s::timestamptz[]) AS new (thing_id, hour, skew_s, repeated, measured_at)
ORDER BY thing_id
ON CONFLICT (thing_id) DO UPDATE SET
    hour = EXCLUDED.hour,
    hour_before_s = CASE WHEN EXCLUDED.hour = known.hour THEN known.hour_before_s
                         WHEN EXCLUDED.hour = known.hour + INTERVAL '1 hour' THEN known.this_hour_s END,
    this_hour_s = CASE WHEN EXCLUDED.hour = known.hour THEN LEAST(known.this_hour_s, EXCLUDED.this_hour_s)
                       ELSE EXCLUDED.this_hour_s END,
    repeated = CASE WHEN EXCLUDED.hour <> known.hour OR EXCLUDED.this_hour_s < known.this_hour_s - %(near_s)s
                        THEN EXCLUDED.repeated
                    WHEN EXCLUDED.this_hour_s > known.this_hour_s + %(near_s)s THEN known.repeated
                    ELSE known.repeated OR EXCLUDED.repeated END,
    measured_at = CASE WHEN EXCLUDED.hour = known.hour AND known.this_hour_s <= EXCLUDED.this_hour_s
                       THEN known.measured_at ELSE EXCLUDED.measured_at END
WHERE EXCLUDED.hour >= known.hour;

-- name: off
-- why: nothing makes a value arrive before its time but a clock that is ahead; that it arrives late says something of
--      the clock only where the same delay is seen again, since history that is sent after the fact is late as well
SELECT thing_id, skew_s, measured_at
FROM thing_clock
WHERE hour >= %(since)s AND thing_id NOT IN (SELECT id FROM thing WHERE retired_from IS NOT NULL)
  AND (skew_s <= -%(at_least_s)s
       OR skew_s >= %(at_least_s)s AND (repeated OR abs(this_hour_s - hour_before_s) <= %(near_s)s))
ORDER BY abs(skew_s) DESC, thing_id;

-- name: of_thing
SELECT thing_id, domain, skew_s, measured_at, is_sure FROM clock_skew WHERE thing_id = %(thing_id)s;
