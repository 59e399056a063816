-- Things that operators make and change by page, beside the inventory's files (decision 0020).

ALTER TABLE thing
    ADD COLUMN note           text NOT NULL DEFAULT '',
    ADD COLUMN retired_from   timestamptz,
    ADD COLUMN retired_reason text,
    ADD COLUMN retired_by     text,
    ADD CHECK ((retired_from IS NULL) = (retired_reason IS NULL)),
    ADD CHECK ((retired_from IS NULL) = (retired_by IS NULL));
COMMENT ON COLUMN thing.note IS 'For operators only';
COMMENT ON COLUMN thing.retired_from IS 'Empty: in service. What is of that time or later is not taken any more';

-- What the files said of a Thing when they were loaded last, whether it is in force or not.
CREATE TABLE thing_file (
    thing_id   text PRIMARY KEY REFERENCES thing ON DELETE CASCADE,
    says       jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    loaded_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN thing_file.says IS 'By field as in thing_hold: kind, name, place, public, attributes';

-- The fields that an operator has set: a file no longer changes them until the hold is given up.
CREATE TABLE thing_hold (
    thing_id  text NOT NULL REFERENCES thing ON DELETE CASCADE,
    field     text NOT NULL CHECK (field IN ('kind', 'name', 'place', 'public', 'attributes')),
    held_by   text NOT NULL,
    held_at   timestamptz NOT NULL,
    file_said jsonb,
    PRIMARY KEY (thing_id, field)
);
COMMENT ON COLUMN thing_hold.file_said IS 'What the files said of the field then; empty: they did not name the Thing';

-- Where a Thing stood before (SensorThings: HistoricalLocations); where it stands is in `thing`.
CREATE TABLE thing_place_left (
    thing_id          text NOT NULL REFERENCES thing ON DELETE CASCADE,
    left_at           timestamptz NOT NULL,
    lat               double precision,
    lon               double precision,
    coordinate_trust  text,
    coordinate_source text,
    reason            text NOT NULL,
    moved_by          text NOT NULL,
    recorded_at       timestamptz NOT NULL,
    PRIMARY KEY (thing_id, left_at)
);
COMMENT ON COLUMN thing_place_left.left_at IS 'From then on it stood elsewhere';
COMMENT ON COLUMN thing_place_left.lat IS 'Empty: nobody had said where';

-- The Sensors that took the place of others below a Datastream; of the first nothing is known.
CREATE TABLE thing_sensor (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id         text NOT NULL,
    property         text NOT NULL,
    since            timestamptz NOT NULL,
    model            text NOT NULL,
    serial           text NOT NULL,
    gain             double precision NOT NULL DEFAULT 1 CHECK (gain <> 0),
    "offset"         double precision NOT NULL DEFAULT 0,
    calibration_note text NOT NULL DEFAULT '',
    reason           text NOT NULL,
    replaced_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL,
    FOREIGN KEY (thing_id, property) REFERENCES datastream (thing_id, property),
    UNIQUE (thing_id, property, since)
);
COMMENT ON COLUMN thing_sensor.gain IS 'result = gain · sent + offset, from `since` on, until another calibration begins';

CREATE TRIGGER thing_place_left_only_grows BEFORE UPDATE OR DELETE ON thing_place_left
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER thing_sensor_only_grows BEFORE UPDATE OR DELETE ON thing_sensor
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE VIEW public_view.thing AS
SELECT id, domain, kind, parent_id, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source, properties,
       retired_from
FROM public.thing WHERE is_public;

CREATE VIEW public_view.thing_place_left AS
SELECT p.thing_id, p.left_at, p.lat, p.lon, p.coordinate_trust, p.coordinate_source
FROM public.thing_place_left p JOIN public.thing t ON t.id = p.thing_id WHERE t.is_public;
GRANT SELECT ON public_view.thing_place_left TO hanoi_public;
