-- name: upsert_thing
-- why: the inventory is the truth about a Thing that it names; what people added otherwise stays
INSERT INTO thing (id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source,
                   properties, is_public)
VALUES (%(id)s, %(domain)s, %(kind)s, %(parent_id)s, %(name_vi)s, %(name_en)s, %(lat)s, %(lon)s,
        %(coordinate_trust)s, %(coordinate_source)s, %(properties)s, %(is_public)s)
ON CONFLICT (id) DO UPDATE SET
    (domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties, is_public)
    = (EXCLUDED.domain, EXCLUDED.kind, EXCLUDED.parent_id, EXCLUDED.name_vi, EXCLUDED.name_en, EXCLUDED.lat,
       EXCLUDED.lon, EXCLUDED.coordinate_trust, EXCLUDED.coordinate_source, EXCLUDED.properties, EXCLUDED.is_public);

-- name: add_thing
-- why: a Thing that an operator adds may not take the place of one that is there
INSERT INTO thing (id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source,
                   properties, is_public)
VALUES (%(id)s, %(domain)s, %(kind)s, %(parent_id)s, %(name_vi)s, %(name_en)s, %(lat)s, %(lon)s,
        %(coordinate_trust)s, %(coordinate_source)s, %(properties)s, %(is_public)s)
ON CONFLICT (id) DO NOTHING;

-- name: upsert_datastream
INSERT INTO datastream (thing_id, property, unit, derived, circular, interval_s)
VALUES (%(thing_id)s, %(property)s, %(unit)s, %(derived)s, %(circular)s, %(interval_s)s)
ON CONFLICT (thing_id, property) DO UPDATE SET
    (unit, derived, circular, interval_s) = (EXCLUDED.unit, EXCLUDED.derived, EXCLUDED.circular, EXCLUDED.interval_s)
WHERE (datastream.unit, datastream.derived, datastream.circular, datastream.interval_s)
      IS DISTINCT FROM (EXCLUDED.unit, EXCLUDED.derived, EXCLUDED.circular, EXCLUDED.interval_s);

-- name: ensure_datastream
-- why: a Thing may begin to send a property of its domain that the inventory does not list
WITH made AS (
    INSERT INTO datastream (thing_id, property, unit, derived, circular, interval_s)
    VALUES (%(thing_id)s, %(property)s, %(unit)s, %(derived)s, %(circular)s, %(interval_s)s)
    ON CONFLICT (thing_id, property) DO NOTHING
    RETURNING id
)
SELECT id FROM made
UNION ALL
SELECT id FROM datastream WHERE thing_id = %(thing_id)s AND property = %(property)s
LIMIT 1;

-- name: registry
SELECT t.id AS thing_id, t.domain, d.property, d.id AS datastream_id
FROM thing t LEFT JOIN datastream d ON d.thing_id = t.id;

-- name: announce
SELECT pg_notify('thing_changed', '');

-- name: all_things
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties
FROM thing ORDER BY id;

-- name: all_datastreams
SELECT id, thing_id, property, unit, derived, interval_s FROM datastream ORDER BY id;

-- name: version
-- why: each change gives a row another, later xmin
SELECT concat_ws(' ', t.count, t.xmins, d.count, d.xmins) AS version
FROM (SELECT count(*), sum(xmin::text::bigint) AS xmins FROM thing) t,
     (SELECT count(*), sum(xmin::text::bigint) AS xmins FROM datastream) d;

-- name: listen
LISTEN thing_changed;

-- name: write_status
-- why: a message that is reprocessed is older than what came since
INSERT INTO thing_status (thing_id, online, received_at) VALUES (%(thing_id)s, %(online)s, %(received_at)s)
ON CONFLICT (thing_id) DO UPDATE SET (online, received_at) = (EXCLUDED.online, EXCLUDED.received_at)
WHERE EXCLUDED.received_at >= thing_status.received_at;
