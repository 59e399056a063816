-- name: nearest_things
-- why: the great circle by the haversine formula; a city has thousands of Things, so that no index is needed
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties,
       distance_m
FROM (
    SELECT t.*, 2 * %(radius_m)s * asin(least(1, sqrt(
               sin(radians(t.lat - %(lat)s) / 2) ^ 2
               + cos(radians(%(lat)s)) * cos(radians(t.lat)) * sin(radians(t.lon - %(lon)s) / 2) ^ 2))) AS distance_m
    FROM thing t
    WHERE t.lat IS NOT NULL AND t.retired_from IS NULL AND (%(domain)s::text IS NULL OR t.domain = %(domain)s)
) placed
WHERE distance_m <= %(within_m)s
ORDER BY distance_m, id
LIMIT %(limit)s;

-- name: things_in_polygon
-- why: PostgreSQL's own point and polygon, on degrees: exact enough for a city, and PostGIS is not needed
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties
FROM thing
WHERE lat IS NOT NULL AND retired_from IS NULL AND (%(domain)s::text IS NULL OR domain = %(domain)s)
  AND point(lon, lat) <@ %(polygon)s::polygon
ORDER BY id;
