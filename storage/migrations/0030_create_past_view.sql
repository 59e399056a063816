-- The database as it stood at a moment, for replay: views of the same names as the tables that pages read, cut at the
-- moment that the transaction says (storage/past.py). The role of replay may read these views, write nothing, and see
-- no table that is not here: a page that asks for more is refused rather than shown what is now.

DO $$
BEGIN
    CREATE ROLE hanoi_replay NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the server: another database's migration made it
END $$;
DO $$
BEGIN
    EXECUTE format('GRANT hanoi_replay TO %I', current_user); -- who creates a role may hand it on, but not yet take it on
EXCEPTION WHEN OTHERS THEN
    IF NOT pg_has_role(current_user, 'hanoi_replay', 'MEMBER') THEN
        RAISE;
    END IF;
END $$;

CREATE SCHEMA past_view;
GRANT USAGE ON SCHEMA past_view TO hanoi_replay;

-- STABLE: chunks that are later than it are left out when a query begins. Fails where no moment was said.
CREATE FUNCTION past_view.moment() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('hanoi.replay_at')::timestamptz $$;

CREATE VIEW past_view.thing AS
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties, is_public
FROM public.thing;

CREATE VIEW past_view.datastream AS
SELECT id, thing_id, property, unit, derived, interval_s, circular FROM public.datastream;

-- By its own time: a value that came late stands where it belongs, a corrected one as it is now.
CREATE VIEW past_view.observation AS
SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance, input_provenance,
       quality_reason, parameters
FROM public.observation
WHERE phenomenon_time <= past_view.moment();

CREATE VIEW past_view.flood_extent AS
SELECT thing_id, phenomenon_time, ingested_at, features, provenance
FROM public.flood_extent
WHERE phenomenon_time <= past_view.moment();

-- Hours that were over then, and the one that was not as far as it had come.
CREATE VIEW past_view.rollup_hours AS
SELECT datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first, last, total_suspect,
       sines, cosines, sines_suspect, cosines_suspect, provenance
FROM public.rollup_hours
WHERE bucket < time_bucket('1 hour', past_view.moment())
UNION ALL
SELECT datastream_id,
       time_bucket('1 hour', phenomenon_time),
       (count(*) FILTER (WHERE quality = 1))::integer,
       (count(*) FILTER (WHERE quality = 2))::integer,
       (count(*) FILTER (WHERE quality = 3))::integer,
       (count(*) FILTER (WHERE quality = 4))::integer,
       (count(*) FILTER (WHERE quality = 9))::integer,
       sum(result) FILTER (WHERE quality < 3),
       min(result) FILTER (WHERE quality < 3),
       max(result) FILTER (WHERE quality < 3),
       first(result, phenomenon_time) FILTER (WHERE quality < 3),
       last(result, phenomenon_time) FILTER (WHERE quality < 3),
       sum(result) FILTER (WHERE quality = 3),
       sum(sind(result)) FILTER (WHERE quality < 3),
       sum(cosd(result)) FILTER (WHERE quality < 3),
       sum(sind(result)) FILTER (WHERE quality = 3),
       sum(cosd(result)) FILTER (WHERE quality = 3),
       max(GREATEST(provenance, input_provenance)) FILTER (WHERE quality < 4)
FROM public.observation
WHERE phenomenon_time >= time_bucket('1 hour', past_view.moment()) AND phenomenon_time <= past_view.moment()
GROUP BY datastream_id, time_bucket('1 hour', phenomenon_time);

CREATE VIEW past_view.rollup_days AS
SELECT datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first, last, total_suspect,
       sines, cosines, sines_suspect, cosines_suspect, provenance
FROM public.rollup_days
WHERE bucket < time_bucket('1 day', past_view.moment(), 'Asia/Ho_Chi_Minh')
UNION ALL
SELECT datastream_id,
       time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh'),
       sum(good)::integer,
       sum(not_evaluated)::integer,
       sum(suspect)::integer,
       sum(fail)::integer,
       sum(missing)::integer,
       sum(total),
       min(min),
       max(max),
       first(first, bucket) FILTER (WHERE first IS NOT NULL),
       last(last, bucket) FILTER (WHERE last IS NOT NULL),
       sum(total_suspect),
       sum(sines),
       sum(cosines),
       sum(sines_suspect),
       sum(cosines_suspect),
       max(provenance)
