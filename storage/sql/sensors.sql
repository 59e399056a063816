-- name: all_sensors
SELECT id, thing_id, property, since, model, serial, gain, "offset", calibration_note, reason, replaced_by, recorded_at
FROM thing_sensor ORDER BY since, id;

-- name: of_thing
SELECT id, thing_id, property, since, model, serial, gain, "offset", calibration_note, reason, replaced_by, recorded_at
FROM thing_sensor WHERE thing_id = %(thing_id)s ORDER BY since DESC, id DESC;

-- name: recorded_since
-- why: what was stored before an ingest worker heard of a Sensor is to be computed again
SELECT id, thing_id, property, since, model, serial, gain, "offset", calibration_note, reason, replaced_by, recorded_at
FROM thing_sensor WHERE recorded_at >= %(since)s ORDER BY since, id;
