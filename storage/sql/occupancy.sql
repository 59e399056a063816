-- name: by_hour_of_week
-- why: from the rollups, so that a year costs hours and not five-minute counts. Both counts are of the same moments, so
--      their means belong together; bays whose state is not known are in neither.
SELECT extract(isodow FROM hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::int AS weekday,
       extract(hour FROM hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::int AS hour,
       count(*)::int AS hours,
       sum(occupied) AS occupied,
       sum(known) AS known,
       max(provenance) AS provenance
FROM (
    SELECT r.bucket AS hour,
           sum(r.mean) FILTER (WHERE r.datastream_id = ANY (%(occupied_ids)s)) AS occupied,
           sum(r.mean) AS known,
           max(r.provenance) AS provenance
    FROM observation_1h r
    WHERE r.datastream_id = ANY (%(occupied_ids)s::bigint[] || %(free_ids)s::bigint[])
      AND r.bucket >= %(start)s AND r.bucket < %(end)s AND r.count > 0
    GROUP BY r.bucket
) AS hourly
WHERE known > 0
GROUP BY 1, 2
ORDER BY 1, 2;
