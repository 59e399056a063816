-- name: steps
-- why: what a model sees of its inputs, a row for each step of time, labelled by the step's end
SELECT datastream_id,
       time_bucket(%(step)s::interval, phenomenon_time - INTERVAL '1 microsecond') + %(step)s::interval AS label,
       avg(result) AS mean, count(*) AS count
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(after)s AND phenomenon_time <= %(until)s
  AND quality < 3
GROUP BY 1, 2;

-- name: provenances
-- why: a forecast carries the weakest of what it was made from
SELECT DISTINCT COALESCE(input_provenance, provenance)::text AS provenance
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(after)s AND phenomenon_time <= %(until)s
  AND quality < 3;

-- name: any_above
-- why: whether there is anything to forecast at all, before a model is loaded
SELECT EXISTS (
    SELECT FROM observation
    WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(after)s AND phenomenon_time <= %(until)s
      AND quality < 3 AND result >= %(least)s
) AS found;

-- name: write_score
INSERT INTO forecast_score (scored_at, domain, property, model, basis, lead_from_h, lead_to_h, n, mae,
                            mae_persistence, mae_climatology, coverage, level, trained_from, trained_to,
                            held_out_from, held_out_to, provenance)
VALUES (%(scored_at)s, %(domain)s, %(property)s, %(model)s, %(basis)s, %(lead_from_h)s, %(lead_to_h)s, %(n)s, %(mae)s,
        %(mae_persistence)s, %(mae_climatology)s, %(coverage)s, %(level)s, %(trained_from)s, %(trained_to)s,
        %(held_out_from)s, %(held_out_to)s, %(provenance)s);

-- name: newest_scores
-- why: a score that was taken later replaces one of the same model, basis and lead
SELECT DISTINCT ON (domain, property, model, basis, lead_from_h)
       scored_at, domain, property, model, basis, lead_from_h, lead_to_h, n, mae, mae_persistence, mae_climatology,
       coverage, level, trained_from, trained_to, held_out_from, held_out_to, provenance::text AS provenance
FROM forecast_score
ORDER BY domain, property, model, basis, lead_from_h, scored_at DESC;

-- name: ahead
-- why: the newest forecast of each time to come
SELECT datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance::text AS provenance,
       input_provenance::text AS input_provenance, parameters
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(now)s AND provenance = 'forecast'
  AND quality < 3
ORDER BY datastream_id, phenomenon_time;

-- name: issued
-- why: every issue of a forecast, also those that a later one replaced, for the times whose outcome is known. A flag
--      does not take one back: it may have come when the outcome was known
SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, parameters
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(after)s AND phenomenon_time <= %(until)s
  AND provenance = 'forecast' AND quality < 9
UNION ALL
SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, parameters
FROM observation_superseded
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time > %(after)s AND phenomenon_time <= %(until)s
  AND provenance = 'forecast' AND quality < 9;