FROM past_view.rollup_hours
WHERE bucket >= time_bucket('1 day', past_view.moment(), 'Asia/Ho_Chi_Minh')
GROUP BY datastream_id, time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh');

CREATE VIEW past_view.observation_1h AS
SELECT r.datastream_id, r.bucket, r.good + r.not_evaluated AS count,
       rollup_mean(r.total, r.good + r.not_evaluated, r.sines, r.cosines, d.circular) AS mean,
       r.min, r.max, r.first, r.last, r.good, r.not_evaluated, r.suspect, r.fail, r.missing,
       rollup_mean(COALESCE(r.total, 0) + COALESCE(r.total_suspect, 0), r.good + r.not_evaluated + r.suspect,
                   COALESCE(r.sines, 0) + COALESCE(r.sines_suspect, 0),
                   COALESCE(r.cosines, 0) + COALESCE(r.cosines_suspect, 0), d.circular) AS mean_with_suspect,
       rollup_coverage(r.good + r.not_evaluated, r.bucket, INTERVAL '1 hour', d.interval_s, past_view.moment())
           AS coverage,
       r.provenance
FROM past_view.rollup_hours r JOIN public.datastream d ON d.id = r.datastream_id;

CREATE VIEW past_view.observation_1d AS
SELECT r.datastream_id, r.bucket, r.good + r.not_evaluated AS count,
       rollup_mean(r.total, r.good + r.not_evaluated, r.sines, r.cosines, d.circular) AS mean,
       r.min, r.max, r.first, r.last, r.good, r.not_evaluated, r.suspect, r.fail, r.missing,
       rollup_mean(COALESCE(r.total, 0) + COALESCE(r.total_suspect, 0), r.good + r.not_evaluated + r.suspect,
                   COALESCE(r.sines, 0) + COALESCE(r.sines_suspect, 0),
                   COALESCE(r.cosines, 0) + COALESCE(r.cosines_suspect, 0), d.circular) AS mean_with_suspect,
       rollup_coverage(r.good + r.not_evaluated, r.bucket, INTERVAL '1 day', d.interval_s, past_view.moment())
           AS coverage,
       r.provenance
FROM past_view.rollup_days r JOIN public.datastream d ON d.id = r.datastream_id;

CREATE VIEW past_view.manual_hold AS
SELECT DISTINCT ON (e.thing_id, r.property)
       e.thing_id, r.property, e.time AS phenomenon_time,
       LEAST(e.expires_at, CASE WHEN e.cancelled_at <= past_view.moment() THEN e.cancelled_at END) AS expires_at
FROM public.manual_entry e CROSS JOIN LATERAL jsonb_object_keys(e.results) AS r (property)
WHERE e.outcome NOT IN ('rejected', 'unsent') AND e.time <= past_view.moment()
ORDER BY e.thing_id, r.property, e.time DESC, e.id DESC;

CREATE VIEW past_view.rejected_message AS
SELECT id, received_at, topic, payload, reason, detail, source, unknown_devices,
       CASE WHEN resolved_at <= past_view.moment() THEN resolved_at END AS resolved_at
FROM public.rejected_message
WHERE received_at <= past_view.moment();

