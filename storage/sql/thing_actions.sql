-- name: lock
-- why: NO KEY, so that who inserts a Datastream of the Thing meanwhile does not wait
SELECT FROM thing WHERE id = %(thing_id)s FOR NO KEY UPDATE;

-- name: state
-- why: what the audit holds of before and after
SELECT t.id, t.domain, t.kind, t.parent_id, t.name_vi, t.name_en, t.lat, t.lon, t.coordinate_trust, t.coordinate_source,
       t.is_public AS public, t.properties AS attributes, t.note, t.retired_from, t.retired_reason,
       ARRAY(SELECT d.property FROM datastream d WHERE d.thing_id = t.id ORDER BY d.id) AS properties
FROM thing t WHERE t.id = %(thing_id)s;

-- name: write
UPDATE thing SET name_vi = %(name_vi)s, name_en = %(name_en)s, lat = %(lat)s, lon = %(lon)s,
    coordinate_trust = %(coordinate_trust)s, coordinate_source = %(coordinate_source)s, is_public = %(public)s,
    properties = %(attributes)s, note = %(note)s
WHERE id = %(thing_id)s;

-- name: write_kind
UPDATE thing SET kind = %(kind)s, parent_id = %(parent)s WHERE id = %(thing_id)s;

-- name: set_note
UPDATE thing SET note = %(note)s WHERE id = %(thing_id)s;

-- name: parent
SELECT domain FROM thing WHERE id = %(thing_id)s;

-- name: hold
-- why: what the file said when a field was set first is kept, so that a page can tell that it changed since
INSERT INTO thing_hold (thing_id, field, held_by, held_at, file_said)
SELECT %(thing_id)s, field, %(by)s, %(now)s, (SELECT says -> field FROM thing_file WHERE thing_id = %(thing_id)s)
FROM unnest(%(fields)s::text[]) AS field
ON CONFLICT (thing_id, field) DO UPDATE SET
    (held_by, held_at, file_said) = (EXCLUDED.held_by, EXCLUDED.held_at, EXCLUDED.file_said);

-- name: file_says
SELECT says FROM thing_file WHERE thing_id = %(thing_id)s;

-- name: let_go
DELETE FROM thing_hold WHERE thing_id = %(thing_id)s AND field = %(field)s;

-- name: moved_last
SELECT max(left_at) AS left_at FROM thing_place_left WHERE thing_id = %(thing_id)s;

-- name: leave_place
INSERT INTO thing_place_left (thing_id, left_at, lat, lon, coordinate_trust, coordinate_source, reason, moved_by, recorded_at)
SELECT id, %(left_at)s, lat, lon, coordinate_trust, coordinate_source, %(reason)s, %(by)s, %(now)s
FROM thing WHERE id = %(thing_id)s;

-- name: sensor_last
SELECT since, model, serial FROM thing_sensor
WHERE thing_id = %(thing_id)s AND property = %(property)s ORDER BY since DESC LIMIT 1;

-- name: add_sensor
INSERT INTO thing_sensor (thing_id, property, since, model, serial, gain, "offset", calibration_note, reason,
                          replaced_by, recorded_at)
VALUES (%(thing_id)s, %(property)s, %(since)s, %(model)s, %(serial)s, %(gain)s, %(offset)s, %(calibration_note)s,
        %(reason)s, %(by)s, %(now)s);

-- name: forget_clock
-- why: another device has another clock
DELETE FROM thing_clock WHERE thing_id = %(thing_id)s;

-- name: forget_sequences
-- why: another device counts anew: what the one before lost is over
DELETE FROM thing_sequence WHERE thing_id = %(thing_id)s;

-- name: retire
-- why: the bays of a parking point go with it
UPDATE thing SET retired_from = %(since)s, retired_reason = %(reason)s, retired_by = %(by)s
WHERE (id = %(thing_id)s OR parent_id = %(thing_id)s) AND retired_from IS NULL;

-- name: bring_back
-- why: those that were retired with it come back with it, and no others
UPDATE thing SET retired_from = NULL, retired_reason = NULL, retired_by = NULL
WHERE id = %(thing_id)s OR (parent_id = %(thing_id)s AND (retired_from, retired_reason, retired_by)
    = (SELECT retired_from, retired_reason, retired_by FROM thing WHERE id = %(thing_id)s));
