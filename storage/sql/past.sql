-- name: last_by_step
-- why: one answer for a map that is played back; of each step the newest value, whatever its quality
SELECT datastream_id,
       time_bucket(%(step)s, phenomenon_time - INTERVAL '1 microsecond') + %(step)s AS step_end,
       last(phenomenon_time, phenomenon_time) AS phenomenon_time,
       last(result, phenomenon_time) AS result,
       last(quality, phenomenon_time) AS quality,
       last(GREATEST(provenance, input_provenance), phenomenon_time) AS provenance
FROM observation
WHERE datastream_id = ANY (%(datastream_ids)s)
  AND phenomenon_time > %(start)s AND phenomenon_time <= %(end)s
GROUP BY datastream_id, step_end
ORDER BY datastream_id, step_end;

-- name: extents
-- why: flooded areas that were said in a span, the newest first so that a limit leaves out the oldest
SELECT thing_id, phenomenon_time, features, provenance
FROM flood_extent
WHERE thing_id = ANY (%(thing_ids)s) AND phenomenon_time > %(start)s AND phenomenon_time <= %(end)s
ORDER BY phenomenon_time DESC, thing_id
LIMIT %(limit)s;

-- name: say_moment
-- why: what the views of past_view end at, until the transaction does
SELECT set_config('hanoi.replay_at', %(moment)s, true);

-- name: changes
-- why: what a replay plays: of many Datastreams and a few steps at once the newest value of each; a lateral so that each
--      Datastream costs one range of its index
SELECT DISTINCT ON (d.id, o.number) o.number, d.thing_id, t.domain, d.property, d.id AS datastream_id,
       o.phenomenon_time, o.result_time, o.ingested_at, o.result, o.quality, o.quality_reason, o.provenance,
       o.input_provenance
FROM datastream d
JOIN thing t ON t.id = d.thing_id
CROSS JOIN LATERAL (
    SELECT ceil(extract(epoch FROM phenomenon_time - %(start)s) / %(step_s)s)::int AS number, phenomenon_time,
           result_time, ingested_at, result, quality, quality_reason, provenance, input_provenance
    FROM observation
    WHERE datastream_id = d.id AND phenomenon_time > %(start)s AND phenomenon_time <= %(end)s
) o
WHERE d.id = ANY (%(datastream_ids)s)
ORDER BY d.id, o.number, o.phenomenon_time DESC;

-- name: alerts
-- why: what a queue shows of a moment: what stood then and what had lately ended, with who saw to it
SELECT a.id, a.rule, a.domain, a.thing_id, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en, a.property,
       a.severity, a.state, a.title_vi, a.title_en, a.unit, a.limit_value AS "limit", a.value, a.value_time, a.peak,
       a.pending_since, a.firing_since, a.resolved_at, a.provenance, a.simulated,
       a.withdrawn_at IS NOT NULL AS withdrawn,
       a.labels, a.acknowledged_at, a.acknowledged_by, a.acknowledgement
FROM alert a JOIN thing t ON t.id = a.thing_id
WHERE a.id IN (SELECT id FROM alert_lately) AND (a.state <> 'resolved' OR a.firing_since IS NOT NULL)
ORDER BY a.state = 'resolved', coalesce(a.firing_since, a.pending_since) DESC, a.id DESC
LIMIT %(limit)s;

-- name: firing_after
-- why: where a replay goes on to
SELECT firing_since FROM alert_firing WHERE firing_since > %(moment)s ORDER BY firing_since LIMIT 1;

-- name: firing_before
SELECT firing_since FROM alert_firing WHERE firing_since < %(moment)s ORDER BY firing_since DESC LIMIT 1;
