-- name: upsert_thing
-- why: the inventory is the truth about a Thing that it names, but for what an operator has set; the rest stays
INSERT INTO thing (id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source,
                   properties, is_public)
VALUES (%(id)s, %(domain)s, %(kind)s, %(parent_id)s, %(name_vi)s, %(name_en)s, %(lat)s, %(lon)s,
        %(coordinate_trust)s, %(coordinate_source)s, %(properties)s, %(is_public)s)
ON CONFLICT (id) DO UPDATE SET
    (domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties, is_public)
    = (SELECT EXCLUDED.domain,
              CASE WHEN held.kind THEN thing.kind ELSE EXCLUDED.kind END,
              CASE WHEN held.kind THEN thing.parent_id ELSE EXCLUDED.parent_id END,
              CASE WHEN held.name THEN thing.name_vi ELSE EXCLUDED.name_vi END,
              CASE WHEN held.name THEN thing.name_en ELSE EXCLUDED.name_en END,
              CASE WHEN held.place THEN thing.lat ELSE EXCLUDED.lat END,
              CASE WHEN held.place THEN thing.lon ELSE EXCLUDED.lon END,
              CASE WHEN held.place THEN thing.coordinate_trust ELSE EXCLUDED.coordinate_trust END,
              CASE WHEN held.place THEN thing.coordinate_source ELSE EXCLUDED.coordinate_source END,
              CASE WHEN held.attributes THEN thing.properties ELSE EXCLUDED.properties END,
              CASE WHEN held.public THEN thing.is_public ELSE EXCLUDED.is_public END
       FROM (SELECT coalesce(bool_or(field = 'kind'), false) AS kind,
                    coalesce(bool_or(field = 'name'), false) AS name,
                    coalesce(bool_or(field = 'place'), false) AS place,
                    coalesce(bool_or(field = 'attributes'), false) AS attributes,
                    coalesce(bool_or(field = 'public'), false) AS public
             FROM thing_hold WHERE thing_id = thing.id) AS held);

-- name: write_file
-- why: what a file says is kept also where it is not in force, so that a page can show both
INSERT INTO thing_file (thing_id, says) VALUES (%(id)s, %(says)s)
ON CONFLICT (thing_id) DO UPDATE SET
    says = EXCLUDED.says,
    changed_at = CASE WHEN thing_file.says = EXCLUDED.says THEN thing_file.changed_at ELSE now() END,
    loaded_at = now();

-- name: made_elsewhere
-- why: a domain is part of the topic, so no file may give another one to a Thing that a page made
SELECT t.id, t.domain FROM thing t JOIN thing_hold h ON h.thing_id = t.id AND h.field = 'kind' ORDER BY t.id;

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

-- name: retired
SELECT id, retired_from FROM thing WHERE retired_from IS NOT NULL;

-- name: announce
SELECT pg_notify('thing_changed', '');

-- name: all_things
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties,
       retired_from
FROM thing ORDER BY id;

-- name: places_left
SELECT thing_id, left_at, lat, lon, coordinate_trust FROM thing_place_left ORDER BY thing_id, left_at;

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

-- name: standing
SELECT t.is_public, s.online, s.received_at AS status_at
FROM thing t LEFT JOIN thing_status s ON s.thing_id = t.id
WHERE t.id = %(thing_id)s;
