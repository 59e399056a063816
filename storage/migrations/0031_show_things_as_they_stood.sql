-- Things in replay: where they stood then, retired if they were, with the Sensors and holds of then. Names, attributes
-- and notes are those of now.

CREATE OR REPLACE VIEW past_view.thing AS
SELECT t.id, t.domain, t.kind, t.parent_id, t.name_vi, t.name_en,
       CASE WHEN left_then.thing_id IS NULL THEN t.lat ELSE left_then.lat END AS lat,
       CASE WHEN left_then.thing_id IS NULL THEN t.lon ELSE left_then.lon END AS lon,
       CASE WHEN left_then.thing_id IS NULL THEN t.coordinate_trust ELSE left_then.coordinate_trust END
           AS coordinate_trust,
       CASE WHEN left_then.thing_id IS NULL THEN t.coordinate_source ELSE left_then.coordinate_source END
           AS coordinate_source,
       t.properties, t.is_public, t.note,
       CASE WHEN t.retired_from <= past_view.moment() THEN t.retired_from END AS retired_from,
       CASE WHEN t.retired_from <= past_view.moment() THEN t.retired_reason END AS retired_reason,
       CASE WHEN t.retired_from <= past_view.moment() THEN t.retired_by END AS retired_by
FROM public.thing t
LEFT JOIN LATERAL (
    SELECT p.thing_id, p.lat, p.lon, p.coordinate_trust, p.coordinate_source FROM public.thing_place_left p
    WHERE p.thing_id = t.id AND p.left_at > past_view.moment() ORDER BY p.left_at LIMIT 1
) AS left_then ON true;

CREATE VIEW past_view.thing_place_left AS
SELECT * FROM public.thing_place_left WHERE left_at <= past_view.moment();

CREATE VIEW past_view.thing_sensor AS
SELECT * FROM public.thing_sensor WHERE since <= past_view.moment();

CREATE VIEW past_view.thing_hold AS
SELECT * FROM public.thing_hold WHERE held_at <= past_view.moment();

CREATE VIEW past_view.thing_file AS
SELECT * FROM public.thing_file;

GRANT SELECT ON past_view.thing_place_left, past_view.thing_sensor, past_view.thing_hold, past_view.thing_file
    TO hanoi_replay;