-- An alert by its own times. Of one that stood then the value is the newest that its Datastream had, and what people had
-- done by then is what its history says. What is only known of its end is not told before it.
CREATE VIEW past_view.alert AS
SELECT a.id, a.rule, a.domain, a.thing_id, a.datastream_id, a.property, a.severity,
       CASE WHEN a.resolved_at <= past_view.moment() THEN 'resolved'
            WHEN a.firing_since <= past_view.moment() THEN 'firing' ELSE 'pending' END AS state,
       a.title_vi, a.title_en, a.runbook_vi, a.runbook_en, a.labels, a.unit, a.limit_value,
       CASE WHEN a.resolved_at <= past_view.moment() THEN a.value ELSE COALESCE(stood.result, a.value) END AS value,
       CASE WHEN a.resolved_at <= past_view.moment() THEN a.value_time
            ELSE COALESCE(stood.phenomenon_time, a.pending_since) END AS value_time,
       CASE WHEN a.resolved_at <= past_view.moment() THEN a.peak ELSE COALESCE(stood.result, a.value) END AS peak,
       a.pending_since,
       CASE WHEN a.firing_since <= past_view.moment() THEN a.firing_since END AS firing_since,
       CASE WHEN a.resolved_at <= past_view.moment() THEN a.resolved_at END AS resolved_at,
       a.provenance, a.simulated, a.for_citizens,
       CASE WHEN a.announced_at <= past_view.moment() THEN a.announced_at END AS announced_at,
       CASE WHEN a.withdrawn_at <= past_view.moment() THEN a.withdrawn_at END AS withdrawn_at,
       a.condition, a.suggestion, a.basis_vi, a.basis_en, a.public,
       a.flapping AND EXISTS (SELECT FROM public.alert_event e WHERE e.alert_id = a.id AND e.kind = 'flapping'
                                AND e.at <= past_view.moment()) AS flapping,
       CASE WHEN seen_to.kind = 'acknowledged' THEN seen_to.at END AS acknowledged_at,
       CASE WHEN seen_to.kind = 'acknowledged' THEN seen_to.actor END AS acknowledged_by,
       CASE WHEN seen_to.kind = 'acknowledged' THEN seen_to.detail ->> 'note' END AS acknowledgement,
       CASE WHEN a.approved_at <= past_view.moment() THEN a.approved_at END AS approved_at,
       CASE WHEN a.approved_at <= past_view.moment() THEN a.approved_by END AS approved_by,
       CASE WHEN a.refused_at <= past_view.moment() THEN a.refused_at END AS refused_at
FROM public.alert a
LEFT JOIN LATERAL (
    SELECT o.result, o.phenomenon_time FROM public.observation o
    WHERE o.datastream_id = a.datastream_id AND o.phenomenon_time <= past_view.moment() AND o.quality < 3
    ORDER BY o.phenomenon_time DESC LIMIT 1
) AS stood ON a.resolved_at IS NULL OR a.resolved_at > past_view.moment()
LEFT JOIN LATERAL (
    SELECT e.kind, e.at, e.actor, e.detail FROM public.alert_event e
    WHERE e.alert_id = a.id AND e.kind IN ('acknowledged', 'unacknowledged') AND e.at <= past_view.moment()
    ORDER BY e.id DESC LIMIT 1
) AS seen_to ON true
WHERE a.pending_since <= past_view.moment();

CREATE VIEW past_view.alert_shown AS
SELECT a.id, a.rule, a.domain, a.property, a.severity, a.condition, a.title_vi, a.title_en, a.runbook_vi, a.runbook_en,
       a.labels, a.unit, a.limit_value AS "limit", a.value, a.value_time, a.peak, a.state, a.pending_since,
       a.firing_since, a.resolved_at, a.withdrawn_at IS NOT NULL AS withdrawn, a.provenance, a.suggestion, a.basis_vi,
       a.basis_en,
       a.flapping, a.acknowledged_at, a.acknowledged_by, a.acknowledgement, a.public, a.for_citizens, a.approved_at,
       a.approved_by, a.refused_at, a.thing_id, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en, t.lat, t.lon
FROM past_view.alert a JOIN public.thing t ON t.id = a.thing_id;

-- Which alerts stood then or had ended within twelve hours, found by an index: a year of others is not read for them.
CREATE INDEX alert_stood ON alert
    USING gist (tstzrange(pending_since, GREATEST(pending_since, COALESCE(resolved_at, 'infinity'::timestamptz)), '[]'));
CREATE VIEW past_view.alert_lately AS
SELECT id FROM public.alert
WHERE tstzrange(pending_since, GREATEST(pending_since, COALESCE(resolved_at, 'infinity'::timestamptz)), '[]')
      && tstzrange(past_view.moment() - INTERVAL '12 hours', past_view.moment(), '[]')
  AND pending_since <= past_view.moment();

