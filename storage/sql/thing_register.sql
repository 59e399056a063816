-- name: all_rows
SELECT t.id, t.domain, t.kind, t.parent_id, t.name_vi, t.name_en, t.lat, t.lon, t.coordinate_trust, t.coordinate_source,
       t.is_public AS public, t.note, t.retired_from,
       ARRAY(SELECT d.property FROM datastream d WHERE d.thing_id = t.id AND NOT d.derived ORDER BY d.id) AS properties,
       f.thing_id IS NOT NULL AS in_file,
       coalesce(h.held, '{}') AS held,
       coalesce(h.differs, false) AS differs
FROM thing t
LEFT JOIN thing_file f ON f.thing_id = t.id
LEFT JOIN LATERAL (
    SELECT array_agg(field ORDER BY field) AS held, bool_or(f.says -> field IS DISTINCT FROM
               CASE field WHEN 'kind' THEN jsonb_build_object('kind', t.kind, 'parent', t.parent_id)
                          WHEN 'name' THEN jsonb_build_object('vi', t.name_vi, 'en', t.name_en)
                          WHEN 'place' THEN CASE WHEN t.lat IS NULL THEN 'null'::jsonb ELSE jsonb_build_object(
                              'lat', t.lat, 'lon', t.lon, 'trust', t.coordinate_trust, 'source', t.coordinate_source) END
                          WHEN 'public' THEN to_jsonb(t.is_public)
                          WHEN 'attributes' THEN t.properties END) AS differs
    FROM thing_hold WHERE thing_id = t.id AND f.thing_id IS NOT NULL
) h ON true
ORDER BY t.id;

-- name: kept
SELECT t.note, t.is_public AS public, t.retired_from, t.retired_reason, t.retired_by, f.loaded_at AS file_loaded_at
FROM thing t LEFT JOIN thing_file f ON f.thing_id = t.id
WHERE t.id = %(thing_id)s;

-- name: places_left
SELECT left_at, lat, lon, coordinate_trust, coordinate_source, reason, moved_by, recorded_at
FROM thing_place_left WHERE thing_id = %(thing_id)s ORDER BY left_at DESC;

-- name: held
SELECT h.field, h.held_by, h.held_at, h.file_said, f.says -> h.field AS file_says, f.changed_at
FROM thing_hold h LEFT JOIN thing_file f ON f.thing_id = h.thing_id
WHERE h.thing_id = %(thing_id)s ORDER BY h.field;
