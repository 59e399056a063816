-- What the public process may see: Things marked public, their values, and nothing else.

DO $$
BEGIN
    CREATE ROLE hanoi_public NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the server: another database's migration made it
END $$;

CREATE SCHEMA public_view;
GRANT USAGE ON SCHEMA public_view TO hanoi_public;

CREATE VIEW public_view.thing AS
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties
FROM public.thing WHERE is_public;

CREATE VIEW public_view.datastream AS
SELECT d.id, d.thing_id, d.property, d.unit, d.derived, d.interval_s
FROM public.datastream d JOIN public.thing t ON t.id = d.thing_id WHERE t.is_public;

CREATE VIEW public_view.observation AS
SELECT o.* FROM public.observation o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);

CREATE VIEW public_view.observation_1h AS
SELECT o.* FROM public.observation_1h o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);

CREATE VIEW public_view.observation_1d AS
SELECT o.* FROM public.observation_1d o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);

CREATE VIEW public_view.observation_change AS
SELECT id, xid, committed_at, datastream_id, phenomenon_time FROM public.observation_change;

CREATE VIEW public_view.flood_extent AS
SELECT f.* FROM public.flood_extent f JOIN public.thing t ON t.id = f.thing_id WHERE t.is_public;

GRANT SELECT ON ALL TABLES IN SCHEMA public_view TO hanoi_public;