-- When alerts began to fire, by their index.
CREATE VIEW past_view.alert_firing AS
SELECT id, firing_since FROM public.alert WHERE firing_since <= past_view.moment();

CREATE VIEW past_view.alert_transition AS
SELECT id, alert_id, at, from_state, to_state, reason, evidence, decided_at,
       CASE WHEN processed_at <= past_view.moment() THEN processed_at END AS processed_at,
       CASE WHEN processed_at <= past_view.moment() THEN outcome END AS outcome, term
FROM public.alert_transition
WHERE decided_at <= past_view.moment();

CREATE VIEW past_view.alert_event AS
SELECT id, alert_id, at, kind, receiver, actor, detail FROM public.alert_event WHERE at <= past_view.moment();

CREATE VIEW past_view.notification AS
SELECT id, key, receiver, group_id, alert_ids, reason, document, created_at,
       CASE WHEN sent_at <= past_view.moment() OR dead_at <= past_view.moment() THEN attempts ELSE 0 END AS attempts,
       GREATEST(created_at, past_view.moment()) AS next_attempt_at,
       CASE WHEN dead_at <= past_view.moment() THEN last_error END AS last_error,
       CASE WHEN sent_at <= past_view.moment() THEN receipt END AS receipt,
       CASE WHEN sent_at <= past_view.moment() THEN sent_at END AS sent_at,
       CASE WHEN dead_at <= past_view.moment() THEN dead_at END AS dead_at
FROM public.notification
WHERE created_at <= past_view.moment();

CREATE VIEW past_view.silence AS
SELECT id, kind, matchers, starts_at, ends_at, author, reason, created_at,
       CASE WHEN ended_at <= past_view.moment() THEN ended_at END AS ended_at,
       CASE WHEN ended_at <= past_view.moment() THEN ended_by END AS ended_by
FROM public.silence
WHERE created_at <= past_view.moment();

CREATE VIEW past_view.incident AS
SELECT id, title, opened_at, CASE WHEN closed_at <= past_view.moment() THEN closed_at END AS closed_at
FROM public.incident
WHERE opened_at <= past_view.moment();

CREATE VIEW past_view.incident_alert AS
SELECT incident_id, alert_id, joined_at, joined_by FROM public.incident_alert WHERE joined_at <= past_view.moment();

CREATE VIEW past_view.maintenance_note AS
SELECT * FROM public.maintenance_note WHERE written_at <= past_view.moment();
CREATE VIEW past_view.maintenance_withdrawal AS
SELECT * FROM public.maintenance_withdrawal WHERE withdrawn_at <= past_view.moment();
CREATE VIEW past_view.annotation AS
SELECT * FROM public.annotation WHERE written_at <= past_view.moment();
CREATE VIEW past_view.annotation_withdrawal AS
SELECT * FROM public.annotation_withdrawal WHERE withdrawn_at <= past_view.moment();
CREATE VIEW past_view.device_claim AS
SELECT * FROM public.device_claim WHERE claimed_at <= past_view.moment();

-- Limits in charts are those of today, as the catalogue and the files of rules are.
CREATE VIEW past_view.rule_edit AS SELECT * FROM public.rule_edit;

-- What is kept only as it is now was not so then: nothing of it.
CREATE VIEW past_view.thing_status AS SELECT * FROM public.thing_status WHERE false;
CREATE VIEW past_view.clock_skew AS SELECT * FROM public.clock_skew WHERE false;
CREATE VIEW past_view.alert_group AS SELECT * FROM public.alert_group WHERE false;
CREATE VIEW past_view.alert_group_member AS SELECT * FROM public.alert_group_member WHERE false;
CREATE VIEW past_view.alert_escalation AS SELECT * FROM public.alert_escalation WHERE false;
CREATE VIEW past_view.alert_evaluation AS SELECT * FROM public.alert_evaluation WHERE false;

GRANT SELECT ON ALL TABLES IN SCHEMA past_view TO hanoi_replay;
